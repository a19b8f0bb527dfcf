package gateway

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/gander-images/gander/localstack/template"
)

// queueReaders are the functions that are fed by a queue. There is one queue here: the
// destination of what the stream mappings give up on.
func queueReaders(s *template.Stack, functions []function) ([]string, error) {
	var readers []string
	for _, f := range functions {
		events, err := eventsOf(s, f.id, "SQS")
		if err != nil {
			return nil, err
		}
		if len(events) > 0 {
			readers = append(readers, f.name)
		}
	}
	return readers, nil
}

// receives is how often a message is handed to a function that does not take it.
const receives = 5

// queue hands a message to the functions that read the queue, without waiting for them.
func (g *Gateway) queue(ctx context.Context, readers []string, message []byte) {
	event, err := json.Marshal(object{"Records": []object{{
		"messageId": uuid.NewString(), "receiptHandle": uuid.NewString(), "body": string(message), "eventSource": "aws:sqs",
		"awsRegion": template.Region, "eventSourceARN": "arn:" + template.Partition + ":sqs:" + template.Region + ":" + template.Account + ":failures",
		"attributes":        object{"SentTimestamp": strconv.FormatInt(time.Now().UnixMilli(), 10), "ApproximateReceiveCount": "1"},
		"messageAttributes": object{},
	}}})
	if err != nil {
		g.log.Error("a message cannot be written", "error", err)
		return
	}
	for _, name := range readers {
		g.queued.Go(func() {
			for range receives {
				if g.receive(ctx, name, event) || ctx.Err() != nil {
					return
				}
				time.Sleep(pollEvery)
			}
			g.log.Error("a message was not taken, and comes no more", "function", name, "message", string(message))
		})
	}
}

// receive reports whether the function took the message.
func (g *Gateway) receive(ctx context.Context, name string, event []byte) bool {
	answer, failed, err := g.feed(name)(ctx, event)
	var report struct {
		Items []json.RawMessage `json:"batchItemFailures"`
	}
	return err == nil && !failed && json.Unmarshal(answer, &report) == nil && len(report.Items) == 0
}
