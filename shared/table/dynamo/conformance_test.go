//go:build cloud

package dynamo_test

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/dynamo"
	"github.com/gander-images/gander/shared/table/tabletest"
)

// engine returns the settings of the engine that the environment names.
func engine(t testing.TB) aws.Config {
	t.Helper()
	if os.Getenv("AWS_ENDPOINT_URL") == "" && os.Getenv("AWS_ENDPOINT_URL_DYNAMODB") == "" {
		t.Fatal("AWS_ENDPOINT_URL_DYNAMODB (or AWS_ENDPOINT_URL) must name a DynamoDB engine for this test")
	}
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// makeTable makes a table in the template's shape, which goes with the test.
func makeTable(t testing.TB, cfg aws.Config) string {
	t.Helper()
	client := dynamodb.NewFromConfig(cfg)
	name := aws.String("gander-" + strings.ToLower(rand.Text()))
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String(table.AttrPartition), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String(table.AttrSort), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String(table.AttrPartition), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String(table.AttrSort), KeyType: types.KeyTypeRange},
		},
		StreamSpecification: &types.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: name})
	})
	if err := dynamodb.NewTableExistsWaiter(client).Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: name}, time.Minute); err != nil {
		t.Fatal(err)
	}
	return *name
}

func TestConformance(t *testing.T) {
	cfg := engine(t)
	name := makeTable(t, cfg)
	tabletest.Run(t, func(t *testing.T) tabletest.Store { return open(t, cfg, name) })
}

func open(t *testing.T, cfg aws.Config, name string) tabletest.Store {
	d := dynamo.Open(cfg, name)
	return tabletest.Store{Table: d, Feed: dynamo.Follow(d, cfg), Reopen: func(t *testing.T) tabletest.Store { return open(t, cfg, name) }}
}
