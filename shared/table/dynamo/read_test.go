package dynamo

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/table"
)

// asked returns the sort keys that a BatchGetItem asks for.
func asked(t *testing.T, r request) (sorts []string) {
	t.Helper()
	in := r.decode(t)["RequestItems"].(object)["tab"].(object)
	if in["ConsistentRead"] != true {
		t.Error("the read is not strong")
	}
	for _, k := range in["Keys"].([]any) {
		sorts = append(sorts, k.(object)["sk"].(object)["S"].(string))
	}
	return sorts
}

func wireKey(sort string) object {
	return object{"pk": object{"S": "p"}, "sk": object{"S": sort}}
}

// batch answers a BatchGetItem with the first of its keys, the last first, and
// leaves the others. Keys that begin with x are of no item.
func batch(t *testing.T, first int) reply {
	return func(f *fake, w http.ResponseWriter, r request) {
		sorts := asked(t, r)
		items, left := []object{}, []object{}
		for i := len(sorts) - 1; i >= 0; i-- {
			switch {
			case i >= first:
				left = append(left, wireKey(sorts[i]))
			case sorts[i][0] != 'x':
				items = append(items, stored(object{"sk": object{"S": sorts[i]}}))
			}
		}
		out := object{"Responses": object{"tab": items}}
		if len(left) > 0 {
			out["UnprocessedKeys"] = object{"tab": object{"Keys": left, "ConsistentRead": true}}
		}
		answer(out)(f, w, r)
	}
}

// TestUnprocessedKeys leaves keys out in every answer but the last.
func TestUnprocessedKeys(t *testing.T) {
	f := newFake(t)
	f.then("BatchGetItem", batch(t, 3), throttle, batch(t, 0), batch(t, 0), batch(t, 2), batch(t, 100))
	keys := make([]table.Key, 9)
	for i, sort := range []string{"a", "b", "x1", "c", "a", "d", "x2", "e", "x1"} {
		keys[i] = table.Key{Partition: "p", Sort: sort}
	}
	items, err := f.open(0).Get(t.Context(), keys...)
	if err != nil || len(items) != len(keys) {
		t.Fatalf("%d items, %v", len(items), err)
	}
	for i, k := range keys {
		if there := k.Sort[0] != 'x'; (items[i] != nil) != there || there && items[i].Key != k {
			t.Errorf("%s: %+v", k.Sort, items[i])
		}
	}
	if items[0] == items[4] {
		t.Error("two keys share one item")
	}
	if n := len(f.requests("BatchGetItem")); n != 6 {
		t.Errorf("%d requests, want 6", n)
	}
}

// TestNeverProcessed leaves all keys out for ever.
func TestNeverProcessed(t *testing.T) {
	f := newFake(t)
	f.ever("BatchGetItem", batch(t, 0))
	_, err := f.open(200*time.Millisecond).Get(t.Context(), testKey, table.Key{Partition: "p", Sort: "t"})
	if !errors.Is(err, table.ErrBusy) {
		t.Error(err)
	}
	if n := len(f.requests("BatchGetItem")); n < 2 {
		t.Errorf("%d requests", n)
	}
}

// TestBatches asks for at most a hundred keys at once, and for none twice.
func TestBatches(t *testing.T) {
	f := newFake(t)
	f.ever("BatchGetItem", batch(t, 100))
	var keys []table.Key
	for i := range 250 {
		keys = append(keys, table.Key{Partition: "p", Sort: strconv.Itoa(i % 230)})
	}
	if _, err := f.open(0).Get(t.Context(), keys...); err != nil {
		t.Fatal(err)
	}
	var sizes []int
	for _, r := range f.requests("BatchGetItem") {
		sizes = append(sizes, len(asked(t, r)))
	}
	if fmt.Sprint(sizes) != "[100 100 30]" {
		t.Errorf("batches of %v keys", sizes)
	}
	if _, err := f.open(0).Get(t.Context()); err != nil || len(f.seen) != 3 {
		t.Errorf("no keys: %v, %d requests", err, len(f.seen))
	}
}

