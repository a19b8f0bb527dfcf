package dynamo

import (
	"math"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/gander-images/gander/shared/table"
)

// Texts that expressions are made of. None of our attribute names is a reserved
// word; counters, which may have any name, stand behind placeholders.
const (
	isThere  = "attribute_exists(" + table.AttrPartition + ")"
	isAbsent = "attribute_not_exists(" + table.AttrPartition + ")"
	always   = isThere + " OR " + isAbsent
	never    = isThere + " AND " + isAbsent
	rightRev = table.AttrRevision + " = :r"

	setDoc   = "SET " + table.AttrBody + " = :d, " + table.AttrSchema + " = :v "
	countRev = "ADD " + table.AttrRevision + " :i"
)

var one = number(1)

// An expression is what one write asks of its item, and does to it, with the
// names and values that both use.
type expression struct {
	condition, update string
	names             map[string]string
	values            attributes

	counters []string // by number of their placeholder
}

// express puts a write into words. What each kind of write sends beside it is in
// transact.go.
func express(w *table.Write) expression {
	e := expression{values: attributes{}}
	if w.Kind == table.Put || w.Kind == table.Add {
		e.update = e.updateOf(w)
	}
	e.condition = e.conditionOf(w)
	if len(e.values) == 0 {
		e.values = nil // an empty one is refused
	}
	return e
}

// updateOf counts the revision and adds to counters; a Put replaces the document.
func (e *expression) updateOf(w *table.Write) string {
	e.values[":i"] = one
	head := countRev
	if w.Kind == table.Put {
		e.values[":d"], e.values[":v"] = binary(w.Body), number(int64(w.Schema))
		head = setDoc + countRev
	}
	if len(w.Counters) == 0 {
		return head
	}
	text := append(make([]byte, 0, len(head)+16*len(w.Counters)), head...)
	for name, n := range w.Counters {
		i := e.counter(name)
		e.values[placeholder(":n", i)] = number(n)
		text = append(text, ", #c"...)
		text = strconv.AppendInt(text, int64(i), 10)
		text = append(text, " :n"...)
		text = strconv.AppendInt(text, int64(i), 10)
	}
	return string(text)
}

// conditionOf joins what the condition requires; empty where that is nothing.
func (e *expression) conditionOf(w *table.Write) string {
	head := ""
	if rev, wanted := w.If.WantedRevision(); wanted {
		head = rightRev
		e.values[":r"] = number(rev)
	} else if w.If.WantsAbsent() {
		head = isAbsent
	} else if w.If.WantsPresent() {
		head = isThere
	}
	bounds := w.If.Bounds()
	if len(bounds) == 0 && len(w.Counters) == 0 {
		return head
	}
	text := append(make([]byte, 0, len(head)+64*(len(bounds)+len(w.Counters))), head...)
	for _, b := range bounds {
		text = e.within(text, b, w.Counters[b.Counter])
	}
	text = e.guard(text, w)
	if len(text) == 0 && w.Kind == table.Check {
		return always // a check must have a condition
	}
	return string(text)
}

// guard keeps counters that have no bound of their own within 64 bits: an item
// beyond them could be read by nobody. Where there is no item yet nothing can go
// beyond.
func (e *expression) guard(text []byte, w *table.Write) []byte {
	if w.If.WantsAbsent() {
		return text
	}
	for name, n := range w.Counters {
		if !bounded(w.If, name) {
			text = e.within(text, table.Bound{Counter: name, Min: math.MinInt64, Max: math.MaxInt64}, n)
		}
	}
	return text
}

func bounded(c table.Condition, counter string) bool {
	for _, b := range c.Bounds() {
		if b.Counter == counter {
			return true
		}
	}
	return false
}

// within appends a bound, which holds after the write's own addition: before it,
// the counter must lie so much lower.
func (e *expression) within(text []byte, b table.Bound, addition int64) []byte {
	low, high, possible := before(b, addition)
	if possible && low == math.MinInt64 && high == math.MaxInt64 {
		return text
	}
	if len(text) > 0 {
		text = append(text, " AND "...)
	}
	if !possible {
		return append(text, never...)
	}
	name, absentHolds := placeholder("#c", e.counter(b.Counter)), low <= 0 && high >= 0
	if absentHolds {
		text = append(append(append(text, "(attribute_not_exists("...), name...), ") OR "...)
	}
	text = append(text, name...)
	switch {
	case low == math.MinInt64:
		text = append(append(text, " <= "...), e.value(high)...)
	case high == math.MaxInt64:
		text = append(append(text, " >= "...), e.value(low)...)
	default:
		text = append(append(text, " BETWEEN "...), e.value(low)...)
		text = append(append(text, " AND "...), e.value(high)...)
	}
	if absentHolds {
		text = append(text, ')')
	}
	return text
}

// value returns the placeholder of a bound.
func (e *expression) value(n int64) string {
	name := placeholder(":b", len(e.values))
	e.values[name] = number(n)
	return name
}

// before moves a bound from after an addition to before it, and reports whether
// any counter can lie there.
func before(b table.Bound, addition int64) (low, high int64, possible bool) {
	low, lowOut := minus(b.Min, addition)
	high, highOut := minus(b.Max, addition)
	return low, high, lowOut <= 0 && highOut >= 0 && low <= high
}

// minus returns a-b, cut to 64 bits, and on which side it was beyond them.
func minus(a, b int64) (difference int64, beyond int) {
	switch {
	case b > 0 && a < math.MinInt64+b:
		return math.MinInt64, -1
	case b < 0 && a > math.MaxInt64+b:
		return math.MaxInt64, 1
	default:
		return a - b, 0
	}
}

// counter returns the number of the placeholder of a counter's name.
func (e *expression) counter(name string) int {
	for i, known := range e.counters {
		if known == name {
			return i
		}
	}
	i := len(e.counters)
	e.counters = append(e.counters, name)
	if e.names == nil {
		e.names = make(map[string]string, 4)
	}
	e.names[placeholder("#c", i)] = table.AttrCounter + name
	return i
}

func placeholder(kind string, i int) string { return kind + strconv.Itoa(i) }

// words returns a pointer to an expression's text, nil for none.
func words(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// item is a write as a part of a transaction.
func (t *Table) item(w *table.Write) types.TransactWriteItem {
	e, key, old := express(w), keyOf(w.Key), types.ReturnValuesOnConditionCheckFailureAllOld
	switch w.Kind {
	case table.Delete:
		return types.TransactWriteItem{Delete: &types.Delete{
			TableName: t.name, Key: key, ConditionExpression: words(e.condition),
			ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values, ReturnValuesOnConditionCheckFailure: old,
		}}
	case table.Check:
		return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: t.name, Key: key, ConditionExpression: words(e.condition),
			ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values, ReturnValuesOnConditionCheckFailure: old,
		}}
	default:
		return types.TransactWriteItem{Update: &types.Update{
			TableName: t.name, Key: key, UpdateExpression: words(e.update), ConditionExpression: words(e.condition),
			ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values, ReturnValuesOnConditionCheckFailure: old,
		}}
	}
}
