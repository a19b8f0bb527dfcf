package dynamo

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/google/uuid"

	"github.com/gander-images/gander/shared/table"
)

// Transact implements table.Table. A context that ends while the request is on
// its way leaves the outcome unknown.
//
// Source: Amazon DynamoDB API Reference, TransactWriteItems.
func (t *Table) Transact(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
	if err := ready(ctx); err != nil {
		return table.Outcome{}, err
	}
	if err := table.Validate(writes); err != nil {
		return table.Outcome{}, err
	}
	in := t.transaction(writes)
	var reasons []types.CancellationReason
	c := t.begin(ctx, true)
	err := c.until(ctx, func(attempt context.Context) error {
		out, err := t.client.TransactWriteItems(attempt, in)
		if err == nil {
			table.Report(ctx, written(out.ConsumedCapacity, writes))
			return nil
		}
		reasons, err = refusal(err)
		return err
	})
	if err != nil || reasons == nil {
		return table.Outcome{}, err
	}
	outcome, err := outcomeOf(writes, reasons)
	table.Report(ctx, reckoned(writes, outcome))
	return outcome, err
}

func (t *Table) transaction(writes []table.Write) *dynamodb.TransactWriteItemsInput {
	items := make([]types.TransactWriteItem, len(writes))
	for i := range writes {
		items[i] = t.item(&writes[i])
	}
	return &dynamodb.TransactWriteItemsInput{
		TransactItems:          items,
		ClientRequestToken:     aws.String(uuid.NewString()),
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	}
}

// Codes of the reasons for which a transaction is cancelled.
const (
	noReason        = "None"
	conditionFailed = "ConditionalCheckFailed"
	malformed       = "ValidationError"
)

// refusal returns why DynamoDB cancelled a transaction, if that stands: because
// of conditions. Else it returns the error to be judged. While an item is in
// conflict nobody knows whether its condition holds, so that goes first.
func refusal(err error) ([]types.CancellationReason, error) {
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) {
		return nil, err
	}
	var failed bool
	var defect error
	for i, reason := range canceled.CancellationReasons {
		told := &reasonError{reason: reason, index: i, canceled: err}
		switch told.ErrorCode() {
		case noReason:
		case conditionFailed:
			failed = true
		case malformed:
			defect = told
		default:
			return nil, told
		}
	}
	switch {
	case failed:
		return canceled.CancellationReasons, nil
	case defect != nil:
		return nil, defect
	default:
		return nil, err
	}
}

// outcomeOf tells which conditions failed, with the items as they stand. A write
// whose own condition holds was held back by what express adds to it: a counter
// would have left 64 bits.
func outcomeOf(writes []table.Write, reasons []types.CancellationReason) (outcome table.Outcome, err error) {
	if len(reasons) != len(writes) {
		return outcome, fmt.Errorf("dynamo: %d reasons for %d writes", len(reasons), len(writes))
	}
	var beyond error
	for i, reason := range reasons {
		if aws.ToString(reason.Code) != conditionFailed {
			continue
		}
		item, err := decode(reason.Item, tableValue)
		if err != nil {
			return table.Outcome{}, err
		}
		if counter, out := overflow(&writes[i], item); out {
			beyond = fmt.Errorf("%w: counter %s beyond 64 bits (write %d)", table.ErrInvalid, counter, i)
			continue
		}
		outcome.Failed = append(outcome.Failed, table.Failed{Index: i, Item: item})
	}
	if !outcome.OK() {
		return outcome, nil
	}
	return outcome, beyond
}

// overflow looks for a counter without a bound that the write would take out of
// 64 bits, where nothing else keeps the write from happening.
func overflow(w *table.Write, item *table.Item) (counter string, out bool) {
	if item == nil || !holds(w, item) {
		return "", false
	}
	for name, n := range w.Counters {
		if have := item.Counters[name]; n > 0 && have > math.MaxInt64-n || n < 0 && have < math.MinInt64-n {
			return name, !bounded(w.If, name)
		}
	}
	return "", false
}

// holds reports whether the condition of a write holds for an item that is there.
func holds(w *table.Write, item *table.Item) bool {
	if rev, wanted := w.If.WantedRevision(); wanted && rev != item.Revision || w.If.WantsAbsent() {
		return false
	}
	for _, b := range w.If.Bounds() {
		low, high, possible := before(b, w.Counters[b.Counter])
		if have := item.Counters[b.Counter]; !possible || have < low || have > high {
			return false
		}
	}
	return true
}

// A reasonError is why one write of a cancelled transaction could not happen, in
// place of the error that tells of all of them.
type reasonError struct {
	reason   types.CancellationReason
	index    int
	canceled error
}

func (e *reasonError) Error() string {
	return fmt.Sprintf("write %d: %s: %s", e.index, e.ErrorCode(), e.ErrorMessage())
}
func (e *reasonError) Unwrap() error                 { return e.canceled }
func (e *reasonError) ErrorCode() string             { return aws.ToString(e.reason.Code) }
func (e *reasonError) ErrorMessage() string          { return aws.ToString(e.reason.Message) }
func (e *reasonError) ErrorFault() smithy.ErrorFault { return smithy.FaultUnknown }
