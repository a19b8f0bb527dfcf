//go:build cloud

package dynamo_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"

	"github.com/gander-images/gander/localstack/emulatortest"
)

// An engine is asked, past the adapter, for what the adapter has to know of it.
type engine struct {
	*testing.T
	emulatortest.Place
	client  *dynamodb.Client
	streams *dynamodbstreams.Client
}

// TestEngines holds docs/emulators.md to what the engines do: where one differs
// from DynamoDB as documented, it must still do so.
func TestEngines(t *testing.T) {
	place := emulatortest.NewStream(t)
	e := engine{t, place, dynamodb.NewFromConfig(place.Config), dynamodbstreams.NewFromConfig(place.Config)}
	for _, c := range []struct {
		what                string
		ask                 func(engine) string
		dynoxide, ministack string
	}{
		{"read units of 5 KB", engine.readUnits, "2", "1"},
		{"units of a batch are told", engine.batchUnits, "true", "false"},
		{"kind of units of a repeated transaction", engine.repeatedUnits, "read", "read"},
		{"another transaction with the same token", engine.otherTransaction, "IdempotentParameterMismatchException", "IdempotentParameterMismatchException"},
		{"bounds the wrong way round", engine.wrongBounds, "ValidationException", "ValidationException"},
		{"a name that is not used", engine.unusedName, "ValidationException", "ValidationException"},
		{"a start outside the range", engine.wrongStart, "none", "ValidationException"},
		{"an unknown key of access", engine.unknownKey, "none", "none"},
		{"records of a write that changes nothing", engine.idleRecords, "1", "0"},
		{"region of the stream", engine.region, "dynoxide", "us-east-1"},
		{"shards", engine.shards, "1", "1"},
		{"digits of a sequence number", engine.digits, "1", "30"},
	} {
		want := c.dynoxide
		if ministack(t) {
			want = c.ministack
		}
		if got := c.ask(e); got != want {
			t.Errorf("%s: %s; docs/emulators.md says %s", c.what, got, want)
		}
	}
}

func key(sort string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "p"}, "sk": &types.AttributeValueMemberS{Value: sort},
	}
}

// put stores an item with some text.
func (e engine) put(sort string, size int) {
	e.Helper()
	item := key(sort)
	item["x"] = &types.AttributeValueMemberS{Value: strings.Repeat("x", size)}
	if _, err := e.client.PutItem(e.Context(), &dynamodb.PutItemInput{TableName: &e.Table, Item: item}); err != nil {
		e.Fatal(err)
	}
}

// code is how an error is called; "none" where there is none.
func code(err error) string {
	var api smithy.APIError
	switch {
	case err == nil:
		return "none"
	case errors.As(err, &api):
		return api.ErrorCode()
	default:
		return err.Error()
	}
}

func (e engine) readUnits() string {
	e.put("5 KB", 5<<10)
	out, err := e.client.GetItem(e.Context(), &dynamodb.GetItemInput{
		TableName: &e.Table, Key: key("5 KB"), ConsistentRead: aws.Bool(true), ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		e.Fatal(err)
	}
	return fmt.Sprint(aws.ToFloat64(out.ConsumedCapacity.CapacityUnits))
}

func (e engine) batchUnits() string {
	out, err := e.client.BatchGetItem(e.Context(), &dynamodb.BatchGetItemInput{
		RequestItems:           map[string]types.KeysAndAttributes{e.Table: {Keys: []map[string]types.AttributeValue{key("nothing")}}},
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		e.Fatal(err)
	}
	return fmt.Sprint(len(out.ConsumedCapacity) > 0)
}

func (e engine) transact(token, sort string) (*dynamodb.TransactWriteItemsOutput, error) {
	return e.client.TransactWriteItems(e.Context(), &dynamodb.TransactWriteItemsInput{
		ClientRequestToken: &token, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
		TransactItems: []types.TransactWriteItem{{Delete: &types.Delete{TableName: &e.Table, Key: key(sort)}}},
	})
}

func (e engine) repeatedUnits() string {
	_, err := e.transact("once", "a")
	out, again := e.transact("once", "a")
	if err != nil || again != nil {
		e.Fatal(err, again)
	}
	switch c := out.ConsumedCapacity; {
	case len(c) == 0:
		return "none"
	case c[0].WriteCapacityUnits != nil:
		return "write"
	case c[0].ReadCapacityUnits != nil:
		return "read"
	default:
		return "not told"
	}
}

func (e engine) otherTransaction() string {
	if _, err := e.transact("twice", "a"); err != nil {
		e.Fatal(err)
	}
	_, err := e.transact("twice", "b")
	return code(err)
}

func (e engine) update(condition string, names map[string]string, values map[string]types.AttributeValue) error {
	_, err := e.client.UpdateItem(e.Context(), &dynamodb.UpdateItemInput{
		TableName: &e.Table, Key: key("updated"), UpdateExpression: aws.String("REMOVE y"),
		ConditionExpression: &condition, ExpressionAttributeNames: names, ExpressionAttributeValues: values,
	})
	return err
}

func (e engine) wrongBounds() string {
	return code(e.update("attribute_not_exists(n) OR n BETWEEN :a AND :b", nil, map[string]types.AttributeValue{
		":a": &types.AttributeValueMemberN{Value: "2"}, ":b": &types.AttributeValueMemberN{Value: "1"},
	}))
}

func (e engine) unusedName() string {
	return code(e.update("attribute_not_exists(n)", map[string]string{"#m": "m"}, nil))
}

func (e engine) wrongStart() string {
	_, err := e.client.Query(e.Context(), &dynamodb.QueryInput{
		TableName: &e.Table, KeyConditionExpression: aws.String("pk = :p AND begins_with(sk, :s)"), ExclusiveStartKey: key("a"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":p": &types.AttributeValueMemberS{Value: "p"}, ":s": &types.AttributeValueMemberS{Value: "b"},
		},
	})
	return code(err)
}

func (e engine) unknownKey() string {
	cfg := e.Config.Copy()
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIANOBODY", SecretAccessKey: "nothing"}, nil
	})
	_, err := dynamodb.NewFromConfig(cfg).GetItem(e.Context(), &dynamodb.GetItemInput{TableName: &e.Table, Key: key("a")})
	return code(err)
}

// records reads the stream from its start, as far as it goes now.
func (e engine) records() (records []streamtypes.Record) {
	d, err := e.streams.DescribeStream(e.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: &e.Stream})
	if err != nil {
		e.Fatal(err)
	}
	for _, shard := range d.StreamDescription.Shards {
		i, err := e.streams.GetShardIterator(e.Context(), &dynamodbstreams.GetShardIteratorInput{
			StreamArn: &e.Stream, ShardId: shard.ShardId, ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon,
		})
		if err != nil {
			e.Fatal(err)
		}
		out, err := e.streams.GetRecords(e.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: i.ShardIterator})
		if err != nil {
			e.Fatal(err)
		}
		records = append(records, out.Records...)
	}
	return records
}

func (e engine) idleRecords() string {
	e.put("same", 1)
	before := len(e.records())
	e.put("same", 1)
	return fmt.Sprint(len(e.records()) - before)
}

func (e engine) region() string { return strings.Split(e.Stream, ":")[3] }

func (e engine) shards() string {
	d, err := e.streams.DescribeStream(e.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: &e.Stream})
	if err != nil {
		e.Fatal(err)
	}
	return fmt.Sprint(len(d.StreamDescription.Shards))
}

func (e engine) digits() string {
	return fmt.Sprint(len(aws.ToString(e.records()[0].Dynamodb.SequenceNumber)))
}
