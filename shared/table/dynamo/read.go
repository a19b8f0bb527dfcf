package dynamo

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/gander-images/gander/shared/table"
)

// maxBatch is the most keys of one BatchGetItem.
const maxBatch = 100

// Get implements table.Table. A key that is repeated is read, and paid, once.
//
// Source: Amazon DynamoDB API Reference, GetItem and BatchGetItem.
func (t *Table) Get(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
	if err := ready(ctx); err != nil {
		return nil, err
	}
	if err := table.ValidateKeys(keys); err != nil {
		return nil, err
	}
	if len(keys) == 1 {
		item, err := t.getOne(ctx, keys[0])
		return []*table.Item{item}, err
	}
	places := make(map[table.Key][]int, len(keys))
	var distinct []table.Key
	for i, k := range keys {
		if places[k] == nil {
			distinct = append(distinct, k)
		}
		places[k] = append(places[k], i)
	}
	found := make([]*table.Item, len(keys))
	c := t.begin(ctx, false)
	for batch := range slices.Chunk(distinct, maxBatch) {
		err := t.getBatch(ctx, c, batch, func(item *table.Item) {
			for n, i := range places[item.Key] {
				if found[i] = item; n > 0 {
					found[i] = clone(item)
				}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (t *Table) getOne(ctx context.Context, key table.Key) (*table.Item, error) {
	in := &dynamodb.GetItemInput{
		TableName: t.name, Key: keyOf(key), ConsistentRead: aws.Bool(true),
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	}
	var out *dynamodb.GetItemOutput
	err := t.begin(ctx, false).until(ctx, func(attempt context.Context) (err error) {
		out, err = t.client.GetItem(attempt, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	item, err := decode(out.Item, tableValue)
	if err != nil {
		return nil, err
	}
	table.Report(ctx, readUnits(capacity(out.ConsumedCapacity), func() table.Units { return itemUnits(item) }))
	return item, nil
}

func capacity(c *types.ConsumedCapacity) []types.ConsumedCapacity {
	if c == nil {
		return nil
	}
	return []types.ConsumedCapacity{*c}
}

func itemUnits(item *table.Item) table.Units {
	if item == nil {
		return table.ReadUnits(0)
	}
	return table.ReadUnits(item.Size())
}

// errUnprocessed is a batch of which nothing was read.
var errUnprocessed = &smithy.GenericAPIError{Code: "ProvisionedThroughputExceeded", Message: "none of the keys was processed"}

// getBatch reads keys that differ, a hundred at most. What DynamoDB leaves
// unprocessed, to keep within 16 MB or its throughput, is asked for again: at
// once where the answer brought something, else after a pause.
func (t *Table) getBatch(ctx context.Context, c *call, keys []table.Key, found func(*table.Item)) error {
	wanted := types.KeysAndAttributes{ConsistentRead: aws.Bool(true), Keys: make([]attributes, len(keys))}
	for i, k := range keys {
		wanted.Keys[i] = keyOf(k)
	}
	for len(wanted.Keys) > 0 {
		in := &dynamodb.BatchGetItemInput{
			RequestItems:           map[string]types.KeysAndAttributes{*t.name: wanted},
			ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
		}
		var out *dynamodb.BatchGetItemOutput
		var left types.KeysAndAttributes
		err := c.until(ctx, func(attempt context.Context) (err error) {
			if out, err = t.client.BatchGetItem(attempt, in); err != nil {
				return err
			}
			if left = out.UnprocessedKeys[*t.name]; len(left.Keys) == len(wanted.Keys) {
				return errUnprocessed
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := t.takeBatch(ctx, out, len(wanted.Keys)-len(left.Keys), found); err != nil {
			return err
		}
		wanted.Keys = left.Keys
	}
	return nil
}

func (t *Table) takeBatch(ctx context.Context, out *dynamodb.BatchGetItemOutput, asked int, found func(*table.Item)) error {
	items := out.Responses[*t.name]
	formula := table.Units{Read: int64(asked - len(items))} // for each that is not there
	for _, attributes := range items {
		item, err := decode(attributes, tableValue)
		if err != nil {
			return err
		}
		if item == nil {
			return errors.New("dynamo: an item without attributes")
		}
		formula = formula.Add(itemUnits(item))
		found(item)
	}
	table.Report(ctx, readUnits(out.ConsumedCapacity, func() table.Units { return formula }))
	return nil
}

// Query implements table.Table. A page says More also when it ends, by its limit,
// where the range does.
//
// Source: Amazon DynamoDB API Reference, Query.
func (t *Table) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if err := ready(ctx); err != nil {
		return table.Page{}, err
	}
	if err := table.ValidateQuery(q); err != nil {
		return table.Page{}, err
	}
	if q.Empty() {
		return table.Page{}, nil
	}
	in := t.query(q)
	var out *dynamodb.QueryOutput
	err := t.begin(ctx, false).until(ctx, func(attempt context.Context) (err error) {
		out, err = t.client.Query(attempt, in)
		return err
	})
	if err != nil {
		return table.Page{}, err
	}
	return t.page(ctx, out)
}

const (
	ofPartition = table.AttrPartition + " = :p"
	withPrefix  = ofPartition + " AND begins_with(" + table.AttrSort + ", :s)"
)

// query is the request for a page. A position outside the prefix, which DynamoDB
// refuses, is one before the whole range: see table.Query.Empty.
func (t *Table) query(q table.Query) *dynamodb.QueryInput {
	in := &dynamodb.QueryInput{
		TableName: t.name, ConsistentRead: aws.Bool(true), Limit: limitOf(q), ScanIndexForward: aws.Bool(!q.Backward),
		KeyConditionExpression:    aws.String(ofPartition),
		ExpressionAttributeValues: attributes{":p": text(q.Partition)},
		ReturnConsumedCapacity:    types.ReturnConsumedCapacityTotal,
	}
	if q.Prefix != "" {
		in.KeyConditionExpression = aws.String(withPrefix)
		in.ExpressionAttributeValues[":s"] = text(q.Prefix)
	}
	if q.After != "" && strings.HasPrefix(q.After, q.Prefix) {
		in.ExclusiveStartKey = keyOf(table.Key{Partition: q.Partition, Sort: q.After})
	}
	return in
}

// mostLimit is more than a page of 1 MB can hold.
const mostLimit = 1 << 20

func limitOf(q table.Query) *int32 { return aws.Int32(int32(min(q.Limit, mostLimit))) } //nolint:gosec // bounded

func (t *Table) page(ctx context.Context, out *dynamodb.QueryOutput) (table.Page, error) {
	page := table.Page{Items: make([]table.Item, 0, len(out.Items))}
	size := 0
	for _, attributes := range out.Items {
		item, err := decode(attributes, tableValue)
		if err != nil {
			return table.Page{}, err
		}
		if item == nil {
			return table.Page{}, errors.New("dynamo: an item without attributes")
		}
		size += item.Size()
		page.Items = append(page.Items, *item)
	}
	if v, ok := out.LastEvaluatedKey[table.AttrSort].(*types.AttributeValueMemberS); ok {
		page.Last, page.More = v.Value, true
	}
	table.Report(ctx, readUnits(capacity(out.ConsumedCapacity), func() table.Units { return table.ReadUnits(size) }))
	return page, nil
}
