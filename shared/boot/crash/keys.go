package main

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/gander-images/gander/shared/boot/crash/journal"
	"github.com/gander-images/gander/shared/boot/outside"
)

const (
	secrets = "/key-manager/v1/secrets"
	orders  = "/key-manager/v1/orders"
)

// actOnKeys makes some request about a key.
func (w *writer) actOnKeys(ctx context.Context) {
	k := w.someKey()
	if k == nil {
		w.storeSecret(ctx)
		return
	}
	switch n := w.chance.IntN(100); {
	case n < 22:
		w.storeSecret(ctx)
	case n < 28:
		w.fillSecret(ctx)
	case n < 35:
		w.order(ctx)
	case n < 55:
		w.consumer(ctx, k)
	case n < 65:
		w.readKey(ctx, k)
	case n < 72:
		w.deleteKey(ctx, k)
	case n < 80:
		w.restoreKey(ctx)
	default:
		w.onSnapshots(ctx)
	}
}

// storeSecret makes a key with its value.
func (w *writer) storeSecret(ctx context.Context) {
	if k := w.newSecret(ctx); k != nil {
		w.keepKey(k)
	}
}

// makeSharedKey makes one of the keys that all writers use. A consumer that never goes
// keeps it.
func (w *writer) makeSharedKey(ctx context.Context) {
	k := w.newSecret(ctx)
	if k == nil {
		return
	}
	if a := w.send(ctx, w.consumerRequest(k, http.MethodPost, "forever")); a == nil || a.Status != http.StatusOK {
		return
	}
	w.mu.Lock()
	w.sharedKeys = append(w.sharedKeys, k)
	w.mu.Unlock()
}

func (w *writer) newSecret(ctx context.Context) *ownKey {
	name, value := w.word(), w.value()
	a := w.send(ctx, request{
		call: "secret create", by: w.member, key: journal.NewKey, want: http.StatusCreated,
		sets: map[string]*string{journal.Exists: text(journal.Yes), journal.Name: &name, journal.Payload: text(digest(value))},
		http: jsonCall(http.MethodPost, secrets, plainJSON, map[string]any{
			"name": name, "algorithm": "aes", "bit_length": 256, "payload": string(value), "payload_content_type": "text/plain",
		}),
	})
	if a == nil || a.Status != http.StatusCreated {
		return nil
	}
	return w.own(refOf(a, "secret_ref"), value)
}

func (w *writer) own(id string, value []byte) *ownKey {
	return &ownKey{id: id, value: value, digest: digest(value), precious: w.maybe()}
}

// value is a payload that no other key has: mostly short, sometimes as long as it may
// be.
func (w *writer) value() []byte {
	value := "value " + w.word()
	if w.chance.IntN(10) == 0 {
		value += strings.Repeat(".", (64<<10)-len(value))
	}
	return []byte(value)
}

// fillSecret makes a key without a value, and then gives it one.
func (w *writer) fillSecret(ctx context.Context) {
	name, value := w.word(), w.value()
	a := w.send(ctx, request{
		call: "secret reserve", by: w.member, key: journal.NewKey, want: http.StatusCreated,
		sets: map[string]*string{journal.Exists: text(journal.Yes), journal.Name: &name},
		http: jsonCall(http.MethodPost, secrets, plainJSON, map[string]any{"name": name}),
	})
	if a == nil || a.Status != http.StatusCreated {
		return
	}
	id := refOf(a, "secret_ref")
	a = w.send(ctx, request{
		call: "secret fill", by: w.member, key: id, want: http.StatusNoContent,
		sets: map[string]*string{journal.Payload: text(digest(value))},
		http: outside.Call{
			Method: http.MethodPut, Path: secrets + "/" + id, Body: bytes.NewReader(value), Length: int64(len(value)),
			Header: map[string]string{"Content-Type": "application/octet-stream"},
		},
	})
	if a != nil && a.Status == http.StatusNoContent {
		w.keepKey(w.own(id, value))
	}
}

