package proxy

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// before does the faults that come before the engine.
func (p *Proxy) before(x *exchange) error {
	switch x.fault {
	case Throttled:
		return throttled(x.call)
	case RateLimited:
		return rateLimited(x.call)
	case Conflicted:
		return conflicted(x.call, "TransactionConflict", "Transaction is ongoing for the item")
	case PartThrottled:
		return conflicted(x.call, "ThrottlingError", "Throughput exceeds the current capacity of your table or index.")
	case InProgress:
		return &refusal{status: 400, code: "TransactionInProgressException", message: "The transaction with the given request token is already in progress."}
	case Failed:
		return failed(x.call)
	case Rejected:
		return &refusal{status: 200, code: "InternalError", message: "We encountered an internal error. Please try again."}
	case WrongState:
		return &refusal{status: 400, code: "InvalidRequestException", message: "You can't perform this operation on the secret in its state."}
	case IteratorExpired:
		return &refusal{status: 400, code: "ExpiredIteratorException", message: "Iterator expired."}
	case Trimmed:
		return &refusal{status: 400, code: "TrimmedDataAccessException", message: "The operation attempted to read past the oldest stream record in a shard."}
	case CutBefore:
		return errCut
	case CutUpload:
		return cutUpload(x)
	case Delayed:
		return wait(x)
	}
	return nil
}

func throttled(c Call) error {
	if c.Service == S3 {
		return &refusal{status: 503, code: "SlowDown", message: "Please reduce your request rate."}
	}
	return &refusal{status: 400, code: "ProvisionedThroughputExceededException", message: "The level of configured provisioned throughput for the table was exceeded."}
}

func rateLimited(c Call) error {
	switch c.Service {
	case S3:
		return &refusal{status: 503, code: "ServiceUnavailable", message: "Please reduce your request rate."}
	case Streams:
		return &refusal{status: 400, code: "LimitExceededException", message: "Too many readers of one shard."}
	}
	return &refusal{status: 400, code: "ThrottlingException", message: "Throughput exceeds the current capacity of your table or index."}
}

// conflicted cancels a transaction for the sake of its first item.
//
// Source: Amazon DynamoDB API Reference, TransactWriteItems, "Errors".
func conflicted(c Call, code, message string) error {
	if c.Service == S3 {
		return &refusal{status: 409, code: "ConditionalRequestConflict", message: "The conditional request cannot succeed due to a conflicting operation against this resource."}
	}
	var parts struct{ TransactItems []json.RawMessage }
	if err := json.Unmarshal(c.body, &parts); err != nil || len(parts.TransactItems) == 0 {
		return &refusal{status: 400, code: "TransactionConflictException", message: "Transaction is ongoing for the item"}
	}
	reasons := []map[string]string{{"Code": code, "Message": message}}
	codes := []string{code}
	for range parts.TransactItems[1:] {
		reasons = append(reasons, map[string]string{"Code": "None"})
		codes = append(codes, "None")
	}
	return &refusal{
		status: 400, code: "TransactionCanceledException",
		message: "Transaction cancelled, please refer cancellation reasons for specific reasons [" + strings.Join(codes, ", ") + "]",
		more:    map[string]any{"CancellationReasons": reasons},
	}
}

func failed(c Call) error {
	if c.Service == S3 {
		return &refusal{status: 500, code: "InternalError", message: "We encountered an internal error. Please try again."}
	}
	return &refusal{status: 500, code: "InternalServerError", message: "The request processing has failed because of an unknown error."}
}

func wait(x *exchange) error {
	timer := time.NewTimer(x.struck.rule.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-x.in.Context().Done():
		return errCut
	}
}

// cutUpload has the body end in its middle, which breaks the connection to the
// engine, too.
func cutUpload(x *exchange) error {
	half := max(x.in.ContentLength/2, 0)
	x.in.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(io.LimitReader(x.in.Body, half), cut{}), x.in.Body}
	return nil
}

type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, errCut }

// after does the faults that come once the engine has answered, and passes the
// answer on.
func (p *Proxy) after(w http.ResponseWriter, x *exchange, answer *http.Response) error {
	if err := p.absent(x, answer); err != nil {
		return err
	}
	switch x.fault {
	case AnswerLost, AnswerSilent, FailedAfter:
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			return fmt.Errorf("reading an answer that is to be lost: %w", err)
		}
		return p.lose(x)
	case AnswerCut:
		return cutAnswer(w, answer)
	}
	if x.call.Service == Streams && answer.StatusCode == http.StatusOK {
		return p.answerStream(w, x, answer)
	}
	copyHead(w, answer)
	if err := copyBody(w, answer.Body); err != nil {
		return errCut // half an answer must not look like a whole one
	}
	return nil
}

func (p *Proxy) lose(x *exchange) error {
	switch x.fault {
	case FailedAfter:
		return failed(x.call)
	case AnswerSilent:
		<-x.in.Context().Done()
	}
	return errCut
}

// cutAnswer sends half of an answer whose length was told, or the head alone of
// one whose was not.
func cutAnswer(w http.ResponseWriter, answer *http.Response) error {
	copyHead(w, answer)
	_ = http.NewResponseController(w).Flush() // cut either way, as the next
	_ = copyBody(w, io.LimitReader(answer.Body, max(answer.ContentLength/2, 0)))
	return errCut
}

// absent looks at what S3 says of an object that is not there: only who may list
// the bucket may know.
//
// Source: Amazon S3 API Reference, GetObject and HeadObject, "Permissions".
func (p *Proxy) absent(x *exchange, answer *http.Response) error {
	reads := x.call.Operation == "GetObject" || x.call.Operation == "HeadObject"
	if !reads || answer.StatusCode != http.StatusNotFound {
		return nil
	}
	bucket, _, _ := strings.Cut(x.call.Items[0], "/")
	return p.use(x.function, Use{Action: "s3:ListBucket", Resource: "arn:aws:s3:::" + bucket})
}
