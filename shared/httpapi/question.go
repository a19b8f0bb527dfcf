package httpapi

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// A question is what policy-explain is asked.
type question struct {
	rule    policy.Rule
	imageID string            // empty: none
	target  policy.Attributes // never nil
	caller  *caller.Caller    // nil: whoever asks
}

// readQuestion reads the body of policy-explain. A null is as good as nothing. An
// image and a described target exclude each other: with both, attributes of the
// one could be tried out on the other.
func readQuestion(body []byte) (question, error) {
	q := question{target: policy.Attributes{}}
	var id string
	err := readFields(body, "", map[string]func(json.RawMessage) error{
		"rule":     func(v json.RawMessage) error { return readAs(v, "rule", "text", &q.rule) },
		"image_id": func(v json.RawMessage) error { return readAs(v, "image_id", "text", &id) },
		"target":   func(v json.RawMessage) error { return readAs(v, "target", "object", &q.target) },
		"caller": func(v json.RawMessage) (err error) {
			q.caller, err = readCaller(v)
			return err
		},
	})
	switch {
	case err != nil:
		return q, err
	case q.rule == "":
		return q, problem.New(problem.Invalid, "'rule' is missing: the name of a policy rule.")
	case id != "" && len(q.target) > 0:
		return q, problem.New(problem.Invalid, "'image_id' and 'target' exclude each other.")
	}
	q.imageID = id
	return q, nil
}

// readCaller reads whom a question is about. What it does not say is absent, as
// for a token that does not.
func readCaller(value json.RawMessage) (*caller.Caller, error) {
	c := &caller.Caller{IsAdminProject: true}
	text := func(name string, to *string) func(json.RawMessage) error {
		return func(v json.RawMessage) error { return readAs(v, name, "text", to) }
	}
	list := func(name string, to *[]string) func(json.RawMessage) error {
		return func(v json.RawMessage) error { return readAs(v, name, "list of texts", to) }
	}
	return c, readFields(value, "caller.", map[string]func(json.RawMessage) error{
		"user_id": text("caller.user_id", &c.UserID), "project_id": text("caller.project_id", &c.ProjectID),
		"system_scope": text("caller.system_scope", &c.SystemScope),
		"roles":        list("caller.roles", &c.Roles), "service_roles": list("caller.service_roles", &c.Service.Roles),
	})
}

// readFields reads an object whose names are all known. within begins what its
// names are called in messages.
func readFields(value json.RawMessage, within string, readers map[string]func(json.RawMessage) error) error {
	var fields map[string]json.RawMessage
	if json.Unmarshal(value, &fields) != nil || fields == nil {
		what := "The body"
		if within != "" {
			what = "'" + strings.TrimSuffix(within, ".") + "'"
		}
		return problem.New(problem.Invalid, "%s must be an object.", what)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		read := readers[name]
		if read == nil {
			return problem.New(problem.Invalid, "There is no field '%s%s' here.", within, name)
		}
		if string(fields[name]) == "null" {
			continue
		}
		if err := read(fields[name]); err != nil {
			return err
		}
	}
	return nil
}

// readAs reads one value. Numbers keep how they are written.
func readAs(value json.RawMessage, name, kind string, to any) error {
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	if decoder.Decode(to) != nil {
		return problem.New(problem.Invalid, "'%s' is not valid: %s needed.", name, kind)
	}
	return nil
}
