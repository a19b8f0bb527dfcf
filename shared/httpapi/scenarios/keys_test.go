package scenarios

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
)

// secretOf makes a key at the key manager, and returns its id.
func (w *world) secretOf(who, payload string) string {
	w.t.Helper()
	var made struct {
		Ref string `json:"secret_ref"`
	}
	w.call("POST /key-manager/v1/secrets", as(who), header("Content-Type", "application/json"),
		body(`{"name":"k","algorithm":"aes","bit_length":256,"payload":"`+payload+`","payload_content_type":"text/plain"}`)).want(201).into(&made)
	return made.Ref[strings.LastIndex(made.Ref, "/")+1:]
}

// payload reads a key's value at the key manager.
func (w *world) payload(who, id string) *answer {
	w.t.Helper()
	return w.call("GET /key-manager/v1/secrets/"+id+"/payload", as(who), header("Accept", "text/plain"))
}

// encrypted makes an image that names the key, and wishes it gone with itself.
func (w *world) encrypted(id string, options ...option) string {
	w.t.Helper()
	return w.made(`{"cinder_encryption_key_id":"`+id+`","cinder_encryption_key_deletion_policy":"on_image_deletion"}`, options...)
}

// aKey is a key as operators are shown it.
type aKey struct {
	ID        string
	State     string
	Owner     *string
	Holders   int
	Own       int `json:"own_holders"`
	Wishes    struct{ Delete, Keep bool }
	Version   int     `json:"generation"`
	Due       *string `json:"due_at"`
	Confirmed bool
	HeldBy    []struct {
		Image string `json:"image_id"`
		Owner string
		Own   bool
	} `json:"held_by"`
	Next string
}

func (w *world) key(id string) (k aKey) {
	w.t.Helper()
	w.call("GET /gander/v1/keys/"+url.PathEscape(id), as("admin")).want(200).has("Cache-Control", "no-store").into(&k)
	return k
}

// swept does what is due, again and again while that makes further things due.
func (w *world) swept() {
	w.t.Helper()
	for range 3 {
		if err := w.sweep(); err != nil {
			w.t.Fatal(err)
		}
	}
}

// The last image's purge takes the key on its way out, and an operator's restore
// brings it back: the same value, and nothing that a late deletion would hit.
func TestOperatorsRestoreBringsTheKeyBack(t *testing.T) {
	w := newWorld(t, "GANDER_RETENTION=0s", "GANDER_KEY_DELAY=0s")
	id := w.secretOf("member", "the value of the key")
	img := w.encrypted(id)
	k := w.key(id)
	if k.State != "live" || *k.Owner != "demo" || k.Holders != 1 || k.Own != 1 || len(k.HeldBy) != 1 || k.HeldBy[0].Image != img || !k.HeldBy[0].Own {
		t.Fatalf("the key is %+v", k)
	}
	w.refused("POST /gander/v1/keys/"+id+"/restore", as("admin")).want(409).says("not scheduled")
	w.call("DELETE /v2/images/" + img).want(204)
	w.swept()
	if k = w.key(id); k.State != "scheduled" || !k.Confirmed || !k.Wishes.Delete || k.Holders != 0 || k.Due == nil {
		t.Fatalf("after the purge the key is %+v", k)
	}
	if got := w.payload("member", id); got.status != 404 {
		t.Errorf("a scheduled key is read: %d", got.status)
	}
	var back aKey
	w.call("POST /gander/v1/keys/"+strings.ToUpper(id)+"/restore", as("admin")).want(200).into(&back)
	if back.State != "live" || back.Version != k.Version+1 || back.Wishes.Delete || back.Due != nil {
		t.Errorf("restored to %+v", back)
	}
	// As images may name it.
	w.payload("member", strings.ReplaceAll(id, "-", "")).want(200).is("the value of the key")
	w.swept() // the old generation goes
	w.payload("member", id).want(200).is("the value of the key")
	again := w.encrypted(id)
	if k = w.key(id); k.State != "live" || k.Holders != 1 {
		t.Errorf("named again, the key is %+v", k)
	}
	w.call("DELETE /v2/images/" + again).want(204)
	w.swept()
	if k = w.key(id); k.State != "scheduled" || k.Version != back.Version {
		t.Errorf("purged again, the key is %+v", k)
	}
	if strings.Contains(w.logged(), "the value of the key") {
		t.Error("the log has the value of a key")
	}
}

