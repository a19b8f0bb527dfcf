package document

import (
	"encoding/json"
	"reflect"
	"testing"
)

type paper struct {
	Name string `json:"name,omitempty"`
	Size int    `json:"size"`
}

// TestKeep: what is known is what the writer says, and what is not stays.
func TestKeep(t *testing.T) {
	known := Fields(paper{})
	for name, c := range map[string]struct{ body, stored, want string }{
		"new":                   {`{"size":1}`, ``, `{"size":1}`},
		"nothing unknown":       {`{"size":2}`, `{"name":"x","size":1}`, `{"size":2}`},
		"something unknown":     {`{"size":2}`, `{"name":"x","later":{"a":[1]},"more":null}`, `{"size":2,"later":{"a":[1]},"more":null}`},
		"nothing said any more": {`{}`, `{"name":"x","later":7}`, `{"later":7}`},
		"nothing at all":        {`{}`, `{"name":"x"}`, `{}`},
	} {
		kept, err := Keep(json.RawMessage(c.body), json.RawMessage(c.stored), known)
		var got, want any
		if err == nil {
			err = json.Unmarshal(kept, &got)
		}
		if wrong := json.Unmarshal([]byte(c.want), &want); err != nil || wrong != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %s, %v", name, kept, err)
		}
	}
	if kept, err := Keep(json.RawMessage(`{"size":1}`), json.RawMessage(`[1]`), known); err == nil {
		t.Errorf("what is no document becomes %s", kept)
	}
}
