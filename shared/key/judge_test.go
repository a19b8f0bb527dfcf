package key_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/key/keytest"
	"github.com/gander-images/gander/shared/key/order"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/vault"
)

// A planting is a world with something wrong in it.
type planting struct {
	t       *testing.T
	items   map[table.Key]table.Item
	secrets map[vault.Name]vault.Secret
}

// one returns the key of the one item whose place has all the parts.
func (p planting) one(parts ...string) table.Key {
	p.t.Helper()
	var found []table.Key
	for at := range p.items {
		place := at.Partition + " " + at.Sort
		if !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(place, part) }) {
			found = append(found, at)
		}
	}
	if len(found) != 1 {
		p.t.Fatalf("%v is at %v", parts, found)
	}
	return found[0]
}

func (p planting) drop(parts ...string) { delete(p.items, p.one(parts...)) }

func (p planting) set(field string, value any, parts ...string) {
	p.t.Helper()
	at := p.one(parts...)
	item := p.items[at]
	fields := map[string]any{}
	if err := json.Unmarshal(item.Body, &fields); err != nil {
		p.t.Fatal(err)
	}
	fields[field] = value
	item.Body, _ = json.Marshal(fields)
	p.items[at] = item
}

func (p planting) replace(body string, parts ...string) {
	p.t.Helper()
	at := p.one(parts...)
	item := p.items[at]
	item.Body = []byte(body)
	p.items[at] = item
}

func (p planting) copyTo(partition string, parts ...string) {
	at := p.one(parts...)
	item := p.items[at]
	item.Partition = partition
	p.items[item.Key] = item
}

// TestTheJudgeSees plants faults into what was right, and has each of them found.
func TestTheJudgeSees(t *testing.T) {
	const record = "key#" + theKey
	for name, c := range map[string]struct {
		state string
		plant func(p planting)
	}{
		"count too high":            {"live, A", func(p planting) { p.set("holders", 2, record, " key") }},
		"own miscounted":            {"live, A", func(p planting) { p.set("own", 0, record, " key") }},
		"own of a stranger":         {"live, B", func(p planting) { p.set("own", true, record, "holder#") }},
		"holder row lost":           {"live, A", func(p planting) { p.drop(record, "holder#") }},
		"record lost":               {"live, A", func(p planting) { p.drop(record, " key") }},
		"holder of no image":        {"live, A", func(p planting) { p.set("properties", map[string]string{}, "image#"+imgA, " image") }},
		"another wish":              {"live, A", func(p planting) { p.set("delete", false, record, "holder#") }},
		"another owner":             {"live, A", func(p planting) { p.set("owner", "b", "image#"+imgA, " image") }},
		"a purged image holds":      {"live, A", func(p planting) { p.set("status", "purging", "image#"+imgA, " image") }},
		"not condemned":             {"live", func(p planting) { p.set("wish_delete", true, record, " key") }},
		"condemned against a wish":  {"condemned", func(p planting) { p.set("wish_keep", true, record, " key") }},
		"due entry lost":            {"condemned", func(p planting) { p.drop("due#key#") }},
		"nothing due":               {"scheduled", func(p planting) { p.set("due", "0001-01-01T00:00:00Z", record, " key"); p.drop("due#key#") }},
		"due at another time":       {"condemned", func(p planting) { p.set("due", "2026-07-01T09:00:01Z", record, " key") }},
		"due for nothing":           {"live", func(p planting) { p.set("due", "2026-07-01T09:00:01Z", record, " key") }},
		"not listed":                {"live", func(p planting) { p.drop("list#keys#created") }},
		"not in the owner's list":   {"live", func(p planting) { p.drop("list#keys#a") }},
		"in another's list":         {"live", func(p planting) { p.copyTo("list#keys#b\x01#created#0", "list#keys#a") }},
		"metadata left":             {"live", func(p planting) { p.drop(record, " key") }},
		"secret missing":            {"live", func(p planting) { clear(p.secrets) }},
		"secret scheduled":          {"live", func(p planting) { p.secrets[vault.Name{Key: theKey, Generation: 1}] = vault.Secret{Scheduled: true} }},
		"secret of nobody":          {"live", func(p planting) { p.secrets[vault.Name{Key: theKey, Generation: 2}] = vault.Secret{} }},
		"gone, and there":           {"gone", func(p planting) { p.secrets[vault.Name{Key: theKey, Generation: 1}] = vault.Secret{} }},
		"external without a holder": {"external", func(p planting) { p.drop(record, "holder#"); p.set("holders", 0, record, " key") }},
		"external with an owner":    {"external", func(p planting) { p.set("owner", "c", record, " key") }},
		"no state":                  {"live", func(p planting) { p.set("state", "odd", record, " key") }},
		"restoring what is live":    {"live", func(p planting) { p.set("restoring", true, record, " key") }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for _, state := range states {
				if state.name == c.state {
					state.make(w)
				}
			}
			w.audit()
			p := planting{t, w.items(), w.secrets()}
			c.plant(p)
			if len(keytest.Faults(p.items, p.secrets)) == 0 {
				t.Error("nothing is found")
			}
		})
	}
}

// TestTheJudgeSeesTheUncounted: an image that names a key and does not count.
func TestTheJudgeSeesTheUncounted(t *testing.T) {
	w := newWorld(t)
	w.makeKey(theKey)
	w.images.Keys = nil
	w.must(w.create(owner, imgA, map[string]string{key.ImageKey: "urn:uuid:" + theKey}))
	if w.found(imgA).Status != image.Queued || len(w.faults()) != 1 {
		t.Errorf("what is found: %q", w.faults())
	}
}

// TestTheJudgeSeesOrders plants faults into an order and its place in the list.
func TestTheJudgeSeesOrders(t *testing.T) {
	const record, list = "order#", "list#orders#"
	for name, plant := range map[string]func(p planting){
		"an order in no list":    func(p planting) { p.drop(list) },
		"an entry for no order":  func(p planting) { p.drop(record) },
		"an order in two lists":  func(p planting) { p.copyTo("list#orders#b\x01#created#0", list) },
		"an entry of another":    func(p planting) { p.replace(`"other"`, list) },
		"an entry without sense": func(p planting) { p.replace(`7`, list) },
	} {
		w := newWorld(t)
		n := key.New{Owner: owner.ProjectID, Metadata: key.Metadata{BitLength: 256}}
		_, err := order.Service{Keys: w.keys}.Place(w.ctx(), w.grant(policy.OrdersPost, owner, owner.ProjectID), n, json.RawMessage(`{}`))
		w.must(err)
		w.audit()
		p := planting{t, w.items(), w.secrets()}
		plant(p)
		if len(keytest.Faults(p.items, p.secrets)) == 0 {
			t.Errorf("%s: nothing is found", name)
		}
	}
}
