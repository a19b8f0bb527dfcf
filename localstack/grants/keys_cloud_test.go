//go:build cloud

package grants_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/gander-images/gander/localstack/gateway"
	"github.com/gander-images/gander/localstack/proxy"
	"github.com/gander-images/gander/shared/deadletter"
	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/dynamo"
)

const (
	secretsPath = "/key-manager/v1/secrets"
	ordersPath  = "/key-manager/v1/orders"
	keysPath    = "/gander/v1/keys"
)

// keyManager is what services do at the key manager.
func (w *world) keyManager() {
	w.t.Helper()
	w.call(300, http.MethodGet, "/key-manager", nil)
	id := w.secret("the value")
	at := secretsPath + "/" + id
	later := ref(w.send(201, http.MethodPost, secretsPath, `{"name":"later"}`), "secret_ref")
	w.call(204, http.MethodPut, secretsPath+"/"+later, strings.NewReader("its value"))
	w.payload(id, "the value")
	w.payload(later, "its value")
	w.call(200, http.MethodGet, secretsPath+"?limit=1", nil)
	w.call(200, http.MethodGet, at, nil)

	const consumer = `{"service":"compute","resource_type":"instance","resource_id":"i-1"}`
	w.send(200, http.MethodPost, at+"/consumers", consumer)
	w.call(200, http.MethodGet, at+"/consumers", nil)
	w.call(409, http.MethodDelete, at, nil)
	w.send(200, http.MethodDelete, at+"/consumers", consumer)

	w.send(200, http.MethodPut, at+"/acl", `{"read":{"users":["ada"],"project-access":true}}`)
	w.call(200, http.MethodGet, at+"/acl", nil)
	w.call(200, http.MethodDelete, at+"/acl", nil)

	order := ref(w.send(202, http.MethodPost, ordersPath, `{"type":"key","meta":{"algorithm":"aes","bit_length":256}}`), "order_ref")
	w.call(200, http.MethodGet, ordersPath, nil)
	w.call(200, http.MethodGet, ordersPath+"/"+order, nil)
	w.call(204, http.MethodDelete, ordersPath+"/"+order, nil)
	for _, path := range []string{at, secretsPath + "/" + later} {
		w.call(204, http.MethodDelete, path, nil)
	}
}

// lockedImages are images that name keys: made, changed, copied and deleted, until
// their keys go, and come back.
func (w *world) lockedImages() {
	w.t.Helper()
	id := w.secret("of an image")
	first, second := w.locked(id), w.made()
	w.patch(second, `[{"op":"add","path":"/cinder_encryption_key_id","value":"`+id+`"}]`)
	w.patch(second, `[{"op":"remove","path":"/cinder_encryption_key_id"}]`)
	if got, err := w.direct(http.MethodPut, first, strings.NewReader("locked bytes")); err != nil || got.status != 204 {
		w.t.Fatalf("an upload is answered %d, %v: %s", got.status, err, got.body)
	}
	copied := w.send(201, http.MethodPost, "/gander/v1/images/snapshot",
		`{"name":"snap","instance":{"id":"5c1e6a2b-4d3f-4e8a-9b70-1a2c3d4e5f60","project_id":"demo"},"source_image_id":"`+first+`"}`, "X-Auth-Token", w.admin)
	var snapshot struct {
		ID  string
		Key string `json:"cinder_encryption_key_id"`
	}
	if err := json.Unmarshal(copied.body, &snapshot); err != nil || snapshot.Key == "" || snapshot.Key == id {
		w.t.Fatalf("a snapshot is %+v, %v", snapshot, err)
	}
	w.payload(snapshot.Key, "of an image")
	w.call(200, http.MethodGet, secretsPath+"/"+snapshot.Key+"/acl", nil)
	w.call(403, http.MethodPut, secretsPath+"/"+snapshot.Key, strings.NewReader("another value"))
	w.call(204, http.MethodDelete, "/v2/images/"+snapshot.ID, nil, "X-Auth-Token", w.admin)
	w.call(204, http.MethodDelete, "/v2/images/"+first, nil)
	w.eventually("the key is scheduled", func() bool { return w.keyState(id) == "scheduled" })

	unsure := w.proxy.Inject(proxy.Rule{Match: proxy.Match{Function: "key-restore", Operation: "RestoreSecret"}, Fault: proxy.WrongState})
	w.call(200, http.MethodPost, keysPath+"/"+id+"/restore", nil, "X-Auth-Token", w.admin)
	w.wantStruck(unsure)
	w.payload(id, "of an image")
}

