package emulator

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

// AWS returns a configuration of the SDK whose clients reach the engines from
// this process, whatever its environment says.
func (e *Engines) AWS(ctx context.Context) (aws.Config, error) {
	options := []func(*config.LoadOptions) error{
		config.WithRegion(Region),
		config.WithSharedConfigFiles([]string{}), config.WithSharedCredentialsFiles([]string{}),
		config.WithCredentialsProvider(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: AccessKey, SecretAccessKey: SecretKey}, nil
		})),
	}
	if path := e.environ["AWS_CA_BUNDLE"]; path != "" {
		bundle, err := os.ReadFile(path)
		if err != nil {
			return aws.Config{}, fmt.Errorf("emulator: %w", err)
		}
		options = append(options, config.WithCustomCABundle(bytes.NewReader(bundle)))
	}
	c, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("emulator: %w", err)
	}
	c.ConfigSources = append([]any{endpoints(e.environ)}, c.ConfigSources...)
	return c, nil
}

// endpoints tells the SDK's clients where each service is, as its own source of
// settings from the environment does.
type endpoints map[string]string

// GetServiceBaseEndpoint is what a client asks its sources, by its service.
func (e endpoints) GetServiceBaseEndpoint(_ context.Context, service string) (string, bool, error) {
	url := e[map[string]string{"DynamoDB": dynamoDB, "DynamoDB Streams": streams, "S3": s3, "Secrets Manager": secrets}[service]]
	return url, url != "", nil
}

// UsesPathStyle is how S3 clients must name buckets here: no host name leads to
// a bucket.
const UsesPathStyle = true
