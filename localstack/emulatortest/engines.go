package emulatortest

import (
	"context"
	"os"

	"github.com/gander-images/gander/localstack/proxy"
	"github.com/gander-images/gander/localstack/template"
)

// Engines are what a proxy stands in front of: the engines that the environment
// names, with their own key.
func (p Place) Engines(ctx context.Context) (proxy.Config, error) {
	own, err := p.Config.Credentials.Retrieve(ctx)
	if err != nil {
		return proxy.Config{}, err
	}
	return proxy.Config{
		DynamoDB: proxy.Upstream{Endpoint: endpoint("DYNAMODB"), Credentials: own},
		S3:       proxy.Upstream{Endpoint: endpoint("S3"), Credentials: own},
		Secrets:  proxy.Upstream{Endpoint: endpoint("SECRETS_MANAGER"), Credentials: own},
		Account:  template.Account,
	}, nil
}

func endpoint(service string) string {
	if url := os.Getenv("AWS_ENDPOINT_URL_" + service); url != "" {
		return url
	}
	return os.Getenv("AWS_ENDPOINT_URL")
}

// Names are what the template's resources are called here, and their ARNs.
func (p Place) Names() map[string]string {
	return map[string]string{
		"Table": p.Table, "Table.StreamArn": p.Stream,
		"Table.Arn":  "arn:" + template.Partition + ":dynamodb:" + p.Config.Region + ":" + template.Account + ":table/" + p.Table,
		"Bucket":     p.Bucket,
		"Bucket.Arn": "arn:" + template.Partition + ":s3:::" + p.Bucket,
	}
}
