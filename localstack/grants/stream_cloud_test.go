//go:build cloud

package grants_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/gander-images/gander/localstack/gateway"
	"github.com/gander-images/gander/localstack/proxy"
	"github.com/gander-images/gander/localstack/template"
)

// TestP9ReaperFunction has the stream that feeds the reaper's own process do what
// streams may, while the reaper alone purges deleted images.
func TestP9ReaperFunction(t *testing.T) {
	reads := proxy.Match{Function: platform, Service: proxy.Streams, Operation: "GetRecords"}
	for name, rule := range map[string]proxy.Rule{
		"duplicated":       {Fault: proxy.Duplicated, Times: proxy.Always},
		"reordered":        {Fault: proxy.Reordered, Times: proxy.Always, Seed: 9},
		"late":             {Fault: proxy.Withheld, Times: 5},
		"iterator expired": {Fault: proxy.IteratorExpired, Every: 2, Times: 3},
		"trimmed":          {Fault: proxy.Trimmed, Every: 2, Times: 3},
		"throttled":        {Fault: proxy.Throttled, Every: 2, Times: 5},
		"cut":              {Fault: proxy.AnswerLost, Every: 2, Times: 5},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.start(func(c *gateway.Config) { c.AWS = w.throughTheGuard() })
			rule.Match = reads
			struck := w.proxy.Inject(rule)
			for range 5 {
				id := w.made()
				w.call(204, http.MethodPut, "/v2/images/"+id+"/file", strings.NewReader("some bytes"))
				w.call(204, http.MethodDelete, "/v2/images/"+id, nil)
			}
			w.eventually("the reaper has purged them", w.idle)
			w.eventually("the fault has struck", func() bool { return struck.Count() > 0 })
			w.wantNoFaults()
			if failures := w.gateway.Failures(); len(failures) > 0 {
				t.Errorf("the mapping gave up on %s", failures)
			}
		})
	}
}

// platform is what the stream mapping is called as a caller of the guard.
const platform = "the platform"

// throughTheGuard is how the mapping reaches the stream by the guard, as somebody
// whom no role limits.
func (w *world) throughTheGuard() aws.Config {
	key := aws.Credentials{AccessKeyID: "AKIA-platform", SecretAccessKey: "of the platform"}
	w.proxy.Add(proxy.Function{Name: platform, Credentials: key})
	return aws.Config{
		Region: template.Region, BaseEndpoint: aws.String(w.proxy.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return key, nil }),
	}
}