// byOperators is what operators look at, and decide.
func (w *world) byOperators() {
	w.t.Helper()
	admin := []string{"X-Auth-Token", w.admin}
	w.call(200, http.MethodGet, keysPath+"?limit=1", nil, admin...)
	w.call(200, http.MethodGet, keysPath+"/audit", nil, admin...)
	w.call(200, http.MethodGet, keysPath+"/deletions", nil, admin...)
	for _, enabled := range []string{"false", "true", "false", "true"} { // the epoch is made, and raised
		w.send(200, http.MethodPut, keysPath+"/deletions", `{"enabled":`+enabled+`}`, admin...)
	}
	box := deadletter.Box{Table: w.table(), Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	given := deadletter.Of(deadletter.Reaper, due.New("purge", time.Now().Add(-time.Hour), "settled long ago", nil).Key(), 5, errors.New("no"))
	if err := box.Put(w.t.Context(), given); err != nil {
		w.t.Fatal(err)
	}
	if got := w.call(200, http.MethodGet, "/gander/v1/consumers", nil, admin...); !strings.Contains(string(got.body), given.ID) {
		w.t.Errorf("the dead letters are %s", got.body)
	}
	w.send(202, http.MethodPost, "/gander/v1/consumers/reaper/retry", `{"id":"`+given.ID+`"}`, admin...)
}

// rounds are the sweeper's: over secrets that others scheduled, without an epoch, and
// over a table that was restored from a copy.
func (w *world) rounds() {
	w.t.Helper()
	id := w.secret("deleted by somebody else")
	client := secretsmanager.NewFromConfig(w.place.Config)
	name := func(s string) *string { return aws.String(w.place.Table + "/" + s) }
	_, err := client.DeleteSecret(w.t.Context(), &secretsmanager.DeleteSecretInput{SecretId: name(id + "/1"), RecoveryWindowInDays: aws.Int64(7)})
	if err == nil {
		_, err = client.DeleteSecret(w.t.Context(), &secretsmanager.DeleteSecretInput{SecretId: name("epoch"), ForceDeleteWithoutRecovery: aws.Bool(true)})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.sweepUntil("the key is back", func() bool {
		got, err := w.ask(http.MethodGet, w.gateway.URL()+secretsPath+"/"+id+"/payload", nil, "Accept", "text/plain")
		return err == nil && got.status == 200
	})
	upkeep := table.Key{Partition: "deployment", Sort: "keys"}
	if _, err := w.table().Transact(w.t.Context(), table.Write{Kind: table.Delete, Key: upkeep, If: table.IfPresent()}); err != nil {
		w.t.Fatal(err)
	}
	w.sweepUntil("the deletion of keys is off", func() bool {
		got := w.call(200, http.MethodGet, keysPath+"/deletions", nil, "X-Auth-Token", w.admin)
		return strings.Contains(string(got.body), `"enabled":false`)
	})
	w.send(200, http.MethodPut, keysPath+"/deletions", `{"enabled":true}`, "X-Auth-Token", w.admin)
}

// keysBySweeperAlone has the sweeper carry a key to its end without a stream, and
// drop an entry that a lost race left.
func (w *world) keysBySweeperAlone() {
	w.t.Helper()
	w.start(func(c *gateway.Config) { c.NoStream = true })
	id := w.secret("of one image")
	image := w.locked(id)
	left := due.New("purge", time.Now(), image, map[string]string{"image": image})
	if _, err := w.table().Transact(w.t.Context(), left.Put()); err != nil {
		w.t.Fatal(err)
	}
	w.sweepUntil("nothing is left to do", w.idle)
	w.call(204, http.MethodDelete, "/v2/images/"+image, nil)
	w.sweepUntil("the key is scheduled", func() bool { return w.keyState(id) == "scheduled" })
}

// restored is an image that is brought back with its key, in time.
func (w *world) restored() {
	w.t.Helper()
	w.start(func(c *gateway.Config) { c.Parameters["Retention"] = "1h" })
	id := w.secret("needed once more")
	image := w.locked(id)
	w.call(204, http.MethodDelete, "/v2/images/"+image, nil)
	w.call(200, http.MethodPost, "/gander/v1/images/"+image+"/restore", nil, "X-Auth-Token", w.admin)
	w.payload(id, "needed once more")
}

func (w *world) table() *dynamo.Table { return dynamo.Open(w.place.Config, w.place.Table) }

// send makes a request with a body in JSON.
func (w *world) send(want int, method, path, body string, header ...string) answer {
	w.t.Helper()
	return w.call(want, method, path, strings.NewReader(body), append([]string{"Content-Type", "application/json"}, header...)...)
}

// secret stores a key, and returns its id.
func (w *world) secret(value string) string {
	w.t.Helper()
	return ref(w.send(201, http.MethodPost, secretsPath, `{"payload":"`+base64.StdEncoding.EncodeToString([]byte(value))+
		`","payload_content_type":"application/octet-stream","payload_content_encoding":"base64"}`), "secret_ref")
}

// ref is the id at the end of an answer's reference.
func ref(a answer, name string) string {
	var made map[string]string
	_ = json.Unmarshal(a.body, &made) // what cannot be read has none
	return made[name][strings.LastIndex(made[name], "/")+1:]
}

func (w *world) payload(id, want string) {
	w.t.Helper()
	got := w.call(200, http.MethodGet, secretsPath+"/"+id+"/payload", nil, "Accept", "application/octet-stream")
	if string(got.body) != want {
		w.t.Errorf("a key has the value %q", got.body)
	}
}

// locked makes an image whose key goes with it.
func (w *world) locked(id string) string {
	w.t.Helper()
	got := w.send(201, http.MethodPost, "/v2/images", `{"disk_format":"raw","container_format":"bare","cinder_encryption_key_id":"`+id+
		`","cinder_encryption_key_deletion_policy":"on_image_deletion"}`)
	var shown struct{ ID string }
	if err := json.Unmarshal(got.body, &shown); err != nil {
		w.t.Fatal(err)
	}
	return shown.ID
}

func (w *world) patch(image, change string) {
	w.t.Helper()
	w.call(200, http.MethodPatch, "/v2/images/"+image, strings.NewReader(change), "Content-Type", "application/openstack-images-v2.1-json-patch")
}

func (w *world) keyState(id string) string {
	w.t.Helper()
	var shown struct{ State string }
	if err := json.Unmarshal(w.call(200, http.MethodGet, keysPath+"/"+id, nil, "X-Auth-Token", w.admin).body, &shown); err != nil {
		w.t.Fatal(err)
	}
	return shown.State
}
