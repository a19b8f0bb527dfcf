//go:build !cloud

package scenarios

import (
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/vault"
	"github.com/gander-images/gander/shared/vault/memory"
)

// A secret that somebody took out of the key store is told of: to operators by the
// audit and the service's health, to the image's owner by a task that names no key;
// and no more once it is back.
func TestMissingKeysAreToldOf(t *testing.T) {
	w := newInside(t)
	now := time.Now()
	w.services.Keys.Now = func() time.Time { return now }
	id := w.secretOf("member", "v")
	img := w.encrypted(id)
	foreign := w.encrypted(id, as("other"))
	kept := w.vault.Snapshot()
	w.vault.Load(memory.State{Epoch: kept.Epoch})
	now = now.Add(2 * time.Hour)
	if err := w.services.Keys.Vault.Create(t.Context(), vault.Name{Key: "11111111-2222-3333-4444-555555555555", Generation: 1}, []byte("whose?")); err != nil {
		t.Fatal(err)
	}
	w.swept()
	w.call("GET /gander/v1/health", as("admin")).want(200).says(`"degraded":true`).says("missing from the key store: 1").says("no record is about: 1")
	audit := w.call("GET /gander/v1/keys/audit", as("admin")).want(200).says(`"kind":"missing","key_id":"` + id).says(`"kind":"unrecorded"`).says(`"needs_person":true`)
	if strings.Contains(string(audit.body), "whose?") {
		t.Error("an audit tells values")
	}
	tasks := w.call("GET /v2/images/" + img + "/tasks").want(200).says(`"type":"key"`).says("missing from the key store")
	if strings.Contains(string(tasks.body), id) {
		t.Errorf("a task names a key: %s", tasks.body)
	}
	if told := w.call("GET /v2/images/"+foreign+"/tasks", as("other")).want(200); strings.Contains(string(told.body), `"type":"key"`) {
		t.Errorf("another project is told about the key: %s", told.body)
	}
	if log := w.logged(); !strings.Contains(log, `"alarm":"missing"`) || !strings.Contains(log, `"alarm":"unrecorded"`) {
		t.Errorf("no alarm in the log: %s", log)
	}

	kept.Epoch = w.vault.Snapshot().Epoch
	w.vault.Load(kept)
	now = now.Add(2 * time.Hour)
	w.swept()
	w.call("GET /gander/v1/health", as("admin")).want(200).says(`"degraded":false`)
	w.call("GET /gander/v1/keys/audit", as("admin")).want(200).says(`"alarms":[]`)
	w.services.Keys.Now = time.Now
}

// A table that was restored from a copy is told of before any sweep has met it.
func TestRestoredTablesAreToldOf(t *testing.T) {
	w := newInside(t)
	w.swept()
	if err := w.vault.RaiseEpoch(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	w.refused("GET /gander/v1/keys/deletions", as("admin")).want(200).says(`"enabled":false`).says("restored from a copy")
	w.refused("GET /gander/v1/health", as("admin")).want(200).says(`"vault":7`).says(`"degraded":true`)
	w.call("PUT /gander/v1/keys/deletions", as("admin"), header("Content-Type", "application/json"), body(`{"enabled":true}`)).want(200).says(`"enabled":true`)
	w.call("GET /gander/v1/health", as("admin")).want(200).says(`"epoch":{"table":8,"vault":8}`).says(`"degraded":false`)
}

// An image is made whoever else comes to hold the key that it names at the same moment.
func TestCreateMeetsAnotherHolder(t *testing.T) {
	w := newInside(t)
	id := w.secretOf("member", "v")
	meets := &met{Table: w.table, at: 1, happens: func() { w.encrypted(id) }} // before its write, the one call
	w.services.Images.Table = meets
	w.call("POST /v2/images", jsonBody(`{"cinder_encryption_key_id":"`+id+`"}`)).want(201)
	w.services.Images.Table = w.table
	if meets.seen < 3 {
		t.Error("the images did not meet")
	}
	w.call("GET /gander/v1/keys/"+id, as("admin")).want(200).says(`"holders":2`)
}
