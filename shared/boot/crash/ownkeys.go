package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/gander-images/gander/shared/boot/crash/journal"
	"github.com/gander-images/gander/shared/boot/outside"
)

// An ownKey is a key that one writer made, with its value known.
type ownKey struct {
	id     string
	value  []byte
	digest string
	// precious is one that nobody deletes and no image wishes gone: it can be read at any
	// time.
	precious bool
	deleted  bool
}

// recentKeys is how many of its keys a writer goes on with.
const recentKeys = 6

// readKey wants a precious key to be what it was made as.
func (l *load) readKey(ctx context.Context, k *ownKey) {
	if !k.precious {
		return
	}
	a := l.read(ctx, l.member, secrets+"/"+k.id+"/payload")
	switch {
	case a == nil:
	case a.Status != http.StatusOK || !bytes.Equal(a.Body, k.value):
		l.count("key read", "wrong")
		l.fault("key " + k.id + " has " + k.digest + ", and is answered " + strconv.Itoa(a.Status) + " with " + digest(a.Body))
	default:
		l.count("key read", "done")
	}
}

// read makes a request that writes nothing, again in each life until one answers.
func (l *load) read(ctx context.Context, by *outside.User, path string) *outside.Answer {
	for {
		url, life, err := l.service.life(ctx)
		if err != nil {
			return nil
		}
		a, err := by.At(url).Do(ctx, outside.Call{Method: http.MethodGet, Path: path})
		if err == nil {
			return a
		}
		if !l.service.over(life) && ctx.Err() == nil {
			l.fault("GET " + path + " failed although nobody killed the service: " + err.Error())
			return nil
		}
	}
}

func digest(value []byte) string {
	sum := sha256.Sum256(value)
	return journal.Digest(int64(len(value)), sum[:])
}

// refOf is the id at the end of a reference in an answer.
func refOf(a *outside.Answer, name string) string {
	var refs map[string]any
	if json.Unmarshal(a.Body, &refs) != nil {
		return ""
	}
	ref, _ := refs[name].(string)
	return ref[strings.LastIndex(ref, "/")+1:]
}

// someKey is one of the keys to go on with; nil where there is none.
func (w *writer) someKey() *ownKey {
	var live []*ownKey
	for _, k := range w.keys {
		if !k.deleted {
			live = append(live, k)
		}
	}
	if len(live) == 0 {
		return nil
	}
	live = live[max(0, len(live)-recentKeys):]
	return live[w.chance.IntN(len(live))]
}

func (w *writer) someSharedKey() *ownKey {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.sharedKeys) == 0 {
		return nil
	}
	return w.sharedKeys[w.chance.IntN(len(w.sharedKeys))]
}

// keepKey takes a key among those to go on with.
func (w *writer) keepKey(k *ownKey) {
	w.keys = append(w.keys, k)
	if k.precious {
		w.mu.Lock()
		w.precious = append(w.precious, k)
		w.mu.Unlock()
	}
}