// Keys are listed newest first, by state and owner, page by page, without values.
func TestKeysAreListed(t *testing.T) {
	w := newWorld(t)
	var want []string
	for range 3 {
		want = append([]string{w.secretOf("member", "one value")}, want...)
	}
	theirs := w.secretOf("other", "another value")
	unknown := "not a uuid: at all!"
	w.encrypted(unknown)

	ids := func(query string) (ids []string) {
		t.Helper()
		for path := "/gander/v1/keys" + query; path != ""; {
			var page struct {
				Keys []aKey
				Next string
			}
			got := w.call("GET "+path, as("admin")).want(200).into(&page)
			if strings.Contains(string(got.body), "value") {
				t.Errorf("a list has values: %s", got.body)
			}
			for _, k := range page.Keys {
				ids = append(ids, k.ID)
			}
			if path = page.Next; path != "" && len(page.Keys) == 0 {
				t.Fatalf("an empty page is followed by %s", path)
			}
		}
		return ids
	}
	for query, want := range map[string][]string{
		"":                               append([]string{unknown, theirs}, want...),
		"?limit=2":                       append([]string{unknown, theirs}, want...),
		"?limit=1":                       append([]string{unknown, theirs}, want...),
		"?limit=1000":                    append([]string{unknown, theirs}, want...),
		"?owner=demo&limit=2":            want,
		"?owner=other":                   {theirs},
		"?owner=":                        {unknown},
		"?owner=nobody":                  nil,
		"?state=external":                {unknown},
		"?state=live&limit=1":            append([]string{theirs}, want...),
		"?state=condemned":               nil,
		"?state=live&owner=other":        {theirs},
		"?marker=" + want[0]:             want[1:],
		"?marker=" + want[2]:             nil,
		"?owner=demo&marker=" + theirs:   want,
		"?state=gone&state=live&limit=3": append([]string{theirs}, want...),
	} {
		if got := ids(query); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	if k := w.key(unknown); k.State != "external" || k.Owner != nil || k.Holders != 1 || k.HeldBy[0].Own {
		t.Errorf("a key that was never made is %+v", k)
	}
}

// codedKey is how the path of a key has an id that is no part of a path by itself.
func codedKey(id string) string { return "~" + base64.RawURLEncoding.EncodeToString([]byte(id)) }

// Images name the keys of other key managers by any text. Each can be looked at, behind
// every gateway.
func TestKeysOfAnyName(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"kms://a/key?version=2#x", "audit", "deletions", "~tilde", "..", "a%2Fb", "größer"} {
		w.encrypted(name)
		w.encrypted(name)
		var first, second aKey
		w.call("GET /gander/v1/keys/"+codedKey(name)+"?limit=1", as("admin")).want(200).into(&first)
		if first.ID != name || first.Holders != 2 || len(first.HeldBy) != 1 || first.Next == "" {
			t.Fatalf("%s is shown as %+v", name, first)
		}
		w.call("GET "+first.Next, as("admin")).want(200).into(&second)
		if second.ID != name || len(second.HeldBy) != 1 || second.HeldBy[0] == first.HeldBy[0] {
			t.Errorf("%s goes on as %+v", name, second)
		}
		w.refused("POST /gander/v1/keys/"+codedKey(name)+"/restore", as("admin")).want(409)
	}
	id := w.secretOf("member", "v")
	w.call("GET /gander/v1/keys/"+codedKey(publicEndpoint+"/key-manager/v1/secrets/"+id), as("admin")).want(200).says(id)
	for _, part := range []string{"~", "~!", "~A", "~_w", "~" + id, codedKey("no/such"), codedKey("audit") + "!"} {
		w.refused("GET /gander/v1/keys/"+part, as("admin")).want(404)
		w.refused("GET /gander/v1/keys/"+part, as("member")).want(403)
	}
}