// order has a key made, and learns from the order which it is.
func (w *writer) order(ctx context.Context) {
	name := w.word()
	var k *ownKey
	w.send(ctx, request{
		call: "order", by: w.member, key: journal.NewKey, want: http.StatusAccepted,
		sets: map[string]*string{journal.Exists: text(journal.Yes), journal.Name: &name},
		http: jsonCall(http.MethodPost, orders, plainJSON, map[string]any{
			"type": "key", "meta": map[string]any{"name": name, "algorithm": "aes", "bit_length": 256},
		}),
		learn: func(a *outside.Answer) (map[string]*string, string, bool) {
			if k = w.ordered(ctx, refOf(a, "order_ref")); k == nil {
				return nil, "", false
			}
			return map[string]*string{journal.Payload: &k.digest}, k.id, true
		},
	})
	if k != nil {
		w.keepKey(k)
	}
}

// ordered is the key of an order that was answered.
func (w *writer) ordered(ctx context.Context, order string) *ownKey {
	a := w.read(ctx, w.member, orders+"/"+order)
	if a == nil {
		return nil
	}
	id := refOf(a, "secret_ref")
	if id == "" {
		w.fault("order " + order + " was answered, and leads to no key: " + string(a.Body))
		return nil
	}
	if a = w.read(ctx, w.member, secrets+"/"+id+"/payload"); a == nil {
		return nil
	}
	if a.Status != http.StatusOK || len(a.Body) != 32 {
		w.fault("order " + order + " was answered, and its key's value is answered " + strconv.Itoa(a.Status))
		return nil
	}
	return w.own(id, a.Body)
}

// consumer says that something needs a key, or no longer does.
func (w *writer) consumer(ctx context.Context, k *ownKey) {
	if shared := w.someSharedKey(); shared != nil && w.maybe() {
		k = shared
	}
	method := http.MethodPost
	if w.chance.IntN(3) == 0 {
		method = http.MethodDelete
	}
	w.send(ctx, w.consumerRequest(k, method, strconv.Itoa(w.number)+"-"+strconv.Itoa(w.chance.IntN(3))))
}

func (w *writer) consumerRequest(k *ownKey, method, id string) request {
	r := request{
		call: "consumer add", by: w.member, key: k.id, want: http.StatusOK,
		sets: map[string]*string{journal.Consumer + "cinder/volume/" + id: text(journal.Yes)},
		// 404: it is scheduled, or has no such consumer. 409: others were first, five times.
		refusals: []int{http.StatusNotFound, http.StatusConflict},
		http: jsonCall(method, secrets+"/"+k.id+"/consumers", plainJSON,
			map[string]string{"service": "cinder", "resource_type": "volume", "resource_id": id}),
	}
	if method == http.MethodDelete {
		r.call, r.sets = "consumer remove", map[string]*string{journal.Consumer + "cinder/volume/" + id: nil}
	}
	return r
}

// deleteKey deletes a key that is not precious. It stays where something needs it.
func (w *writer) deleteKey(ctx context.Context, k *ownKey) {
	if k.precious {
		return
	}
	a := w.send(ctx, request{
		call: "secret delete", by: w.member, key: k.id, want: http.StatusNoContent,
		sets:     map[string]*string{journal.Exists: nil},
		refusals: []int{http.StatusNotFound, http.StatusConflict},
		http:     outside.Call{Method: http.MethodDelete, Path: secrets + "/" + k.id},
	})
	k.deleted = a == nil || a.Status != http.StatusConflict
}

// restoreKey brings the key back that was deleted last.
func (w *writer) restoreKey(ctx context.Context) {
	for n := len(w.keys) - 1; n >= 0; n-- {
		k := w.keys[n]
		if !k.deleted {
			continue
		}
		a := w.send(ctx, request{
			call: "key restore", by: w.admin, key: k.id, want: http.StatusOK,
			sets: map[string]*string{journal.Exists: text(journal.Yes)},
			// 409: it never was deleted, or a restore is under way since before a kill.
			refusals: []int{http.StatusConflict},
			http:     outside.Call{Method: http.MethodPost, Path: "/gander/v1/keys/" + k.id + "/restore"},
		})
		k.deleted = a == nil || a.Status != http.StatusOK
		if k.deleted {
			w.keys = append(w.keys[:n:n], w.keys[n+1:]...) // once is enough
		}
		return
	}
}
