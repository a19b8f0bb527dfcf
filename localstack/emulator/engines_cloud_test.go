//go:build cloud

package emulator_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/gander-images/gander/localstack/emulator"
)

// TestEveryEngine starts each engine that "make emulators" installs, makes the
// template's table or bucket there, and uses it.
func TestEveryEngine(t *testing.T) {
	for _, name := range emulator.Names() {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			e, err := emulator.Start(t.Context(), emulator.Options{Log: &log}, name)
			if err != nil {
				t.Fatalf("%v\n%s", err, &log)
			}
			defer e.Stop()
			c, err := e.AWS(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if name == "dynoxide" || name == "ministack" {
				useTable(t, c)
			}
			if name != "dynoxide" && name != "ministack" && name != "moto" && name != "secrets" {
				useBucket(t, c)
			}
			if name == "moto" || name == "secrets" || strings.HasPrefix(name, "localstack") {
				useSecret(t, c)
			}
		})
	}
}

func shape(t *testing.T) emulator.Shape {
	t.Helper()
	s, err := emulator.ReadShape("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func useTable(t *testing.T, c aws.Config) {
	t.Helper()
	stream, err := shape(t).MakeTable(t.Context(), c, "images")
	if err != nil {
		t.Fatal(err)
	}
	key := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "a"}, "sk": &types.AttributeValueMemberS{Value: "b"}}
	if _, err := dynamodb.NewFromConfig(c).PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("images"), Item: key}); err != nil {
		t.Fatal(err)
	}
	d, err := dynamodbstreams.NewFromConfig(c).DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: &stream})
	if err != nil || d.StreamDescription.StreamViewType != "NEW_AND_OLD_IMAGES" {
		t.Fatalf("%s: %+v, %v", stream, d, err)
	}
}

func useSecret(t *testing.T, c aws.Config) {
	t.Helper()
	client := secretsmanager.NewFromConfig(c)
	if _, err := client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("d/k/1"), SecretBinary: []byte("v")}); err != nil {
		t.Fatal(err)
	}
	got, err := client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("d/k/1")})
	if err != nil || string(got.SecretBinary) != "v" {
		t.Errorf("%+v, %v", got, err)
	}
}

func useBucket(t *testing.T, c aws.Config) {
	t.Helper()
	if err := shape(t).MakeBucket(t.Context(), c, "images"); err != nil {
		t.Fatal(err)
	}
	client := s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = emulator.UsesPathStyle })
	put, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("images"), Key: aws.String("a/b"), Body: bytes.NewReader([]byte("bytes"))})
	if err != nil || aws.ToString(put.VersionId) == "" {
		t.Fatalf("%+v, %v", put, err)
	}
	got, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("images"), Key: aws.String("a/b"), VersionId: put.VersionId})
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if text, err := io.ReadAll(got.Body); string(text) != "bytes" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}
