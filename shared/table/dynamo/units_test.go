package dynamo

import (
	"testing"

	"github.com/gander-images/gander/shared/table"
)

func charged(kind string, units float64) object {
	return object{"ConsumedCapacity": []object{{"TableName": "tab", "CapacityUnits": units, kind: units}}}
}

// TestUnitsReported holds what the meter hears of a call: what DynamoDB says, and
// the port's formula where it says nothing. Half a unit is a whole one.
func TestUnitsReported(t *testing.T) {
	item, large := stored(nil), stored(object{"d": object{"B": make([]byte, 5000)}})
	one := object{"TableName": "tab", "CapacityUnits": 6.5}
	kept := cancel(failedOn(object{"d": object{"B": make([]byte, 3000)}}))
	for name, c := range map[string]struct {
		operation string
		reply     reply
		want      table.Units
	}{
		"get, told":            {"GetItem", answer(object{"Item": item, "ConsumedCapacity": one}), table.Units{Read: 7}},
		"get":                  {"GetItem", answer(object{"Item": large}), table.Units{Read: 2}},
		"get of nothing":       {"GetItem", answer(object{}), table.Units{Read: 1}},
		"batch, told":          {"BatchGetItem", answer(object{"ConsumedCapacity": []object{one}}), table.Units{Read: 7}},
		"batch":                {"BatchGetItem", answer(object{"Responses": object{"tab": []object{large}}}), table.Units{Read: 3}},
		"query, told":          {"Query", answer(object{"Items": []object{item}, "ConsumedCapacity": one}), table.Units{Read: 7}},
		"query":                {"Query", answer(object{"Items": []object{large, large}}), table.Units{Read: 3}},
		"transaction, told":    {"TransactWriteItems", answer(charged("WriteCapacityUnits", 8)), table.Units{Write: 8}},
		"transaction, in all":  {"TransactWriteItems", answer(object{"ConsumedCapacity": []object{one}}), table.Units{Write: 7}},
		"transaction":          {"TransactWriteItems", answer(object{}), table.Units{Write: 2}},
		"transaction, again":   {"TransactWriteItems", answer(charged("ReadCapacityUnits", 3)), table.Units{Read: 3, Write: 2}},
		"transaction, refused": {"TransactWriteItems", kept, table.Units{Write: 6}},
	} {
		f := newFake(t)
		f.ever(c.operation, c.reply)
		m := table.NewMeter(f.open(0))
		var err error
		switch c.operation {
		case "GetItem":
			_, err = m.Get(t.Context(), testKey)
		case "BatchGetItem":
			_, err = m.Get(t.Context(), testKey, table.Key{Partition: "p", Sort: "nothing"})
		case "Query":
			_, err = m.Query(t.Context(), table.Query{Partition: "p", Limit: 3})
		default:
			_, err = m.Transact(t.Context(), testPut())
		}
		if got := m.Total().Units; err != nil || got != c.want {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, c.want)
		}
	}
}
