package emulator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	s3client "github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/gander-images/gander/localstack/template"
)

// A Shape is how the template makes its table and its bucket, as far as it
// matters to what is kept in them: keys, stream and versions. Encryption,
// backups, protection against deletion and lifecycles are left to AWS.
type Shape struct {
	attributes []dynamodbtypes.AttributeDefinition
	keys       []dynamodbtypes.KeySchemaElement
	view       dynamodbtypes.StreamViewType
	versions   s3types.BucketVersioningStatus
}

// ReadShape takes the resources Table and Bucket of a template file.
func ReadShape(path string) (Shape, error) {
	s, err := template.Read(path, template.Options{Partial: true})
	if err != nil {
		return Shape{}, fmt.Errorf("emulator: %w", err)
	}
	var shape Shape
	rows, err := s.Property("Table", "AttributeDefinitions")
	if err != nil {
		return Shape{}, fmt.Errorf("emulator: %w", err)
	}
	for _, row := range rowsOf(rows) {
		shape.attributes = append(shape.attributes, dynamodbtypes.AttributeDefinition{
			AttributeName: aws.String(row.Text("AttributeName")),
			AttributeType: dynamodbtypes.ScalarAttributeType(row.Text("AttributeType")),
		})
	}
	if rows, err = s.Property("Table", "KeySchema"); err != nil {
		return Shape{}, fmt.Errorf("emulator: %w", err)
	}
	for _, row := range rowsOf(rows) {
		shape.keys = append(shape.keys, dynamodbtypes.KeySchemaElement{
			AttributeName: aws.String(row.Text("AttributeName")),
			KeyType:       dynamodbtypes.KeyType(row.Text("KeyType")),
		})
	}
	view, viewErr := s.Property("Table", "StreamSpecification", "StreamViewType")
	versions, versionsErr := s.Property("Bucket", "VersioningConfiguration", "Status")
	shape.view = dynamodbtypes.StreamViewType(template.Text(view))
	shape.versions = s3types.BucketVersioningStatus(template.Text(versions))
	if err := errors.Join(viewErr, versionsErr); err != nil {
		return Shape{}, fmt.Errorf("emulator: %w", err)
	}
	if len(shape.attributes) == 0 || len(shape.keys) == 0 {
		return Shape{}, errors.New("emulator: the template's Table has no keys")
	}
	return shape, nil
}

// WithoutStream is the shape for tables whose changes nobody follows: dynoxide
// takes longer for a write the more changes it keeps.
func (s Shape) WithoutStream() Shape {
	s.view = ""
	return s
}

func rowsOf(v any) []template.Tree {
	l, _ := v.([]any)
	rows := make([]template.Tree, len(l))
	for i, each := range l {
		rows[i], _ = each.(template.Tree)
	}
	return rows
}

// MakeTable makes a table of the shape and returns its stream's ARN, which is
// empty when the template wants none.
func (s Shape) MakeTable(ctx context.Context, c aws.Config, name string) (stream string, err error) {
	client := dynamodb.NewFromConfig(c)
	in := &dynamodb.CreateTableInput{
		TableName: &name, AttributeDefinitions: s.attributes, KeySchema: s.keys,
		BillingMode: dynamodbtypes.BillingModePayPerRequest,
	}
	if s.view != "" {
		in.StreamSpecification = &dynamodbtypes.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: s.view}
	}
	var made *dynamodbtypes.ResourceInUseException // by a try whose answer was lost
	if _, err := client.CreateTable(ctx, in); err != nil && !errors.As(err, &made) {
		return "", fmt.Errorf("emulator: making table %s: %w", name, err)
	}
	described, err := dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 20*time.Millisecond, time.Second
	}).WaitForOutput(ctx, &dynamodb.DescribeTableInput{TableName: &name}, time.Minute)
	if err != nil {
		return "", fmt.Errorf("emulator: waiting for table %s: %w", name, err)
	}
	return aws.ToString(described.Table.LatestStreamArn), nil
}

// MakeBucket makes a bucket of the shape.
func (s Shape) MakeBucket(ctx context.Context, c aws.Config, name string) error {
	client := s3client.NewFromConfig(c, func(o *s3client.Options) { o.UsePathStyle = UsesPathStyle })
	if _, err := client.CreateBucket(ctx, &s3client.CreateBucketInput{Bucket: &name}); err != nil {
		return fmt.Errorf("emulator: making bucket %s: %w", name, err)
	}
	if s.versions == "" {
		return nil
	}
	_, err := client.PutBucketVersioning(ctx, &s3client.PutBucketVersioningInput{
		Bucket: &name, VersioningConfiguration: &s3types.VersioningConfiguration{Status: s.versions},
	})
	if err != nil {
		return fmt.Errorf("emulator: versions of bucket %s: %w", name, err)
	}
	return nil
}
