package dynamo

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gander-images/gander/shared/table"
)

// A Record is one change in an event that a cloud makes of a table's stream.
//
// Source: Amazon DynamoDB API Reference, Streams, Record and AttributeValue; AWS
// Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB".
type Record struct {
	Source string `json:"eventSource"`
	Stream struct {
		Sequence string                `json:"SequenceNumber"`
		Old      map[string]eventValue `json:"OldImage"`
		New      map[string]eventValue `json:"NewImage"`
	} `json:"dynamodb"`
}

// An eventValue is an attribute of one of the kinds that our items have.
type eventValue struct {
	String *string `json:"S"`
	Number *string `json:"N"`
	Bytes  []byte  `json:"B"` // base64 on the wire
}

func readEventValue(v eventValue) value {
	return value{text: v.String, number: v.Number, bytes: v.Bytes}
}

var errNoEvent = errors.New("dynamo: this is not an event of a table's stream")

// ParseEvent reads an event of one or more records, oldest first for each item.
// A record that is no change of ours shows when its Change is asked for.
func ParseEvent(payload []byte) ([]Record, error) {
	var event struct {
		Records []Record `json:"Records"`
	}
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, fmt.Errorf("%w: %w", errNoEvent, err)
	}
	if len(event.Records) == 0 {
		return nil, errNoEvent
	}
	for _, r := range event.Records {
		if r.Source != "aws:dynamodb" || r.Sequence() == "" {
			return nil, errNoEvent
		}
	}
	return event.Records, nil
}

// Sequence returns the number by which the cloud knows the record, in its own
// form.
func (r *Record) Sequence() string { return r.Stream.Sequence }

// Sequence writes a sequence number as changes have it, so that the order of texts is
// that of numbers.
func Sequence(number string) string { return padded(number) }

// Change returns the record in the table's own terms.
func (r *Record) Change() (table.Change, error) {
	return changeOf(r.Sequence(), r.Stream.Old, r.Stream.New, readEventValue)
}
