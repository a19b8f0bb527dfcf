package dynamo

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/gander-images/gander/shared/table"
)

// listEvery is how often the shards are listed where nothing says that there are
// others.
const listEvery = time.Minute

// relist has the shards listed before the next round.
func (r *follower) relist() { r.listed = time.Time{} }

// list finds the table's stream and its shards. Those that are known keep their
// place; new ones begin where the position says, or with the oldest change kept;
// those that are no longer there are forgotten.
func (r *follower) list(ctx context.Context) error {
	stream, err := r.findStream(ctx)
	if err != nil {
		return err
	}
	if stream != r.Stream {
		r.restart(stream)
		r.known = nil
	}
	described, err := r.describe(ctx)
	if err != nil {
		return err
	}
	shards, known := make([]*shard, 0, len(described)), make(map[string]*shard, len(described))
	for _, d := range described {
		id := aws.ToString(d.ShardId)
		s := r.known[id]
		if s == nil {
			s = &shard{id: id, position: r.Shards[id]}
		}
		s.parent = aws.ToString(d.ParentShardId)
		shards, known[id] = append(shards, s), s
	}
	for id := range r.Shards {
		if known[id] == nil {
			r.forget(id)
		}
	}
	r.shards, r.known, r.listed = shards, known, time.Now()
	return nil
}

// findStream returns the ARN of the table's stream.
func (r *follower) findStream(ctx context.Context) (string, error) {
	var out *dynamodb.DescribeTableOutput
	err := r.table.begin(ctx, false).until(ctx, func(attempt context.Context) (err error) {
		out, err = r.table.client.DescribeTable(attempt, &dynamodb.DescribeTableInput{TableName: r.table.name})
		return err
	})
	if err != nil {
		return "", err
	}
	if out.Table == nil || aws.ToString(out.Table.LatestStreamArn) == "" {
		return "", fmt.Errorf("%w: dynamodb: the table has no stream", table.ErrUnusable)
	}
	return *out.Table.LatestStreamArn, nil
}

// describe lists the stream's shards, page by page.
func (r *follower) describe(ctx context.Context) (shards []types.Shard, err error) {
	in := &dynamodbstreams.DescribeStreamInput{StreamArn: &r.Stream}
	for {
		var out *dynamodbstreams.DescribeStreamOutput
		err := r.table.begin(ctx, false).until(ctx, func(attempt context.Context) (err error) {
			out, err = r.streams.DescribeStream(attempt, in)
			return err
		})
		if err != nil {
			return nil, err
		}
		d := out.StreamDescription
		if d == nil || d.StreamViewType != types.StreamViewTypeNewAndOldImages {
			return nil, fmt.Errorf("%w: dynamodb: the stream's view is not %s", table.ErrUnusable, types.StreamViewTypeNewAndOldImages)
		}
		shards = append(shards, d.Shards...)
		if in.ExclusiveStartShardId = d.LastEvaluatedShardId; aws.ToString(d.LastEvaluatedShardId) == "" {
			return shards, nil
		}
	}
}
