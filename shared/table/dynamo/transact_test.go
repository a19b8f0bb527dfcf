package dynamo

import (
	"context"
	"errors"
	"maps"
	"math"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/table"
)

var testKey = table.Key{Partition: "p", Sort: "s"}

func testPut() table.Write {
	return table.Write{
		Kind: table.Put, Key: testKey, Schema: 1, Body: []byte(`{"a":1}`),
		Counters: map[string]int64{"a": 1, "b": 2, "c": 3, "d": 4}, If: table.IfRevision(3).Within("e", 0, 9),
	}
}

// TestLostAnswersAreSettled breaks a transaction twice, so that it did not happen
// and so that it happened and its answer was lost, in every way that answers get
// lost. It happens once, and the caller learns that it did.
func TestLostAnswersAreSettled(t *testing.T) {
	t.Parallel()
	ways := map[string]reply{
		"cut": cut, "half": half, "garbage": garbage, "hang": hang,
		"500": fail(http.StatusInternalServerError, "InternalServerError", "oops"),
		"503": fail(http.StatusServiceUnavailable, "ServiceUnavailable", "oops"),
	}
	for name, broken := range ways {
		for landed, first := range map[string]reply{"not happened": broken, "happened": lost(broken)} {
			t.Run(name+", "+landed, func(t *testing.T) {
				t.Parallel()
				f := newFake(t)
				f.then("TransactWriteItems", first, first)
				if outcome, err := f.open(3*time.Second).Transact(t.Context(), testPut()); err != nil || !outcome.OK() {
					t.Errorf("%+v, %v", outcome, err)
				}
				if n := f.transactions(); n != 1 {
					t.Errorf("it happened %d times", n)
				}
				if n := len(f.requests("TransactWriteItems")); n != 3 {
					t.Errorf("%d requests, want 3", n)
				}
			})
		}
	}
}

// TestUnknownStaysUnknown never answers. What the caller is told depends on
// whether some attempt may have happened, not on what the last one met.
func TestUnknownStaysUnknown(t *testing.T) {
	t.Parallel()
	conflict := cancel(reason("TransactionConflict", "busy"))
	for name, c := range map[string]struct {
		first, then reply
		want        error
	}{
		"cut for ever":         {cut, cut, table.ErrUnknown},
		"happened, then cut":   {lost(cut), cut, table.ErrUnknown},
		"still running":        {cut, fail(400, "TransactionInProgressException", "running"), table.ErrUnknown},
		"running, then not":    {fail(400, "TransactionInProgressException", "running"), throttle, table.ErrUnknown},
		"cut, then throttled":  {cut, throttle, table.ErrUnknown},
		"cut, then a conflict": {cut, conflict, table.ErrUnknown},
		"cut, then no leave":   {cut, fail(400, "AccessDeniedException", "no"), table.ErrUnknown},
		"cut, then a mismatch": {cut, fail(400, "IdempotentParameterMismatchException", "other"), table.ErrUnknown},
		"throttled for ever":   {throttle, throttle, table.ErrBusy},
		"conflicts for ever":   {conflict, conflict, table.ErrBusy},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.then("TransactWriteItems", c.first)
			f.ever("TransactWriteItems", c.then)
			start := time.Now()
			outcome, err := f.open(300*time.Millisecond).Transact(t.Context(), testPut())
			if !errors.Is(err, c.want) || errors.Is(err, table.ErrUnknown) != errors.Is(c.want, table.ErrUnknown) {
				t.Errorf("%+v, %v; want %v", outcome, err, c.want)
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("it took %s", took)
			}
			if n := len(f.requests("TransactWriteItems")); n < 2 {
				t.Errorf("%d requests: it was not tried again", n)
			}
		})
	}
}

// TestConditionAfterALostAnswer is certain again: had the first request happened,
// its repetition would have been told so.
func TestConditionAfterALostAnswer(t *testing.T) {
	f := newFake(t)
	f.then("TransactWriteItems", cut, cancel(reason("ConditionalCheckFailed", "")))
	outcome, err := f.open(0).Transact(t.Context(), testPut())
	if err != nil || outcome.OK() || outcome.Failed[0].Item != nil {
		t.Errorf("%+v, %v", outcome, err)
	}
}

// TestTransactPatience has throttles and conflicts pass.
func TestTransactPatience(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.then("TransactWriteItems", throttle, fail(400, "ProvisionedThroughputExceededException", ""),
		fail(400, "RequestLimitExceeded", ""), fail(400, "TransactionConflictException", ""),
		cancel(reason("ProvisionedThroughputExceeded", "")), cancel(reason("ThrottlingError", "")), cancel(reason("TransactionConflict", "")))
	if outcome, err := f.open(0).Transact(t.Context(), testPut()); err != nil || !outcome.OK() {
		t.Errorf("%+v, %v", outcome, err)
	}
	if n := len(f.requests("TransactWriteItems")); n != 8 {
		t.Errorf("%d requests, want 8", n)
	}
}

func stored(more object) object {
	o := object{
		"pk": object{"S": "p"}, "sk": object{"S": "s"}, "rev": object{"N": "3"}, "v": object{"N": "1"}, "d": object{"B": "e30="},
		"unknown": object{"M": object{}},
	}
	maps.Copy(o, more)
	return o
}

func failedOn(more object) object {
	return object{"Code": "ConditionalCheckFailed", "Message": "The conditional request failed", "Item": stored(more)}
}

