package dynamo

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/gander-images/gander/shared/table"
)

// shown writes an expression down with its names and values in their places.
func shown(e expression) string {
	text := e.update + " IF " + e.condition
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(e.names))) {
		text = strings.ReplaceAll(text, name, "<"+e.names[name]+">")
	}
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(e.values))) {
		var v string
		switch value := e.values[name].(type) {
		case *types.AttributeValueMemberN:
			v = value.Value
		case *types.AttributeValueMemberB:
			v = fmt.Sprintf("%q", value.Value)
		}
		text = strings.ReplaceAll(text, name, v)
	}
	return text
}

// TestExpressions holds what is sent for a write; the suite holds what that does.
func TestExpressions(t *testing.T) {
	const least, most = math.MinInt64, math.MaxInt64
	one, minus := map[string]int64{"n": 1}, map[string]int64{"n": -5}
	for _, c := range []struct {
		want  string
		write table.Write
	}{
		{`SET d = "x", v = 2 ADD rev 1 IF attribute_not_exists(pk)`, table.Write{Kind: table.Put, Schema: 2, Body: []byte("x"), If: table.IfAbsent()}},
		{`SET d = "", v = 0 ADD rev 1 IF attribute_exists(pk)`, table.Write{Kind: table.Put, If: table.IfPresent()}},
		{`SET d = "", v = 0 ADD rev 1, <c_n> 1 IF attribute_not_exists(pk)`, table.Write{Kind: table.Put, Counters: one, If: table.IfAbsent()}},
		{`ADD rev 1 IF `, table.Write{Kind: table.Add}},
		{`ADD rev 1, <c_n> 1 IF (attribute_not_exists(<c_n>) OR <c_n> <= 9223372036854775806)`, table.Write{Kind: table.Add, Counters: one}},
		{`ADD rev 1, <c_n> -5 IF (attribute_not_exists(<c_n>) OR <c_n> >= -9223372036854775803)`, table.Write{Kind: table.Add, Counters: minus}},
		{` IF rev = 7`, table.Write{Kind: table.Delete, If: table.IfRevision(7)}},
		{` IF rev = 7 AND <c_n> BETWEEN 1 AND 4`, table.Write{Kind: table.Delete, If: table.IfRevision(7).Within("n", 1, 4)}},
		{` IF (attribute_not_exists(<c_n>) OR <c_n> BETWEEN 0 AND 4)`, table.Write{Kind: table.Check, If: table.IfWithin("n", 0, 4)}},
		{` IF attribute_exists(pk) OR attribute_not_exists(pk)`, table.Write{Kind: table.Check, If: table.IfWithin("n", least, most)}},
		{` IF `, table.Write{Kind: table.Delete, If: table.IfWithin("n", least, most)}},
		{` IF attribute_exists(pk) AND attribute_not_exists(pk)`, table.Write{Kind: table.Check, If: table.IfWithin("n", 2, 1)}},
		{` IF rev = 7 AND attribute_exists(pk) AND attribute_not_exists(pk)`, table.Write{Kind: table.Check, If: table.IfRevision(7).Within("n", 2, 1)}},
		{`ADD rev 1, <c_n> -5 IF <c_n> BETWEEN 5 AND 14`, table.Write{Kind: table.Add, Counters: minus, If: table.IfWithin("n", 0, 9)}},
		{`ADD rev 1, <c_n> 1 IF <c_n> BETWEEN 2 AND 3 AND <c_n> BETWEEN 1 AND 9223372036854775806`, table.Write{Kind: table.Add, Counters: one, If: table.IfWithin("n", 3, 4).Within("n", 2, most)}},
		{` IF <c_n> >= 2 AND (attribute_not_exists(<c_n>) OR <c_n> <= 5)`, table.Write{Kind: table.Check, If: table.IfWithin("n", 2, most).Within("n", least, 5)}},
		{`ADD rev 1, <c_n> -5 IF attribute_exists(pk) AND attribute_not_exists(pk)`, table.Write{Kind: table.Add, Counters: minus, If: table.IfWithin("n", most, most)}},
	} {
		if got := shown(express(&c.write)); got != c.want {
			t.Errorf("%s\nwant\n%s", got, c.want)
		}
	}
}

// TestExpressionsFit holds the largest write that the port allows to DynamoDB's
// 4 KB and 300 operators of one expression.
//
// Source: Amazon DynamoDB Developer Guide, "Quotas", Expression parameters.
func TestExpressionsFit(t *testing.T) {
	for bounds := range table.MaxCounters + 1 {
		w := table.Write{Kind: table.Put, Key: testKey, Counters: map[string]int64{}, If: table.IfRevision(math.MaxInt64)}
		for i := range bounds {
			w.If = w.If.Within(strings.Repeat("b", 90)+fmt.Sprint(i), -1<<40, 1<<40)
		}
		for i := bounds; i < table.MaxCounters; i++ {
			w.Counters[strings.Repeat("c", 90)+fmt.Sprint(i)] = math.MinInt64 + 1
		}
		if err := table.Validate([]table.Write{w}); err != nil {
			t.Fatal(err)
		}
		e := express(&w)
		operators := strings.Count(e.condition, "AND") + strings.Count(e.condition, "OR") + strings.Count(e.condition, "(") + strings.Count(e.condition, "=")
		if len(e.condition) > 4<<10 || len(e.update) > 4<<10 || operators > 300 {
			t.Errorf("%d bounds: %d and %d bytes, %d operators", bounds, len(e.condition), len(e.update), operators)
		}
	}
}