// TestReadsAreTriedAgain after what may pass.
func TestReadsAreTriedAgain(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.then("GetItem", throttle, cut, half, garbage, fail(500, "InternalServerError", ""), answer(object{"Item": stored(nil)}))
	f.then("Query", throttle, cut, half, garbage, fail(500, "InternalServerError", ""), answer(object{"Items": []object{stored(nil)}}))
	if items, err := f.open(0).Get(t.Context(), testKey); err != nil || items[0] == nil || items[0].Revision != 3 {
		t.Errorf("%+v, %v", items, err)
	}
	for _, r := range f.requests("GetItem") {
		if r.decode(t)["ConsistentRead"] != true {
			t.Errorf("the read is not strong: %s", r.body)
		}
	}
	if page, err := f.open(0).Query(t.Context(), table.Query{Partition: "p", Limit: 1}); err != nil || len(page.Items) != 1 || page.More {
		t.Errorf("%+v, %v", page, err)
	}
}

// TestQueries holds what is sent for a query; the suite holds what that finds.
func TestQueries(t *testing.T) {
	for _, c := range []struct {
		q     table.Query
		start string // sort key; "none": no request at all
	}{
		{table.Query{}, ""},
		{table.Query{After: "b"}, "b"},
		{table.Query{Prefix: "b", After: "b1"}, "b1"},
		{table.Query{Prefix: "b", After: "a"}, ""},
		{table.Query{Prefix: "b", After: "c"}, "none"},
		{table.Query{Prefix: "b", After: "a", Backward: true}, "none"},
		{table.Query{Prefix: "b", After: "c", Backward: true}, ""},
		{table.Query{Limit: math.MaxInt}, ""},
	} {
		f := newFake(t)
		f.ever("Query", answer(object{"Items": []object{stored(nil)}, "LastEvaluatedKey": wireKey("s")}))
		c.q.Partition, c.q.Limit = "p", max(c.q.Limit, 7)
		page, err := f.open(0).Query(t.Context(), c.q)
		if err != nil {
			t.Fatal(err)
		}
		if c.start == "none" {
			if page.More || len(page.Items) > 0 || len(f.seen) > 0 {
				t.Errorf("%+v: %+v, %d requests", c.q, page, len(f.seen))
			}
			continue
		}
		if !page.More || page.Last != "s" || len(page.Items) != 1 {
			t.Errorf("%+v: %+v", c.q, page)
		}
		in := f.seen[0].decode(t)
		if in["ConsistentRead"] != true || in["ScanIndexForward"] == c.q.Backward || in["IndexName"] != nil {
			t.Errorf("%+v sends %s", c.q, f.seen[0].body)
		}
		if start, _ := in["ExclusiveStartKey"].(object); (start == nil) != (c.start == "") || start != nil && start["sk"].(object)["S"] != c.start {
			t.Errorf("%+v starts at %v", c.q, in["ExclusiveStartKey"])
		}
	}
}

// TestDamagedItems has items that no version of ours wrote.
func TestDamagedItems(t *testing.T) {
	for _, damage := range []object{{"pk": object{"N": "1"}}, {"rev": object{"S": "one"}}, {"c_n": object{"N": "1.5"}}, {"v": object{"N": "1e99"}}} {
		f := newFake(t)
		f.ever("GetItem", answer(object{"Item": stored(damage)}))
		f.ever("BatchGetItem", answer(object{"Responses": object{"tab": []object{stored(damage)}}}))
		f.ever("Query", answer(object{"Items": []object{stored(damage)}}))
		f.ever("TransactWriteItems", cancel(failedOn(damage)))
		for call, err := range calls(t, f.open(0)) {
			if err == nil || errors.Is(err, table.ErrBusy) {
				t.Errorf("%s of %v: %v", call, damage, err)
			}
		}
		if n := len(f.seen); n != 4 {
			t.Errorf("%v: %d requests for 4 calls", damage, n)
		}
	}
}