// TestMixedReasons has transactions cancelled for several reasons at once.
func TestMixedReasons(t *testing.T) {
	none, absent := reason("None", ""), reason("ConditionalCheckFailed", "")
	size := reason("ValidationError", "Item size to update has exceeded the maximum allowed size")
	add := table.Write{Kind: table.Add, Key: table.Key{Partition: "q", Sort: "s"}, Counters: map[string]int64{"n": 1}}
	del := table.Write{Kind: table.Delete, Key: table.Key{Partition: "r", Sort: "s"}, If: table.IfPresent()}
	writes := []table.Write{{Kind: table.Check, Key: testKey, If: table.IfRevision(2)}, add, del}
	item := &table.Item{Key: testKey, Revision: 3, Schema: 1, Body: []byte("{}")}
	for name, c := range map[string]struct {
		script   []reply
		want     map[int]*table.Item
		err      error
		requests int
	}{
		"one fails":                {[]reply{cancel(failedOn(nil), none, none)}, map[int]*table.Item{0: item}, nil, 1},
		"two fail":                 {[]reply{cancel(failedOn(nil), none, absent)}, map[int]*table.Item{0: item, 2: nil}, nil, 1},
		"a conflict hides another": {[]reply{cancel(none, reason("TransactionConflict", ""), absent), cancel(failedOn(nil), none, absent)}, map[int]*table.Item{0: item, 2: nil}, nil, 2},
		"a conflict passes":        {[]reply{cancel(failedOn(nil), reason("TransactionConflict", ""), none), land}, nil, nil, 2},
		"too large":                {[]reply{cancel(none, size, none)}, nil, table.ErrItemTooLarge, 1},
		"too large, and one fails": {[]reply{cancel(none, size, absent)}, map[int]*table.Item{2: nil}, nil, 1},
		"malformed":                {[]reply{cancel(none, reason("ValidationError", "type mismatch"), none)}, nil, table.ErrInvalid, 1},
		"no leave for one":         {[]reply{cancel(none, none, reason("AccessDenied", ""))}, nil, table.ErrUnusable, 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.then("TransactWriteItems", c.script...)
			outcome, err := f.open(0).Transact(t.Context(), writes...)
			if !errors.Is(err, c.err) {
				t.Fatalf("%+v, %v; want %v", outcome, err, c.err)
			}
			got := map[int]*table.Item{}
			for _, failed := range outcome.Failed {
				got[failed.Index] = failed.Item
			}
			if !maps.EqualFunc(got, c.want, sameItem) {
				t.Errorf("failed: %+v, want %+v", got, c.want)
			}
			if n := len(f.requests("TransactWriteItems")); n != c.requests {
				t.Errorf("%d requests, want %d", n, c.requests)
			}
		})
	}
}

func sameItem(a, b *table.Item) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Key == b.Key && a.Revision == b.Revision && a.Schema == b.Schema && slices.Equal(a.Body, b.Body) && maps.Equal(a.Counters, b.Counters)
}

// TestCounterBeyond64Bits is told apart from a condition that failed.
func TestCounterBeyond64Bits(t *testing.T) {
	f := newFake(t)
	f.ever("TransactWriteItems", cancel(failedOn(object{"c_n": object{"N": "9223372036854775807"}})))
	write := table.Write{Kind: table.Add, Key: testKey, Counters: map[string]int64{"n": 1}}
	if outcome, err := f.open(0).Transact(t.Context(), write); !errors.Is(err, table.ErrInvalid) {
		t.Errorf("%+v, %v", outcome, err)
	}
	for name, condition := range map[string]table.Condition{
		"bounded": table.IfWithin("n", math.MinInt64, math.MaxInt64), "another revision": table.IfRevision(2),
	} {
		write.If = condition
		if outcome, err := f.open(0).Transact(t.Context(), write); err != nil || outcome.OK() {
			t.Errorf("%s: %+v, %v", name, outcome, err)
		}
	}
}

// TestDefectsAreNotTriedAgain sends what no repetition mends once.
func TestDefectsAreNotTriedAgain(t *testing.T) {
	for code, want := range map[string]error{
		"ValidationException": table.ErrInvalid, "SerializationException": table.ErrInvalid,
		"ResourceNotFoundException": table.ErrUnusable, "AccessDeniedException": table.ErrUnusable, "SomethingNewException": table.ErrUnusable,
	} {
		f := newFake(t)
		f.ever("TransactWriteItems", fail(400, code, "no"))
		f.ever("GetItem", fail(400, code, "no"))
		f.ever("Query", fail(400, code, "no"))
		d := f.open(0)
		if _, err := d.Transact(t.Context(), testPut()); !errors.Is(err, want) {
			t.Errorf("Transact, %s: %v", code, err)
		}
		if _, err := d.Get(t.Context(), testKey); !errors.Is(err, want) {
			t.Errorf("Get, %s: %v", code, err)
		}
		if _, err := d.Query(t.Context(), table.Query{Partition: "p", Limit: 1}); !errors.Is(err, want) {
			t.Errorf("Query, %s: %v", code, err)
		}
		if n := len(f.seen); n != 3 {
			t.Errorf("%s: %d requests for 3 calls", code, n)
		}
	}
}

// TestContextEndsACall leaves a request on its way when the context ends.
func TestContextEndsACall(t *testing.T) {
	f := newFake(t)
	f.ever("TransactWriteItems", hang)
	f.ever("GetItem", hang)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := f.open(0).Transact(ctx, testPut()); !errors.Is(err, table.ErrUnknown) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Transact: %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := f.open(0).Get(ctx, testKey); !errors.Is(err, table.ErrBusy) || !errors.Is(err, context.Canceled) {
		t.Errorf("Get: %v", err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("both took %s", took)
	}
}
