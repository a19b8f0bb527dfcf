package scenarios

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/image"
)

// hiding keeps the code from everybody but admins.
const hiding = `[^x_billing_code_]
create = admin
read = admin
update = admin
delete = admin
` + everyOther

// Whoever cannot read the code is restricted by it all the same: the decision is
// made on the stored image, and both tables hold as they stand.
func TestRestrictedByWhatIsHidden(t *testing.T) {
	for rules, table := range map[string]string{ruleOf2014: tableOf2014, shipped(t, ""): tableOfComposition} {
		w := protected(t, hiding, "GANDER_POLICY_FILE="+fileOf(t, "policy.yaml", rules))
		images := w.owned(w.coded())
		w.holdTable(table, images)
		id := images["the code"]
		for who, want := range map[string]string{"member": "", "admin": "ntt_3251"} {
			w.call("HEAD /v1/images/"+id, as(who)).want(200).has("X-Image-Meta-Property-X_billing_code_ntt", want)
		}
		own := images["own, the code"]
		w.refused("PATCH /v2/images/"+own, removed("x_billing_code_ntt")).want(409)
		w.refused("PATCH /v2/images/"+own, added("x_billing_code_ntt", "free")).want(403)
		w.call("PATCH /v2/images/"+own, replaced("name", `"x"`)).want(200)
		w.taken(own, "changed", "member", "403")
	}
}

// The two files that are shipped for each other: a member can use the images of the
// own project in every way but take the code from them, and the bytes.
func TestRestrictedAsShipped(t *testing.T) {
	text, err := os.ReadFile("../../../docs/examples/property-protections-roles.conf")
	if err != nil {
		t.Fatal(err)
	}
	rules := "GANDER_POLICY_FILE=" + fileOf(t, "policy.yaml", shipped(t, ""))
	w := protected(t, string(text), rules)
	id := w.owned(map[string]string{})["own, the code"]
	path := "/v2/images/" + id
	for _, sent := range []option{
		removed("x_billing_code_ntt"), replaced("x_billing_code_ntt", `"free"`), replaced("x_billing_code_ntt", `"NTT_3251"`), added("x_billing_code_ntt", ""),
		v20(`[{"remove":"/x_billing_code_ntt"}]`),
	} {
		w.refused("PATCH "+path, sent).want(403)
	}
	w.call("PATCH "+path, added("X_Billing_Code_NTT", "free")).want(200) // another name
	w.call("PATCH "+path, replaced("visibility", `"community"`)).want(200)
	w.taken(id, "after all that", "member", "403")
	w.refused("PATCH "+path, as("other"), removed("x_billing_code_ntt")).want(403)
	w.call("PATCH "+path, as("admin"), removed("x_billing_code_ntt")).want(200)
	w.taken(id, "cleared", "member", "yes")

	// A snapshot is made by its user, with the properties of the image before it;
	// the service that makes it may be let carry the code.
	snapshot := body(bootable[:len(bootable)-1] + code + "}")
	service := header("X-Service-Token", tokenOf("robot"))
	w.refused("POST /v2/images", snapshot).want(403)
	w.refused("POST /v2/images", snapshot, service).want(403)
	w = protected(t, strings.Replace(string(text), "create = admin", "create = admin, service", 1), rules)
	w.refused("POST /v2/images", body(bootable[:len(bootable)-1]+code+"}")).want(403)
	made := w.made(bootable[:len(bootable)-1]+code+"}", service)
	w.call("PUT /v2/images/"+made+"/file", octets(hidden)).want(204)
	w.taken(made, "a snapshot", "member", "403")
	w.refused("PATCH /v2/images/"+made, removed("x_billing_code_ntt")).want(403)
}

// Where bytes are kept is told by no answer whatever: who knew it would ask no rule.
func TestPlacesAreNeverTold(t *testing.T) {
	w := newWorld(t)
	id := w.filled(hidden)
	gone := w.filled(hidden)
	w.call("DELETE /v2/images/" + gone).want(204)
	stored := string(w.stored().Items[image.Key(id)].Body)
	record := struct{ Locations []image.Location }{}
	if err := json.Unmarshal([]byte(stored), &record); err != nil || len(record.Locations) != 1 || record.Locations[0].Name == "" {
		t.Fatalf("%s, %v", stored, err)
	}
	place := record.Locations[0]
	for _, c := range []struct {
		line string
		sent option
	}{
		{"GET /v2/images/" + id, nil},
		{"GET /v2/images", nil},
		{"GET /v2/images?id=" + id, nil},
		{"PATCH /v2/images/" + id, replaced("name", `"n"`)},
		{"PATCH /v2/images/" + id, v21(`[]`)},
		{"HEAD /v1/images/" + id, nil},
		{"GET /gander/v1/images/deleted", nil},
		{"POST /gander/v1/images/" + gone + "/restore", nil},
		{"POST /gander/v1/policy/explain", body(`{"rule":"download_image","image_id":"` + id + `"}`)},
		{"GET /v2/images/" + id + "/tasks", nil},
	} {
		options := []option{as("admin")}
		if c.sent != nil {
			options = append(options, c.sent)
		}
		got := w.call(c.line, options...).want(200)
		headers, err := json.Marshal(got.header)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{`"locations"`, "direct_url", "x-image-meta-location", strings.ToLower(place.Name)} {
			if told := strings.ToLower(string(got.body) + string(headers)); strings.Contains(told, word) {
				t.Errorf("%s tells %s: %s", c.line, word, told)
			}
		}
	}
}
