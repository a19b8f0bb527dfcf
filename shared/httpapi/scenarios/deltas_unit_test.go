//go:build !cloud

package scenarios

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// A delta is one aspect in which our answer is not Glance's. Aspects are
// "status", "header NAME", "body", "text" (what an error says), "detail" (what
// follows it), and the path to a value of a JSON body: "images.0.name".
type delta struct{ aspect, glance, ours string }

func (d delta) String() string {
	return fmt.Sprintf("%s: Glance %s, ours %s", d.aspect, d.glance, d.ours)
}

// absent stands for a header or a key that is not there.
const absent = "-"

// unlike are headers of the server and of the moment, which nobody compares.
var unlike = map[string]bool{"Date": true, "Server": true, "Connection": true, "Transfer-Encoding": true}

// compare holds an answer against what was recorded. Answers of other statuses
// are different answers, of which no more is compared.
func compare(want kept, got *answer, v variables) *comparison {
	c := &comparison{variables: v, aspects: 1}
	if got.status != want.Status {
		c.deltas = []delta{{"status", strconv.Itoa(want.Status), strconv.Itoa(got.status)}}
		return c
	}
	c.headers(want.Headers, got.header)
	switch {
	case want.Status >= http.StatusBadRequest:
		c.errors(want.told(), toldBy(got))
	case len(want.JSON) > 0:
		c.values("", decoded(want.JSON), decoded(got.body))
	default:
		c.texts("body", want.Text, string(got.body))
	}
	return c
}

// A comparison gathers what differs.
type comparison struct {
	variables variables
	deltas    []delta
	aspects   int // that were compared
}

func (c *comparison) differs(aspect, glance, ours string) {
	c.deltas = append(c.deltas, delta{aspect, glance, ours})
}

func (c *comparison) headers(want map[string]string, got http.Header) {
	names := map[string]bool{}
	for name := range want {
		names[http.CanonicalHeaderKey(name)] = true
	}
	for name := range got {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if unlike[name] || name == "Content-Length" && want["Content-Length"] == "" {
			continue
		}
		wanted, ours := absent, absent
		if value, ok := want[name]; ok {
			wanted = value
		}
		if values, ok := got[name]; ok {
			ours = strings.Join(values, "|")
		}
		c.aspects++
		if !c.variables.matches(wanted, ours) {
			c.differs("header "+name, wanted, ours)
		}
	}
}

func (c *comparison) texts(aspect, want, got string) {
	c.aspects++
	if !c.variables.matches(want, got) {
		c.differs(aspect, strconv.Quote(want), strconv.Quote(got))
	}
}

// A told is an error body, taken apart: what it says, and the form around it.
type told struct{ form, text, detail string }

func (c *comparison) errors(want, got told) {
	c.texts("body", want.form, got.form)
	c.texts("text", want.text, got.text)
	c.texts("detail", want.detail, got.detail)
}

// told is the error that was recorded.
func (k kept) told() told {
	if len(k.JSON) > 0 {
		return jsonError(k.JSON)
	}
	return writtenError(k.Text)
}

func toldBy(a *answer) told {
	if a.header.Get("Content-Type") == "application/json" {
		return jsonError(a.body)
	}
	return writtenError(string(a.body))
}

// jsonError takes apart an error in JSON.
func jsonError(body []byte) told {
	var e map[string]string
	if err := json.Unmarshal(body, &e); err != nil {
		return told{form: "no object of texts: " + string(body)}
	}
	text, detail, found := strings.Cut(e["message"], "<br /><br />\n")
	if found {
		text += "<br />"
	}
	delete(e, "message")
	return told{form: fmt.Sprint(e), text: text, detail: detail}
}

// writtenError takes apart an error in HTML or plain text.
func writtenError(body string) told {
	end := "\n </body>\n</html>"
	if head, rest, ok := strings.Cut(body, "</h1>\n  "); ok && strings.HasSuffix(rest, end) {
		text, detail, _ := strings.Cut(strings.TrimSuffix(rest, end), "<br /><br />\n")
		return told{form: head + end, text: text, detail: detail}
	}
	head, rest, _ := strings.Cut(body, "\n\n")
	text, detail, _ := strings.Cut(rest, "\n\n")
	return told{form: head, text: text, detail: detail}
}

// decoded reads JSON with numbers as they are written.
func decoded(body []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return fmt.Sprintf("no JSON: %s", body)
	}
	return value
}

// values compares JSON values, those of objects one by one.
func (c *comparison) values(path string, want, got any) {
	c.aspects++
	switch wanted := want.(type) {
	case map[string]any:
		if ours, ok := got.(map[string]any); ok {
			c.objects(path, wanted, ours)
			return
		}
	case []any:
		ours, ok := got.([]any)
		if strings.HasSuffix(path, "tags") && ok {
			sortTexts(ours)
		}
		if a, b := ids(wanted), ids(ours); !c.variables.matches(a, b) {
			c.differs(path, c.variables.fill(a), b) // not each of them with another
			return
		}
		if ok && len(ours) == len(wanted) {
			for i := range wanted {
				c.values(joined(path, strconv.Itoa(i)), wanted[i], ours[i])
			}
			return
		}
	case string:
		if ours, ok := got.(string); ok && c.variables.matches(wanted, ours) {
			return
		}
	default:
		if want == got {
			return
		}
	}
	c.differs(cmp.Or(path, "body"), c.variables.fill(written(want)), written(got))
}

func (c *comparison) objects(path string, want, got map[string]any) {
	filled := make(map[string]any, len(want))
	for key, value := range want {
		filled[c.variables.fill(key)] = value
	}
	keys := slices.Collect(maps.Keys(filled))
	for key := range got {
		if _, ok := filled[key]; !ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		wanted, kept := filled[key]
		ours, has := got[key]
		switch {
		case !kept:
			c.differs(joined(path, key), absent, written(ours))
		case !has:
			c.differs(joined(path, key), written(wanted), absent)
		default:
			c.values(joined(path, key), wanted, ours)
		}
	}
}

// ids are those of a list of objects.
func ids(list []any) string {
	var found []string
	for _, entry := range list {
		object, _ := entry.(map[string]any)
		if id, ok := object["id"].(string); ok {
			found = append(found, id)
		}
	}
	return strings.Join(found, " ")
}

// sortTexts puts tags, which have no order, into one.
func sortTexts(values []any) {
	slices.SortFunc(values, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
}

func joined(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func written(value any) string {
	out, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(out)
}
