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
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/identity/development"
)

// A part is what gander serve serves: everything, or something on its own.
type part struct {
	name       string
	operations []httpapi.Operation
	needs      httpapi.Needs
	uses       setting.Use
	identity   bool // issues tokens beside, unless it is given a key to check those of another
	consumers  bool // does what is due
	drains     bool // keeps listening while it stops, for the load balancer in front
}

// The parts, by the name that follows -only.
var parts = map[string]part{
	"": {
		name: "standalone", operations: httpapi.All, needs: allNeeds, uses: standaloneUses,
		identity: true, consumers: true,
	},
	// What callers do whose bytes fit through no gateway. What its requests made
	// due is the consumers' work.
	"data": {
		name: "data", operations: dataOperations, needs: needsOf(dataOperations) | httpapi.EndUploads,
		uses: answering(dataOperations...) | setting.Listens, drains: true,
	},
	// For clouds that bring no events to functions.
	"consumers": {
		name: "consumers", operations: []httpapi.Operation{httpapi.Healthcheck}, needs: sweepNeeds,
		uses: usesOf(sweepNeeds) | setting.Later | setting.Listens | setting.Ticks, consumers: true,
	},
}

var dataOperations = []httpapi.Operation{
	httpapi.ImageDataUpload, httpapi.ImageDataDownload, httpapi.ImageV1Show, httpapi.Healthcheck, httpapi.Fallback,
}

func needsOf(operations []httpapi.Operation) (needs httpapi.Needs) {
	for _, op := range operations {
		needs |= op.Needs
	}
	return needs
}

// identityUses are those of the development identity alone.
const identityUses = setting.Issues | setting.Tokens | setting.Answers | setting.Listens

// standalone serves everything, or one part, until it is told to stop.
func (p *process) standalone(options serveOptions) int {
	one, uses := parts[options.only], identityUses
	if options.only != "identity" {
		uses = one.uses
	}
	v, cfg, err := p.read(setting.Source{Flags: options.flags, Uses: uses})
	if err != nil {
		return p.fail("gander", err)
	}
	l, err := openListeners(v)
	if err != nil {
		return p.fail("gander", err)
	}
	log := newLog(p.stderr, v)
	if options.only == "identity" {
		err = p.serveIdentity(v, l.public, log)
	} else {
		err = p.servePart(one, v, cfg, l, log)
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
	err = p.serveHTTP(context.Background(), entries{{listener, withIdentity(local.Handler(), http.NotFoundHandler())}}, v, log)
	return errors.Join(err, local.Close())
}

func (p *process) servePart(one part, v setting.Values, cfg aws.Config, l listeners, log *slog.Logger) error {
	endpoint := endpointOf(v, l.public)
	o := order{needs: one.needs, account: cfg, endpoint: endpoint, stall: p.patience.stall}
	local, err := ownIdentity(one, v, endpoint, log)
	if err != nil {
		return errors.Join(err, l.close())
	}
	if local != nil {
		o.issuer = local
	}
	s, err := build(v, o, log)
	if err != nil {
		return errors.Join(err, l.close(), closeIdentity(local))
	}
	if one.drains {
		s.api.Healthy = unlessBusy(s.api.Healthy)
	}
	handler := httpapi.Handler(one.operations, s.api)
	if local != nil {
		s.api.IdentityEndpoint = endpoint + development.Mount
		handler = withIdentity(local.Handler(), handler)
	}
	open := entries{{l.public, underBase(endpoint, handler)}}
	if l.internal != nil {
		open = append(open, s.inside(one, v, l.internal))
	}
	stop := func() {}
	if one.consumers {
		stop = s.work(v)
	}
	unfollow := p.followRules(s, v.PolicyReload)
	logStart(log, one.name, v, l.public)
	if local != nil {
		p.invite(v)
	}
	err = p.serveOrDrain(one.drains, open, v, log)
	unfollow()
	stop()
	return errors.Join(err, s.close(), closeIdentity(local))
}

func (p *process) serveOrDrain(drains bool, e entries, v setting.Values, log *slog.Logger) error {
	if drains {
		return p.drainHTTP(context.Background(), e, v, log)
	}
	return p.serveHTTP(context.Background(), e, v, log)
}

// ownIdentity is nil where the tokens of another process are accepted, or none.
func ownIdentity(one part, v setting.Values, endpoint string, log *slog.Logger) (*development.Identity, error) {
	if !one.identity || v.Identity != "development" || v.DevelopmentKey != "" {
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
