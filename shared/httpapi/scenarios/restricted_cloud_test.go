//go:build cloud

package scenarios

import (
	"testing"

	"github.com/gander-images/gander/localstack/emulatortest"
)

// The template, deployed a second time over the table and the bucket of the first
// and with a policy of its own, gives compute hosts what users may not have: the
// same people with the same tokens, and the same images.
func TestComputeHostsHaveAStackOfTheirOwn(t *testing.T) {
	place := emulatortest.New(t)
	users := &world{t: t, mix: openStack(t, place, []string{"GANDER_POLICY_FILE=" + fileOf(t, "policy.yaml", shipped(t, ""))}, nil)}
	t.Cleanup(users.audit)
	hosts := &world{t: t, mix: openStack(t, place, nil, map[string]string{
		"EndpointType": "PRIVATE", "VpcEndpointIds": "vpce-1", "ExistingTable": place.Table, "ExistingBucket": place.Bucket, "Deployment": place.Table,
	})}
	images := users.owned(map[string]string{"the code": users.holding("other", "public", code)})
	for what, people := range map[string]map[string][2]string{
		"the code":         {"member": {"403", "yes"}, "other": {"403", "yes"}, "reader": {"403", "403"}, "nobody": {"404", "404"}, "admin": {"yes", "yes"}},
		"own, the code":    {"member": {"403", "yes"}, "other": {"404", "404"}},
		"shared, the code": {"member": {"403", "yes"}, "other": {"403", "yes"}},
		"own, no code":     {"member": {"yes", "yes"}},
	} {
		for who, wants := range people {
			users.taken(images[what], what+", outside", who, wants[0])
			hosts.taken(images[what], what+", inside", who, wants[1])
		}
	}
	id := hosts.filled(hidden)
	users.taken(id, "made inside", "member", "yes")
	hosts.call("DELETE /v2/images/" + id).want(204)
	users.call("GET /v2/images/" + id).want(404)
}
