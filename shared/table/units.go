package table

import "context"

// Units are what DynamoDB charges for. Adapters report them for every call; on
// other engines they are what DynamoDB would have charged.
//
// Source: Amazon DynamoDB Developer Guide, "Read and write capacity".
type Units struct {
	Read  int64 // strong reads: 1 for every 4 KB
	Write int64 // transactional writes: 2 for every KB
}

// Add returns the sum of u and v.
func (u Units) Add(v Units) Units { return Units{u.Read + v.Read, u.Write + v.Write} }

// ReadUnits is what strong reading of so many bytes costs: one item in a Get, a
// whole page in a Query. Nothing found costs 1.
func ReadUnits(bytes int) Units { return Units{Read: int64(max(1, (bytes+4095)/4096))} }

// WriteUnits is what one write of a transaction costs, for the larger one of
// the item before and after. A Check costs as much; nothing there costs 2.
func WriteUnits(bytes int) Units { return Units{Write: 2 * int64(max(1, (bytes+1023)/1024))} }

type unitsKey struct{}

// Report tells the Meter that made this context, if one did, what a call cost.
func Report(ctx context.Context, u Units) {
	if sum, ok := ctx.Value(unitsKey{}).(*Units); ok {
		*sum = sum.Add(u)
	}
}
