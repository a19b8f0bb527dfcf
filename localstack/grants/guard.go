package grants

import (
	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/gander-images/gander/localstack/proxy"
	"github.com/gander-images/gander/localstack/template"
)

// A Guard is a proxy that knows the functions of a template, each by a key of its
// own, and lets each do what its role grants.
type Guard struct {
	*proxy.Proxy
	URL  string
	stop func()
}

// NewGuard starts one before the engines.
func NewGuard(r Roles, engines proxy.Config) (*Guard, error) {
	p := proxy.New(engines)
	for function := range r.Of {
		p.Add(proxy.Function{Name: function, Credentials: credentials(function), Permissions: r.Permissions(function)})
	}
	url, stop, err := p.Start()
	if err != nil {
		return nil, err
	}
	return &Guard{p, url, stop}, nil
}

// Close ends the guard.
func (g *Guard) Close() { g.stop() }

// credentials are a function's own. They are good for nothing elsewhere.
func credentials(function string) aws.Credentials {
	return aws.Credentials{AccessKeyID: "AKIA-" + function, SecretAccessKey: "secret of " + function}
}

// Environ is how a function finds the guard, and signs.
func (g *Guard) Environ(function string) []string {
	own := credentials(function)
	return []string{
		"AWS_ENDPOINT_URL=" + g.URL, "AWS_REGION=" + template.Region, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID=" + own.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + own.SecretAccessKey,
	}
}
