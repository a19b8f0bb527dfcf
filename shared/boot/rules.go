package boot

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/policy"
)

// settle is how long policy files that changed must hold still to be taken.
const settle = 200 * time.Millisecond

// A followed policy is one whose files may change while the process lives.
type followed struct {
	*policy.Live
	log *slog.Logger // of its listener
}

// rule has the services of one listener decide by the rules that were read for
// it, and by what becomes of their files.
func (s *services) rule(api *httpapi.Services, r setting.Rules) {
	live := policy.NewLive(policy.Source{
		Paths: r.Files, Mode: r.Mode, Needs: api.Protect.Asks(), Now: time.Now, Pause: func() { time.Sleep(settle) },
	}, r.Document, r.Enforcer)
	api.Policy, api.PolicyState = live, live.State
	if len(r.Files) > 0 {
		s.lives = append(s.lives, followed{live, api.Log})
	}
	logRules(api.Log, live.State(), r.Warnings)
}

// logRules tells which rules are in force from now on.
func logRules(log *slog.Logger, state policy.State, warnings policy.Findings) {
	for _, w := range warnings {
		log.Warn("the policy may not mean what it seems to", "file", w.File, "line", w.Line, "rule", w.Rule, "reason", w.Reason, "correction", w.Correction)
	}
	log.Info("policy in force", "policy", state.Version, "files", state.Files)
}

// followRules looks for changed policy files every so often and on SIGHUP, which
// ends a process that has none. The function it returns ends that.
func (p *process) followRules(s *services, every time.Duration) (stop func()) {
	if len(s.lives) == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	var ticks <-chan time.Time
	var ticker *time.Ticker
	if every > 0 {
		ticker = time.NewTicker(every)
		ticks = ticker.C
	}
	var running sync.WaitGroup
	running.Go(func() {
		for s.wake(ctx, ticks, hangups) {
			s.reload()
		}
	})
	return func() {
		signal.Stop(hangups)
		if ticker != nil {
			ticker.Stop()
		}
		cancel()
		running.Wait()
	}
}

// wake waits for a reason to look at the files; false: there is none any more.
func (s *services) wake(ctx context.Context, ticks <-chan time.Time, hangups <-chan os.Signal) bool {
	select {
	case <-ctx.Done():
		return false
	case <-ticks:
	case <-hangups:
		s.log.Info("looking for changed policy files, as the signal asks")
	}
	return true
}

// reload takes what changed, or leaves what was in force and raises the alarm:
// one line, once, with everything that is wrong.
func (s *services) reload() {
	for _, live := range s.lives {
		changed, findings := live.Reload()
		state := live.State()
		switch {
		case !changed:
		case state.Degraded():
			live.log.Error("the changed policy is not taken; the rules before it stay in force", "policy", state.Version, "files", state.Files, "faults", lines(findings.Refused()))
		default:
			logRules(live.log, state, findings)
		}
	}
}

func lines(findings policy.Findings) []string {
	texts := make([]string, len(findings))
	for i, f := range findings {
		texts[i] = f.String()
	}
	return texts
}
