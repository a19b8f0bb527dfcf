package boot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/identity/development"
	"github.com/gander-images/gander/shared/table"
)

// standalone serves everything, or one part, until it is told to stop.
func (p *process) standalone(options serveOptions) int {
	v, err := setting.Read(setting.Source{Environ: p.environ, Flags: options.flags, Uses: standaloneUses})
	if err != nil {
		return p.fail("gander", err)
	}
	listener, err := listen(v)
	if err != nil {
		return p.fail("gander", err)
	}
	log := newLog(p.stderr, v)
	if options.only == "identity" {
		err = p.serveIdentity(v, listener, log)
	} else {
		err = p.serveAll(v, listener, log)
	}
	if err != nil {
		return p.fail("gander", err)
	}
	log.Info("stopped")
	return 0
}

// serveIdentity serves the development identity alone, for functions that run
// elsewhere.
func (p *process) serveIdentity(v setting.Values, listener net.Listener, log *slog.Logger) error {
	own := v
	own.PublicEndpoint = "" // it is where images are, elsewhere
	local, err := openIdentity(v, endpointOf(own, listener), log)
	if err != nil {
		_ = listener.Close()
		return err
	}
	logStart(log, "identity", v, listener)
	p.invite(v)
	err = p.serveHTTP(context.Background(), listener, withIdentity(local.Handler(), http.NotFoundHandler()), v, log)
	return errors.Join(err, local.Close())
}

func (p *process) serveAll(v setting.Values, listener net.Listener, log *slog.Logger) error {
	endpoint := endpointOf(v, listener)
	o := order{needs: allNeeds, endpoint: endpoint, stall: p.patience.stall}
	local, err := ownIdentity(v, endpoint, log)
	if err != nil {
		_ = listener.Close()
		return err
	}
	if local != nil {
		o.issuer = local
	}
	s, err := build(v, o, log)
	if err != nil {
		_ = listener.Close()
		return errors.Join(err, closeIdentity(local))
	}
	handler := httpapi.Handler(httpapi.All, s.api)
	if local != nil {
		s.api.IdentityEndpoint = endpoint + development.Mount
		handler = withIdentity(local.Handler(), handler)
	}
	stop := s.work(v)
	logStart(log, "standalone", v, listener)
	p.invite(v)
	err = p.serveHTTP(context.Background(), listener, underBase(endpoint, handler), v, log)
	stop()
	return errors.Join(err, s.close(), closeIdentity(local))
}

// ownIdentity is nil where the tokens of another process are accepted.
func ownIdentity(v setting.Values, endpoint string, log *slog.Logger) (*development.Identity, error) {
	if v.DevelopmentKey != "" {
		return nil, nil
	}
	return openIdentity(v, endpoint, log)
}

func closeIdentity(local *development.Identity) error {
	if local == nil {
		return nil
	}
	return local.Close()
}

// invite prints what a user pastes into a shell to use the service.
func (p *process) invite(v setting.Values) {
	if v.DevelopmentKey != "" {
		return
	}
	clouds := filepath.Join(v.Data, "clouds.yaml")
	if full, err := filepath.Abs(clouds); err == nil {
		clouds = full
	}
	fmt.Fprintf(p.stdout, "export OS_CLIENT_CONFIG_FILE=%s\nexport OS_CLOUD=gander\nopenstack image list\n", shellWord(clouds))
}

// shellWord quotes a path for a shell where that is needed.
func shellWord(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("/._-+=:@%", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}

// work does in the background what the reaper and the sweeper do elsewhere. The
// function it returns waits for what runs.
func (s *services) work(v setting.Values) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.follow(ctx) })
	running.Go(func() { s.tick(ctx, v.SweepEvery) })
	return func() {
		cancel()
		running.Wait()
	}
}

// follow is the reaper: it reacts to the table's changes as they come.
func (s *services) follow(ctx context.Context) {
	err := s.feed.Changes(ctx, Reaper.Name, func(ctx context.Context, changes []table.Change) (int, error) {
		s.runner.React(ctx, changes)
		if ctx.Err() != nil {
			return 0, ctx.Err() // some may not have had their turn
		}
		return len(changes), nil
	})
	if err != nil && ctx.Err() == nil {
		s.log.Error("the table's changes cannot be followed; the sweeper does their work, later", "error", err)
	}
}

// tick is the sweeper: it looks for what is due, at once and then ever again.
func (s *services) tick(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for ctx.Err() == nil {
		if err := s.runner.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("sweeping", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}
