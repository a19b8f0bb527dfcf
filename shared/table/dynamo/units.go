package dynamo

import (
	"math"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/gander-images/gander/shared/table"
)

// consumed adds up what DynamoDB says that a call cost; false: it does not say.
// A figure that is not split is of the call's own kind.
func consumed(all []types.ConsumedCapacity, write bool) (sum table.Units, told bool) {
	for _, c := range all {
		switch {
		case c.ReadCapacityUnits != nil || c.WriteCapacityUnits != nil:
			sum = sum.Add(table.Units{Read: whole(c.ReadCapacityUnits), Write: whole(c.WriteCapacityUnits)})
		case c.CapacityUnits != nil && write:
			sum.Write += whole(c.CapacityUnits)
		case c.CapacityUnits != nil:
			sum.Read += whole(c.CapacityUnits)
		}
	}
	return sum, sum != table.Units{}
}

func whole(units *float64) int64 {
	if units == nil {
		return 0
	}
	return int64(math.Ceil(*units))
}

// written is what a transaction cost that happened. The answer to a repeated
// request tells the reads that it took to recognise it, and no longer the
// writes, which are reckoned then.
func written(all []types.ConsumedCapacity, writes []table.Write) table.Units {
	told, _ := consumed(all, true)
	if told.Write == 0 {
		told = told.Add(reckoned(writes, table.Outcome{}))
	}
	return told
}

// reckoned is what the port's formula makes of a transaction whose items are not
// all known: at least so much. DynamoDB charges for one that conditions kept from
// happening, but does not tell how much.
func reckoned(writes []table.Write, outcome table.Outcome) (sum table.Units) {
	for i := range writes {
		w, size := &writes[i], 0
		if w.Kind == table.Put || w.Kind == table.Add {
			size = table.SizeWithoutCounters(w.Key, 1, w.Schema, len(w.Body))
			for name, n := range w.Counters {
				size += table.CounterSize(name, n)
			}
		}
		if f, failed := outcome.FailedAt(i); failed && f.Item != nil {
			size = max(size, f.Item.Size())
		}
		sum = sum.Add(table.WriteUnits(size))
	}
	return sum
}

// readUnits is what a read cost: as DynamoDB says or, from an engine that does
// not, by the port's formula.
func readUnits(all []types.ConsumedCapacity, formula func() table.Units) table.Units {
	if sum, told := consumed(all, false); told {
		return sum
	}
	return formula()
}
