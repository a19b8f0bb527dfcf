package boot

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/gander-images/gander/shared/table"
)

// A streamRecord is one change in the form of DynamoDB's streams.
//
// Source: Amazon DynamoDB API Reference, Streams, Record and AttributeValue.
type streamRecord struct {
	Source string `json:"eventSource"`
	Change struct {
		Sequence string                 `json:"SequenceNumber"`
		Old      map[string]streamValue `json:"OldImage"`
		New      map[string]streamValue `json:"NewImage"`
	} `json:"dynamodb"`
}

// A streamValue is an attribute of one of the kinds that our items have.
type streamValue struct {
	String *string `json:"S"`
	Number *string `json:"N"`
	Bytes  []byte  `json:"B"` // base64 on the wire
}

func (r *streamRecord) sequence() string { return r.Change.Sequence }

func parseStream(payload []byte) ([]streamRecord, error) {
	var event struct {
		Records []streamRecord `json:"Records"`
	}
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, fmt.Errorf("boot: this is not an event of a table's stream: %w", err)
	}
	if len(event.Records) == 0 {
		return nil, errors.New("boot: this is not an event of a table's stream")
	}
	for _, r := range event.Records {
		if r.Source != "aws:dynamodb" || r.sequence() == "" {
			return nil, errors.New("boot: this is not an event of a table's stream")
		}
	}
	return event.Records, nil
}

// change returns the record in the table's own terms.
func (r *streamRecord) change() ([]table.Change, error) {
	before, err := streamItem(r.Change.Old)
	if err != nil {
		return nil, fmt.Errorf("old image: %w", err)
	}
	after, err := streamItem(r.Change.New)
	if err != nil {
		return nil, fmt.Errorf("new image: %w", err)
	}
	if before == nil && after == nil {
		return nil, errors.New("a record without images; the stream's view must be NEW_AND_OLD_IMAGES")
	}
	return []table.Change{{Sequence: r.sequence(), Old: before, New: after}}, nil
}

func streamItem(attributes map[string]streamValue) (*table.Item, error) {
	if len(attributes) == 0 {
		return nil, nil
	}
	var item table.Item
	for name, value := range attributes {
		if err := setAttribute(&item, name, value); err != nil {
			return nil, fmt.Errorf("attribute %s: %w", name, err)
		}
	}
	if item.Partition == "" || item.Sort == "" {
		return nil, errors.New("no key")
	}
	return &item, nil
}

func setAttribute(item *table.Item, name string, value streamValue) error {
	var err error
	switch counter, isCounter := strings.CutPrefix(name, table.AttrCounter); {
	case name == table.AttrPartition && value.String != nil:
		item.Partition = *value.String
	case name == table.AttrSort && value.String != nil:
		item.Sort = *value.String
	case name == table.AttrBody:
		item.Body = value.Bytes
	case name == table.AttrRevision:
		item.Revision, err = value.integer()
	case name == table.AttrSchema:
		var n int64
		n, err = value.integer()
		item.Schema = int(n)
	case isCounter:
		if item.Counters == nil {
			item.Counters = make(map[string]int64)
		}
		item.Counters[counter], err = value.integer()
	}
	return err
}

func (v streamValue) integer() (int64, error) {
	if v.Number == nil {
		return 0, errors.New("no number")
	}
	return strconv.ParseInt(*v.Number, 10, 64)
}
