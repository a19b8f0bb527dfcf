package scenarios

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

func readRecord(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// An error comes in the form that WebOb 1.8.9 chose for the same Accept header.
func TestErrorForms(t *testing.T) {
	w := newWorld(t)
	var record []struct{ Accept, Form string }
	readRecord(t, "../testdata/accept.json", &record)
	for _, r := range record {
		if strings.TrimSpace(r.Accept) != r.Accept {
			continue // HTTP takes blanks around a header's value off
		}
		w.call("GET /v2/images/absent", named(r.Accept), header("Accept", r.Accept)).want(404).has("Content-Type", r.Form).says("No image found with ID absent")
	}
}
