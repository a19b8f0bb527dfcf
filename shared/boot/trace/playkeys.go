package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	keyManager = "/key-manager"
	secrets    = keyManager + "/v1/secrets"
)

// keys makes every write that has to do with a key.
func (w *writer) keys(ctx context.Context) error {
	first, err := w.secret(ctx, w.value())
	if err != nil {
		return err
	}
	second, err := w.secret(ctx, "")
	if err == nil {
		err = w.do(ctx, "PUT "+secrets+"/"+second, w.value(), "text/plain", http.StatusNoContent)
	}
	if err == nil {
		_, err = w.make(ctx, keyManager+"/v1/orders", `{"type":"key","meta":{"name":"`+w.mark()+`","algorithm":"aes","bit_length":256}}`, http.StatusAccepted)
	}
	consumer := `{"service":"cinder","resource_type":"volume","resource_id":"` + w.mark() + `"}`
	if err == nil {
		err = w.do(ctx, "POST "+secrets+"/"+first+"/consumers", consumer, jsonType, http.StatusOK)
	}
	if err == nil {
		err = w.do(ctx, "DELETE "+secrets+"/"+first+"/consumers", consumer, jsonType, http.StatusOK)
	}
	if err == nil {
		err = w.locked(ctx, first, second)
	}
	if err == nil {
		err = w.scheduled(ctx)
	}
	return err
}

// fewKeys makes keys while others do.
func (w *writer) fewKeys(ctx context.Context) error {
	id, err := w.secret(ctx, w.value())
	if err == nil {
		_, err = w.lockedImage(ctx, id)
	}
	return err
}

// locked changes images that name keys.
func (w *writer) locked(ctx context.Context, first, second string) error {
	id, err := w.lockedImage(ctx, first)
	if err == nil {
		err = w.upload(ctx, id, 10, false)
	}
	if err != nil {
		return err
	}
	project := w.user.Project
	if _, err := w.make(ctx, "/gander/v1/images/snapshot",
		`{"name":"`+w.mark()+`","source_image_id":"`+id+`","instance":{"id":"5c1e6a2b-4d3f-4e8a-9b70-1a2c3d4e5f60","project_id":"`+project+`"}}`,
		http.StatusCreated); err != nil {
		return err
	}
	image := "/v2/images/" + id
	patch := func(changes string) string {
		return `[{"op":"add","path":"/key","value":"` + w.mark() + `"},` + changes + `]`
	}
	for _, s := range []struct {
		line, body, mediaType string
		want                  int
	}{
		{"PATCH " + image, patch(`{"op":"replace","path":"/cinder_encryption_key_id","value":"` + second + `"}`), patchType("2.1"), 200},
		{"PATCH " + image, patch(`{"op":"add","path":"/os_encrypt_key_id","value":"` + first + `"}`), patchType("2.1"), 200},
		{"PATCH " + image, patch(`{"op":"add","path":"/cinder_encryption_key_deletion_policy","value":"on_image_deletion"}`), patchType("2.1"), 200},
		{"DELETE " + image, "", "", 204},
		{"POST /gander/v1/images/" + id + "/restore", "", "", 200},
	} {
		if err := w.do(ctx, s.line, s.body, s.mediaType, s.want); err != nil {
			return err
		}
	}
	return nil
}

// scheduled has a key deleted, waits until the key store knows, and brings it back.
func (w *writer) scheduled(ctx context.Context) error {
	id, err := w.secret(ctx, w.value())
	if err == nil {
		err = w.do(ctx, "DELETE "+secrets+"/"+id, "", "", http.StatusNoContent)
	}
	for ; err == nil; time.Sleep(20 * time.Millisecond) {
		var k struct{ Confirmed bool }
		err = w.user.JSON(ctx, http.MethodGet, "/gander/v1/keys/"+id, nil, &k, http.StatusOK)
		if k.Confirmed {
			break
		}
	}
	if err == nil {
		err = w.do(ctx, "POST /gander/v1/keys/"+id+"/restore", "", "", http.StatusOK)
	}
	return err
}

// secret makes a key, whose value is to come where it is empty.
func (w *writer) secret(ctx context.Context, value string) (id string, err error) {
	body := `{"name":"` + w.mark() + `"}`
	if value != "" {
		body = `{"name":"` + w.mark() + `","payload":"` + value + `","payload_content_type":"text/plain"}`
	}
	return w.make(ctx, secrets, body, http.StatusCreated)
}

// value returns a payload that no other key has, and no mark: the table never has it.
func (w *writer) value() string { return strings.Replace(w.mark(), "mark", "value", 1) }

func (w *writer) lockedImage(ctx context.Context, key string) (id string, err error) {
	return w.make(ctx, "/v2/images",
		`{"name":"`+w.mark()+`","disk_format":"raw","container_format":"bare","cinder_encryption_key_id":"`+key+`"}`, http.StatusCreated)
}

// make makes something by POST, and returns its id.
func (w *writer) make(ctx context.Context, path, body string, want int) (id string, err error) {
	a, err := w.answered(ctx, "POST "+path, body, jsonType, want)
	if err != nil {
		return "", err
	}
	if id = idPattern.FindString(a.Header.Get("Location")); id == "" {
		return "", fmt.Errorf("POST %s is answered without a place: %.300s", path, a.Body)
	}
	return id, nil
}
