package emulatortest

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/gander-images/gander/shared/table"
)

// Keys returns the keys of all that the place's table holds, in no order. It is
// for tests alone: no function may read a table whole.
func (p Place) Keys(ctx context.Context) ([]table.Key, error) {
	pages := dynamodb.NewScanPaginator(dynamodb.NewFromConfig(p.Config), &dynamodb.ScanInput{
		TableName: &p.Table, ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String(table.AttrPartition + ", " + table.AttrSort),
	})
	var keys []table.Key
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("emulatortest: reading table %s: %w", p.Table, err)
		}
		for _, item := range page.Items {
			keys = append(keys, table.Key{Partition: text(item[table.AttrPartition]), Sort: text(item[table.AttrSort])})
		}
	}
	return keys, nil
}

func text(v types.AttributeValue) string {
	s, ok := v.(*types.AttributeValueMemberS)
	if !ok {
		return ""
	}
	return s.Value
}
