package gateway

import (
	"context"
	"time"

	"github.com/gander-images/gander/localstack/lambda"
)

// DataPaths are what goes to the data plane.
func DataPaths() []string { return dataPaths }

// Queue hands a message to a function that reads the queue, and waits.
func (g *Gateway) Queue(ctx context.Context, reader, message string) {
	g.queue(ctx, []string{reader}, []byte(message))
	g.queued.Wait()
}

// SetTimeout shortens what the gateway waits for a function.
func (c *Config) SetTimeout(d time.Duration) { c.timeout = d }

// Patience is how long a gateway of the shape waits for a function with a
// time-out of a minute.
func Patience(s Shape) time.Duration {
	return Config{Shape: s}.patience(lambda.New(lambda.Spec{Timeout: time.Minute}))
}
