package dynamo

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/gander-images/gander/shared/table"
)

// attributes are an item, or a part of one, in DynamoDB's form.
type attributes = map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// binary makes an attribute of b, which is nil in an empty document.
func binary(b []byte) types.AttributeValue {
	if b == nil {
		b = []byte{}
	}
	return &types.AttributeValueMemberB{Value: b}
}

func keyOf(k table.Key) attributes {
	return attributes{table.AttrPartition: text(k.Partition), table.AttrSort: text(k.Sort)}
}

// A value is an attribute of one of the kinds that our items have, whichever
// service's form it came in. Of other kinds nothing is set.
type value struct {
	text, number *string
	bytes        []byte
}

// tableValue reads an attribute in the form of the table itself.
func tableValue(v types.AttributeValue) value {
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

// decode reads an item; without attributes there is none. Attributes that are not
// ours are left out.
func decode[V any](attributes map[string]V, read func(V) value) (*table.Item, error) {
	if len(attributes) == 0 {
		return nil, nil
	}
	item := &table.Item{}
	for name, v := range attributes {
		if err := setAttribute(item, name, read(v)); err != nil {
			return nil, fmt.Errorf("dynamo: attribute %s: %w", name, err)
		}
	}
	if item.Partition == "" || item.Sort == "" {
		return nil, errors.New("dynamo: an item without a key")
	}
	return item, nil
}

// clone makes a copy whose body and counters are its own.
func clone(item *table.Item) *table.Item {
	c := *item
	c.Body, c.Counters = bytes.Clone(item.Body), maps.Clone(item.Counters)
	return &c
}

func setAttribute(item *table.Item, name string, v value) (err error) {
	switch counter, isCounter := strings.CutPrefix(name, table.AttrCounter); {
	case name == table.AttrPartition && v.text != nil:
		item.Partition = *v.text
	case name == table.AttrSort && v.text != nil:
		item.Sort = *v.text
	case name == table.AttrBody:
		item.Body = v.bytes
	case name == table.AttrRevision:
		item.Revision, err = v.integer()
	case name == table.AttrSchema:
		var n int64
		n, err = v.integer()
		item.Schema = int(n)
	case isCounter:
		if item.Counters == nil {
			item.Counters = make(map[string]int64)
		}
		item.Counters[counter], err = v.integer()
	}
	return err
}

func (v value) integer() (int64, error) {
	if v.number == nil {
		return 0, errors.New("no number")
	}
	return strconv.ParseInt(*v.number, 10, 64)
}
