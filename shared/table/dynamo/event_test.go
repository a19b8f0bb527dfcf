package dynamo

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/table"
)

func TestEventRecordsBecomeChanges(t *testing.T) {
	payload := `{"Records":[{"eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":"7",
		"OldImage":{"pk":{"S":"p"},"sk":{"S":"s"},"rev":{"N":"1"},"v":{"N":"2"},"d":{"B":"e30="},"c_members":{"N":"-3"}},
		"NewImage":{"pk":{"S":"p"},"sk":{"S":"s"},"rev":{"N":"2"},"later":{"M":{}}}}}]}`
	records, err := ParseEvent([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	change, err := records[0].Change()
	key := table.Key{Partition: "p", Sort: "s"}
	want := table.Change{
		Sequence: strings.Repeat("0", 39) + "7",
		Old:      &table.Item{Key: key, Revision: 1, Schema: 2, Body: []byte("{}"), Counters: map[string]int64{"members": -3}},
		New:      &table.Item{Key: key, Revision: 2},
	}
	if err != nil || !reflect.DeepEqual(change, want) {
		t.Errorf("%+v, %v", change, err)
	}
	for _, image := range []string{
		`{}`, `{"pk":{"S":"p"}}`, `{"pk":{"N":"1"},"sk":{"S":"s"}}`, `{"pk":{"S":"p"},"sk":{"S":"s"},"rev":{"N":"x"}}`, `{"pk":{"S":"p"},"sk":{"S":"s"},"c_n":{"S":"1"}}`,
	} {
		records, err := ParseEvent([]byte(`{"Records":[{"eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":"7","NewImage":` + image + `}}]}`))
		if err != nil {
			t.Fatal(err)
		}
		if change, err := records[0].Change(); err == nil {
			t.Errorf("%s: %+v", image, change)
		}
	}
}

func TestWhatIsNoEvent(t *testing.T) {
	for _, payload := range []string{
		"", "[]", "{}", `{"Records":[]}`, `{"Records":[{}]}`,
		`{"Records":[{"eventSource":"aws:s3","dynamodb":{"SequenceNumber":"1"}}]}`,
		`{"Records":[{"eventSource":"aws:dynamodb"}]}`,
	} {
		if records, err := ParseEvent([]byte(payload)); err == nil {
			t.Errorf("%q is an event: %+v", payload, records)
		}
	}
}

// FuzzEvents reads what no cloud sends: an error, or changes, never a panic.
func FuzzEvents(f *testing.F) {
	event, err := os.ReadFile("../../../events/reaper.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(event)
	f.Add([]byte(`{"Records":[{"eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":"7","NewImage":{"pk":{"S":"p"},"sk":{"S":"s"},"c_":{"N":"1"}}}}]}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		records, err := ParseEvent(payload)
		if err == nil && len(records) == 0 {
			t.Error("an event of no records")
		}
		for _, r := range records {
			change, err := r.Change()
			if err == nil && (change.Key().Partition == "" || change.Key().Sort == "" || change.Sequence == "") {
				t.Errorf("a change of nothing: %+v", change)
			}
		}
	})
}
