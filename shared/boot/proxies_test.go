package boot

import (
	"strings"
	"testing"
)

// TestProxiesAreHonoured: a function whose network has no other way reaches the
// services through the proxy of its environment.
func TestProxiesAreHonoured(t *testing.T) {
	d, aws := deploy(t), newFakeAWS(t)
	path := aws.keep(d, false)
	environ := append(aws.environ(t, d), "HTTP_PROXY="+aws.URL)
	for i, pair := range environ {
		if strings.HasPrefix(pair, "AWS_ENDPOINT_URL=") {
			environ[i] = "AWS_ENDPOINT_URL=http://services.invalid" // which only the proxy could find
		}
	}
	d.environ = nil
	f := d.start("image-show", environ...)
	told := parseAnswer(t, "image-show", invokeFunction(t, f, question{method: "GET", path: path, as: "gander"}.event(t, d, "")))
	if told.StatusCode != 200 || !strings.Contains(told.Body, `"queued"`) {
		t.Errorf("%+v", told)
	}
}
