package emulator

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gander-images/gander/localstack/child"
)

// patience is how long an engine may take to start. LocalStack takes seconds,
// and longer on a machine that is busy.
const patience = 2 * time.Minute

// waitReady returns when the engine answers, or with why it never will.
func waitReady(ctx context.Context, c *child.Child, kind engine, p place) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		asked := answers(ctx, kind, p)
		select {
		case <-c.Exited():
			return fmt.Errorf("it ended at its start: %v", c.State())
		default:
		}
		if asked == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", errors.Join(ctx.Err(), asked))
		case <-c.Exited():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func answers(ctx context.Context, kind engine, p place) error {
	if kind.ready == "" {
		connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.address())
		if err != nil {
			return err
		}
		return connection.Close()
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url(kind.https)+kind.ready, nil)
	if err != nil {
		return err
	}
	// Whether it is up is all that is asked; whether it is trusted, clients ask.
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("it says %s", answer.Status)
	}
	return nil
}
