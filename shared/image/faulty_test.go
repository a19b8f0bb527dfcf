//go:build cloud

package image

// The promises once more, each with every fault that its way meets, on engines
// that a proxy makes break. Each test is named after promise and fault.
//
//	                       P1    P2    P3    P6    P7    P9
//	throttled              yes   yes   yes   yes   yes   yes
//	conflicts              yes   yes   yes   yes   yes   yes
//	answer lost            yes   yes   yes   yes   yes   yes
//	answer never comes     yes   yes   yes   yes   yes   yes
//	500, done or not       yes   yes   yes   yes   yes   yes
//	connection cut         yes   yes   yes   yes   yes   yes
//	multipart half done    -     -     yes   yes   -     -
//	records doubled        -     -     -     -     -     yes
//	records reordered      -     -     -     -     -     yes
//	records late           -     -     -     -     -     yes
//	iterator expired       -     -     -     -     -     yes
//	records trimmed        -     -     -     -     -     yes
//
// P1, P2 and P7 are kept by the table alone; no image in them has more bytes
// than one request. Only P9 reads the stream. S3 that never answers is left out:
// the store gives it minutes, and cuts the connection then, which is tried here.
// The local mix meets the same in faults_test.go, by a wrapper instead of a proxy.

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/gander-images/gander/localstack/emulatortest"
	"github.com/gander-images/gander/localstack/proxy"
	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/blob/s3"
	"github.com/gander-images/gander/shared/image/imagetest"
	"github.com/gander-images/gander/shared/table/dynamo"
)

// A faulty is a world whose service reaches the engines through a proxy. What
// the tests look at, they see without it.
type faulty struct {
	*world
	proxy  *proxy.Proxy
	config aws.Config // through the proxy
	place  emulatortest.Place
	rules  []*proxy.Injection
}

// newFaulty makes one with nothing wrong yet, whose changes nobody follows.
func newFaulty(t *testing.T) *faulty {
	t.Helper()
	return faultyOver(t, emulatortest.NewStill(t), 0)
}

// newFollowed makes one that has a stream, whose shard is dealt into as many as
// shards says.
func newFollowed(t *testing.T, shards int) *faulty {
	t.Helper()
	return faultyOver(t, emulatortest.New(t), shards)
}

func faultyOver(t *testing.T, place emulatortest.Place, shards int) *faulty {
	t.Helper()
	engines, err := place.Engines(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	engines.Shards = shards
	p := proxy.New(engines)
	url, stop, err := p.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	key := aws.Credentials{AccessKeyID: "AKIADOMAIN", SecretAccessKey: "of the domain"}
	p.Add(proxy.Function{Name: "domain", Credentials: key})
	direct := dynamo.Open(place.Config, place.Table)
	w := worldOver(t, ports{table: direct, source: imagetest.Through(direct, place.Keys), blobs: s3.Open(place.Config, place.Bucket)})
	f := &faulty{world: w, proxy: p, place: place, config: aws.Config{
		Region: place.Config.Region, BaseEndpoint: aws.String(url),
		Credentials:                aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return key, nil }),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
	}}
	f.restart()
	return f
}

// restart builds adapters and service anew, through the proxy.
func (f *faulty) restart(o ...dynamo.Option) {
	f.use(dynamo.Open(f.config, f.place.Table, o...), s3.Open(f.config, f.place.Bucket))
}

func (f *faulty) inject(r proxy.Rule) {
	f.rules = append(f.rules, f.proxy.Inject(r))
}

// heal ends all faults, each of which must have struck.
func (f *faulty) heal() {
	f.t.Helper()
	for _, r := range f.rules {
		if r.Count() == 0 {
			f.t.Errorf("fault %d never struck; %d calls were picked", slices.Index(f.rules, r), r.Seen())
		}
		r.Remove()
	}
	f.rules = nil
}

// settle heals, does all that is due, and holds what is left against the
// records, S3's own view of the bucket included.
func (f *faulty) settle() {
	f.t.Helper()
	f.heal()
	f.advance(49 * time.Hour)
	f.sweep()
	f.sweep() // what the first one made due
	f.audit()
	f.wantNothingHidden()
}

// wantNothingHidden holds that the bucket has no version and no marker that the
// store does not show.
func (f *faulty) wantNothingHidden() {
	f.t.Helper()
	shown := 0
	err := f.blobs.Walk(f.t.Context(), "", func(o blob.Object) error {
		if o.Unfinished {
			f.t.Errorf("parts of %s are left", o.Name)
		}
		shown++
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
	client := awss3.NewFromConfig(f.place.Config, func(o *awss3.Options) { o.UsePathStyle = true })
	all, err := client.ListObjectVersions(f.t.Context(), &awss3.ListObjectVersionsInput{Bucket: &f.place.Bucket})
	if err != nil {
		f.t.Fatal(err)
	}
	if len(all.Versions) != shown || len(all.DeleteMarkers) != 0 {
		f.t.Errorf("the bucket has %d versions and %d markers, the store shows %d", len(all.Versions), len(all.DeleteMarkers), shown)
	}
}

// eventually waits for a condition.
func (f *faulty) eventually(what string, holds func() bool) {
	f.t.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			f.t.Fatalf("it never happens that %s", what)
		}
	}
}

// hasty gives up on the table after a second.
var hasty = dynamo.WithPatience(time.Second)

// under plays a promise while rules break calls, and looks at what is left.
func under(t *testing.T, play func(*faulty), rules ...proxy.Rule) {
	t.Helper()
	f := newFaulty(t)
	for _, r := range rules {
		f.inject(r)
	}
	play(f)
	f.settle()
}

// each spoils every n-th of the calls that m picks.
func each(n int, f proxy.Fault, m proxy.Match) proxy.Rule {
	return proxy.Rule{Match: m, Fault: f, Every: n, Times: proxy.Always}
}

var (
	anyTable  = proxy.Match{Service: proxy.DynamoDB}
	anyWrite  = proxy.Match{Service: proxy.DynamoDB, Operation: "TransactWriteItems"}
	anyBytes  = proxy.Match{Service: proxy.S3}
	anyPut    = proxy.Match{Operation: "PutObject"}
	anyPart   = proxy.Match{Operation: "UploadPart"}
	anyEnding = proxy.Match{Operation: "CompleteMultipartUpload"}
	anyStream = proxy.Match{Service: proxy.Streams}
	anyRead   = proxy.Match{Service: proxy.Streams, Operation: "GetRecords"}
)
