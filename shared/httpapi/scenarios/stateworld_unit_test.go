//go:build !cloud

package scenarios

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/image/imagetest"
	"github.com/gander-images/gander/shared/table"
)

// inState makes an image in a state, by calls where some lead there. leave ends
// what goes on meanwhile.
func (w *inside) inState(state image.Status) (id string, leave func()) {
	w.t.Helper()
	id = w.made(`{"name":"x","tags":["a"],"kept":"k","disk_format":"raw","container_format":"bare"}`)
	w.call("POST /v2/images/"+id+"/members", body(`{"member":"other"}`)).want(200)
	leave = func() {}
	switch state {
	case image.Active, image.Deactivated:
		w.call("PUT /v2/images/"+id+"/file", octets("the very bytes")).want(204)
	case image.Saving:
		leave = w.uploading(id)
	case image.Deleted, image.Purging, image.Purged:
		w.call("DELETE /v2/images/" + id).want(204)
	}
	switch state {
	case image.Deactivated:
		w.call("POST /v2/images/" + id + "/actions/deactivate").want(204)
	case image.Uploading, image.Importing, image.Killed, image.PendingDelete, image.Purging:
		w.forced(id, state)
	case image.Purged:
		if err := w.sweepAt(func() time.Time { return time.Now().Add(2 * time.Hour) }); err != nil {
			w.t.Fatal(err)
		}
	}
	if is := w.stored().Records["image#"+id].Status; is != string(state) {
		w.t.Fatalf("the image is %s, not %s", is, state)
	}
	return id, leave
}

// uploading begins an upload, which ends when leave is called.
func (w *inside) uploading(id string) (leave func()) {
	w.t.Helper()
	source, sink := io.Pipe()
	done := make(chan *answer, 1)
	go func() {
		done <- w.call("PUT /v2/images/"+id+"/file", named("meanwhile"), octets(""), func(r *http.Request) { r.Body, r.ContentLength = source, -1 })
	}()
	if _, err := sink.Write([]byte("begun")); err != nil {
		w.t.Fatal(err)
	}
	for end := time.Now().Add(longWait); w.stored().Records["image#"+id].Status != "saving"; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatal("the upload does not begin")
		}
	}
	return func() {
		_ = sink.Close()
		if got := <-done; got.status != 204 && got.status != 410 {
			w.t.Errorf("the upload answers %d %s", got.status, got.body)
		}
	}
}

// forced writes a state that no call leads to, and takes the image out of the
// lists that such images are not in.
func (w *inside) forced(id string, state image.Status) {
	w.t.Helper()
	now := w.stored()
	record := now.Items[image.Key(id)]
	was := `"status":"` + now.Records["image#"+id].Status + `"`
	document := strings.Replace(string(record.Body), was, `"status":"`+string(state)+`"`, 1)
	writes := []table.Write{{
		Kind: table.Put, Key: record.Key, Schema: record.Schema, Body: []byte(document), If: table.IfRevision(record.Revision),
	}}
	for key, item := range now.Items {
		listed := strings.HasPrefix(key.Partition, "list#") && !strings.HasPrefix(key.Partition, "list#shared#") && string(item.Body) == strconv.Quote(id)
		if listed && state != image.Uploading && state != image.Importing {
			writes = append(writes, table.Write{Kind: table.Delete, Key: key, If: table.IfPresent()})
		}
	}
	if outcome, err := w.table.Transact(w.t.Context(), writes...); err != nil || !outcome.OK() {
		w.t.Fatalf("forcing %s: %v %v", state, outcome, err)
	}
}

// changesOf tells what is stored otherwise than before, in words: for the record
// the names of its fields; for what goes with it, how many items of each kind came
// (+), went (-) or changed (~); likewise objects.
func changesOf(before, after *imagetest.World) string {
	counts := map[string]int{}
	var words []string
	for key, item := range after.Items {
		had, ok := before.Items[key]
		switch {
		case !ok:
			counts[itemKind(key)+"+"]++
		case string(had.Body) == string(item.Body):
		case key.Sort == "image":
			words = append(words, "record:"+fieldsChanged(had.Body, item.Body))
		default:
			counts[itemKind(key)+"~"]++
		}
	}
	for key := range before.Items {
		if _, ok := after.Items[key]; !ok {
			counts[itemKind(key)+"-"]++
		}
	}
	for store := range after.Objects {
		if n := len(finishedObjects(after.Objects[store])) - len(finishedObjects(before.Objects[store])); n != 0 {
			counts["object+"] += n
		}
	}
	for word, n := range counts {
		words = append(words, word+strconv.Itoa(n))
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

// itemKind is the first word of where an item stands: below its image, or in a
// partition of its own.
func itemKind(key table.Key) string {
	if strings.HasPrefix(key.Partition, "image#") {
		kind, _, _ := strings.Cut(key.Sort, "#")
		return kind
	}
	kind, _, _ := strings.Cut(key.Partition, "#")
	return kind
}

// finishedObjects leaves out what uploads write meanwhile.
func finishedObjects(objects []blob.Object) []blob.Object {
	return slices.DeleteFunc(slices.Clone(objects), func(o blob.Object) bool { return o.Unfinished })
}

// fieldsChanged names the fields of a document that are others than before.
func fieldsChanged(before, after []byte) string {
	var was, is map[string]json.RawMessage
	if json.Unmarshal(before, &was) != nil || json.Unmarshal(after, &is) != nil {
		return "unreadable"
	}
	var names []string
	for name, value := range is {
		if string(was[name]) != string(value) {
			names = append(names, name)
		}
	}
	for name := range was {
		if _, ok := is[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}
