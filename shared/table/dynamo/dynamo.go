// Package dynamo keeps a table in DynamoDB.
//
// All writes are transactions of updates, deletions and checks, so that counters
// and attributes that this version does not know survive; all reads are strongly
// consistent, and none goes through an index. The table has the string keys
// table.AttrPartition and table.AttrSort and, for its feed, a stream of
// NEW_AND_OLD_IMAGES.
package dynamo

import (
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/gander-images/gander/shared/table"
)

var _ table.Table = (*Table)(nil)

// A Table is one table of DynamoDB. It may be used from any number of goroutines
// and needs no closing.
type Table struct {
	client   *dynamodb.Client
	name     *string
	settings settings
}

type settings struct {
	patience time.Duration // for one call, all attempts together
	log      *slog.Logger
}

// An Option changes how a table is opened.
type Option func(*settings)

// WithPatience sets how long one call of the table is tried where its context
// has no earlier deadline. The default is the port's: five seconds.
func WithPatience(d time.Duration) Option { return func(s *settings) { s.patience = d } }

// WithLog sets where the feed tells what no caller is told. The default is
// slog.Default.
func WithLog(log *slog.Logger) Option { return func(s *settings) { s.log = log } }

// Open returns the table of that name. It does not call AWS: a table that is not
// there, or not for us, shows at the first use.
func Open(cfg aws.Config, name string, o ...Option) *Table {
	t := &Table{name: aws.String(name), settings: settings{patience: 5 * time.Second, log: slog.Default()}}
	for _, option := range o {
		option(&t.settings)
	}
	t.client = dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) {
		o.Retryer, o.RetryMaxAttempts = aws.NopRetryer{}, 0 // retry.go does it
		o.APIOptions = append(o.APIOptions, watch)
	})
	return t
}
