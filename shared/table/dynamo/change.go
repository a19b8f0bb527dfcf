package dynamo

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/gander-images/gander/shared/table"
)

// changeOf makes a change of a stream record's parts.
func changeOf[V any](sequence string, before, after map[string]V, read func(V) value) (table.Change, error) {
	c := table.Change{Sequence: padded(sequence)}
	var err error
	if c.Old, err = decode(before, read); err != nil {
		return c, fmt.Errorf("old image: %w", err)
	}
	if c.New, err = decode(after, read); err != nil {
		return c, fmt.Errorf("new image: %w", err)
	}
	if c.Old == nil && c.New == nil {
		return c, errors.New("dynamo: a record without images; the stream's view must be NEW_AND_OLD_IMAGES")
	}
	return c, nil
}

// sequenceDigits is the most that DynamoDB's sequence numbers have.
//
// Source: Amazon DynamoDB API Reference, Streams, StreamRecord.
const sequenceDigits = 40

// padded writes a sequence number so that the order of texts is that of numbers.
func padded(sequence string) string {
	if n := sequenceDigits - len(sequence); n > 0 {
		return strings.Repeat("0", n) + sequence
	}
	return sequence
}

// streamValue reads an attribute in the form of the streams' service.
func streamValue(v types.AttributeValue) value {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return value{text: &v.Value}
	case *types.AttributeValueMemberN:
		return value{number: &v.Value}
	case *types.AttributeValueMemberB:
		return value{bytes: v.Value}
	default:
		return value{}
	}
}