// An image that gets another owner names what it named, whatever has become of the
// keys: it is no new name, and an administrator who moves images need not look after
// keys first. From then on it counts as one of its new owner's.
func TestAnImageChangesItsOwnerWhileItsKeyGoes(t *testing.T) {
	w := newWorld(t, "GANDER_RETENTION=0s", "GANDER_KEY_DELAY=0s")
	moved := func(img, owner string) {
		t.Helper()
		w.call("PATCH /v2/images/"+img, as("admin"), v21(`[{"op":"replace","path":"/owner","value":"`+owner+`"}]`)).want(200)
	}
	id := w.secretOf("member", "the value")
	img := w.encrypted(id, as("other"))
	w.call("DELETE /key-manager/v1/secrets/" + id + "?force=1").want(204)
	w.swept()
	moved(img, "demo")
	if k := w.key(id); k.State != "scheduled" || k.Holders != 1 || k.Own != 1 {
		t.Errorf("after the image came to its key's owner the key is %+v", k)
	}
	w.call("POST /gander/v1/keys/"+id+"/restore", as("admin")).want(200)
	w.payload("member", id).want(200).is("the value")
	w.refused("DELETE /key-manager/v1/secrets/"+id+"?force=1", named("held by its owner's image")).want(409)
	moved(img, "other")
	w.call("DELETE /key-manager/v1/secrets/" + id + "?force=1").want(204)
	w.swept()
	if k := w.key(id); k.State != "scheduled" || k.Holders != 1 || k.Own != 0 {
		t.Errorf("after the image left its key's owner the key is %+v", k)
	}
}

// A key with many holders is shown with a page of them.
func TestHoldersOfAKeyArePaged(t *testing.T) {
	w := newWorld(t)
	id := w.secretOf("member", "v")
	want := map[string]bool{w.encrypted(id): true, w.encrypted(id): true, w.encrypted(id, as("other")): true}
	got := 0
	for path := "/gander/v1/keys/" + id + "?limit=1"; path != ""; {
		var k aKey
		w.call("GET "+path, as("admin")).want(200).into(&k)
		if k.Holders != 3 || k.Own != 2 || len(k.HeldBy) > 1 {
			t.Fatalf("%s: %+v", path, k)
		}
		for _, h := range k.HeldBy {
			if got++; !want[h.Image] || h.Own != (h.Owner == "demo") {
				t.Errorf("holder %+v", h)
			}
			delete(want, h.Image)
		}
		path = k.Next
	}
	if got != 3 {
		t.Errorf("%d holders", got)
	}
}

// Whoever may not manage keys is told so, and no more, whatever is asked and whether
// the key exists or not.
func TestKeysAreForOperators(t *testing.T) {
	w := newWorld(t)
	id := w.secretOf("member", "v")
	var told string
	for _, call := range []string{
		"GET /gander/v1/keys", "GET /gander/v1/keys?state=nonsense", "GET /gander/v1/keys/audit", "GET /gander/v1/keys/audit?limit=0",
		"GET /gander/v1/keys/" + id, "GET /gander/v1/keys/no-such", "GET /gander/v1/keys/" + id + "?marker=",
		"POST /gander/v1/keys/" + id + "/restore", "POST /gander/v1/keys/no-such/restore",
		"GET /gander/v1/keys/deletions", "PUT /gander/v1/keys/deletions",
	} {
		for _, who := range []string{"member", "manager", "reader", "other", "service", "nobody"} {
			o := []option{as(who), asJSON}
			if strings.HasPrefix(call, "PUT") {
				o = append(o, body(`{"enabled":"?"}`), header("Content-Type", "application/json"))
			}
			got := w.refused(call, o...).want(403).says("manage_keys")
			if told == "" {
				told = string(got.body)
			}
			if told != string(got.body) {
				t.Errorf("%s as %s: %s", call, who, got.body)
			}
		}
		w.refused(call, without("X-Auth-Token")).want(401)
	}
}

func TestBadQuestionsAboutKeys(t *testing.T) {
	w := newWorld(t)
	id := w.secretOf("member", "v")
	for call, status := range map[string]int{
		"GET /gander/v1/keys?state=burning":                  400,
		"GET /gander/v1/keys?state=":                         400,
		"GET /gander/v1/keys?limit=0":                        400,
		"GET /gander/v1/keys?limit=-1":                       400,
		"GET /gander/v1/keys?limit=many":                     400,
		"GET /gander/v1/keys?marker=":                        400,
		"GET /gander/v1/keys?marker=no-such":                 400,
		"GET /gander/v1/keys?sate=live":                      400,
		"GET /gander/v1/keys/" + id + "?marker=%21":          400,
		"GET /gander/v1/keys/" + id + "?owner=demo":          400,
		"GET /gander/v1/keys/no-such":                        404,
		"GET /gander/v1/keys/%00":                            404,
		"GET /gander/v1/keys/" + strings.Repeat("long", 300): 404,
		"POST /gander/v1/keys/no-such/restore":               404,
		"POST /gander/v1/keys/" + id + "/restore":            409,
		"GET /gander/v1/keys/audit?marker=nonsense":          400,
		"GET /gander/v1/keys/audit?marker=bWlzc2luZwD_":      400,
		"GET /gander/v1/keys/audit?limit=x":                  400,
		"GET /gander/v1/keys/audit?state=live":               400,
		"DELETE /gander/v1/keys/" + id:                       405,
		"POST /gander/v1/keys":                               405,
		"DELETE /gander/v1/keys/deletions":                   405,
	} {
		w.refused(call, as("admin")).want(status)
	}
}

