//go:build cloud

package dynamo_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/gander-images/gander/shared/table/dynamo"
	"github.com/gander-images/gander/shared/table/dynamo/dynamotest"
	"github.com/gander-images/gander/shared/table/tabletest"
)

// wrongIn tells what an engine is known to get wrong. See docs/emulators.md.
func wrongIn(t *testing.T, cfg aws.Config) map[string]string {
	if dynamotest.Ministack(t, cfg) {
		return map[string]string{
			"Limits/transaction bytes": "ministack holds the request's JSON, base64 and all, to 4 MB; DynamoDB the items",
		}
	}
	return nil
}

func TestConformance(t *testing.T) {
	cfg := dynamotest.Config(t)
	wrong := wrongIn(t, cfg)
	tabletest.Run(t, func(t *testing.T) tabletest.Store {
		s := open(cfg, dynamotest.Table(t, cfg))
		s.Wrong = wrong
		return s
	})
}

func open(cfg aws.Config, name string) tabletest.Store {
	d := dynamo.Open(cfg, name)
	return tabletest.Store{
		Table: d, Feed: dynamo.Follow(d, cfg),
		Reopen: func(*testing.T) tabletest.Store { return open(cfg, name) },
	}
}