// deletionsOf is the switch as operators are shown it.
type deletionsOf struct {
	Enabled bool
	Since   *string
	Why     *string
}

func TestDeletionsAreSwitched(t *testing.T) {
	w := newWorld(t, "GANDER_RETENTION=0s", "GANDER_KEY_DELAY=0s")
	const call = "PUT /gander/v1/keys/deletions"
	inJSON := header("Content-Type", "application/json")
	set := func(text string) (d deletionsOf) {
		t.Helper()
		w.call(call, as("admin"), inJSON, body(text)).want(200).into(&d)
		var shown deletionsOf
		w.call("GET /gander/v1/keys/deletions", as("admin")).want(200).into(&shown)
		if shown.Enabled != d.Enabled || (d.Why != nil && *shown.Why != *d.Why) {
			t.Errorf("set to %+v, shown as %+v", d, shown)
		}
		return d
	}
	for _, bad := range []string{
		`{}`, `[]`, `{"enabled":null}`, `{"enabled":"true"}`, `{"enabled":1}`, `{"enabled":true,"more":1}`, `{"enabled":false,"why":1}`,
		`{"enabled":false,"why":"` + strings.Repeat("x", 256) + `"}`, `{"enabled":`, `"on"`, ``,
	} {
		w.refused(call, as("admin"), inJSON, body(bad)).want(400)
	}
	if d := set(`{"enabled":true}`); !d.Enabled || d.Since != nil {
		t.Errorf("on, as it was: %+v", d)
	}
	off := set(`{"enabled":false,"why":"the table is restored tonight"}`)
	if off.Enabled || *off.Why != "the table is restored tonight" || off.Since == nil {
		t.Errorf("off: %+v", off)
	}
	if d := set(`{"enabled":false,"why":"another reason"}`); *d.Why != *off.Why || *d.Since != *off.Since {
		t.Errorf("off again: %+v", d)
	}

	id := w.secretOf("member", "v")
	w.call("DELETE /v2/images/" + w.encrypted(id)).want(204)
	w.swept()
	if k := w.key(id); k.State != "condemned" {
		t.Errorf("while deletions are off the key becomes %+v", k)
	}
	w.payload("member", id).want(200).is("v")
	w.call("GET /gander/v1/health", as("admin")).want(200).says(`"degraded":true`).says("the table is restored tonight")
	w.call("GET /gander/v1/keys/audit", as("admin")).want(200).says("keys are not deleted").says(`"kind":"step"`).says(id).says("its deletion is scheduled")
	if d := set(`{"enabled":true,"since":"` + *off.Since + `","why":null}`); !d.Enabled || d.Since == nil {
		t.Errorf("on: %+v", d)
	}
	w.call("GET /gander/v1/health", as("admin")).want(200).says(`"degraded":false`).says(`"epoch":{"table":`)
	w.call("GET /gander/v1/keys/audit", as("admin")).want(200).says(`"alarms":[]`)
}

// A key that was never kept here and was to go is told of.
func TestKeysElsewhereThatWereToGo(t *testing.T) {
	w := newWorld(t, "GANDER_RETENTION=0s")
	for range 3 {
		w.call("DELETE /v2/images/" + w.encrypted("11111111-2222-3333-4444-555555555555")).want(204)
		w.swept()
	}
	found := 0
	for path := "/gander/v1/keys/audit?limit=1"; path != ""; {
		var page struct {
			Findings []struct {
				Kind  string
				Key   string `json:"key_id"`
				Needs bool   `json:"needs_person"`
			}
			Alarms []string
			Next   string
		}
		w.call("GET "+path, as("admin")).want(200).into(&page)
		for _, f := range page.Findings {
			if f.Kind == "elsewhere" && f.Key == "11111111-2222-3333-4444-555555555555" && f.Needs {
				found++
			}
		}
		path = page.Next
	}
	if found != 3 {
		t.Errorf("%d findings", found)
	}
	w.refused("GET /gander/v1/keys/11111111-2222-3333-4444-555555555555", as("admin")).want(404)
}
