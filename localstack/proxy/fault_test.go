package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func transact(t *testing.T, c clients) error {
	_, err := c.dynamo.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []ddb.TransactWriteItem{
		{Delete: &ddb.Delete{TableName: aws.String("images"), Key: keys("a", "1")}},
		{Delete: &ddb.Delete{TableName: aws.String("images"), Key: keys("b", "2")}},
	}})
	return err
}

func upload(t *testing.T, c clients) error {
	return put(t, c, strings.NewReader(strings.Repeat("x", 3<<20)))
}

func complete(t *testing.T, c clients) error {
	_, err := c.s3.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{
		Bucket: aws.String("bucket"), Key: aws.String("k"), UploadId: aws.String("u"), MultipartUpload: &s3types.CompletedMultipartUpload{},
	})
	return err
}

func records(t *testing.T, c clients) error {
	_, err := c.streams.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: aws.String(streamOf + "|0|7|1")})
	return err
}

// TestFaults holds what each fault tells the SDK, and whether the engine did the
// call.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		fault Fault
		ask   func(*testing.T, clients) error
		code  string // empty: the connection breaks
		done  bool
	}{
		{Throttled, get, "ProvisionedThroughputExceededException", false},
		{Throttled, upload, "SlowDown", false},
		{RateLimited, get, "ThrottlingException", false},
		{RateLimited, upload, "ServiceUnavailable", false},
		{RateLimited, records, "LimitExceededException", false},
		{Conflicted, transact, "TransactionCanceledException", false},
		{Conflicted, get, "TransactionConflictException", false},
		{Conflicted, upload, "ConditionalRequestConflict", false},
		{PartThrottled, transact, "TransactionCanceledException", false},
		{InProgress, transact, "TransactionInProgressException", false},
		{Failed, get, "InternalServerError", false},
		{Failed, upload, "InternalError", false},
		{FailedAfter, transact, "InternalServerError", true},
		{FailedAfter, upload, "InternalError", true},
		{Rejected, complete, "InternalError", false},
		{WrongState, get, "InvalidRequestException", false},
		{IteratorExpired, records, "ExpiredIteratorException", false},
		{Trimmed, records, "TrimmedDataAccessException", false},
		{CutBefore, get, "", false},
		{CutBefore, upload, "", false},
		{CutUpload, upload, "", false},
		{CutUpload, transact, "", false},
		{AnswerLost, transact, "", true},
		{AnswerLost, upload, "", true},
		{AnswerCut, get, "", true},
	} {
		t.Run(fmt.Sprint(c.fault), func(t *testing.T) {
			w := newWorld(t)
			w.engine.answer = func(rw http.ResponseWriter, r *http.Request) { _, _ = rw.Write([]byte(`{"Records":[]}`)) }
			rule := w.proxy.Inject(Rule{Fault: c.fault})
			err := c.ask(t, w.clients(nil))
			switch {
			case c.code != "":
				wantCode(t, "the call", err, c.code)
			case err == nil || strings.Contains(err.Error(), "StatusCode: 5"):
				t.Errorf("a cut connection is answered %v", err)
			}
			seen := w.engine.operations()
			if (len(seen) == 1) != c.done || rule.Count() != 1 {
				t.Errorf("the engine saw %v; %d calls were spoiled", seen, rule.Count())
			}
			if c.fault == IteratorExpired || c.fault == Trimmed {
				wantCode(t, "the same iterator", c.ask(t, w.clients(nil)), c.code)
				return
			}
			if c.fault == Rejected {
				w.engine.answer = func(rw http.ResponseWriter, _ *http.Request) {
					_, _ = rw.Write([]byte("<CompleteMultipartUploadResult/>"))
				}
			}
			if err := c.ask(t, w.clients(nil)); err != nil {
				t.Errorf("the next call is answered %v", err)
			}
		})
	}
}

// TestReasonsOfCanceledTransactions holds that a conflict names the item it is
// about, as the SDK reads it.
func TestReasonsOfCanceledTransactions(t *testing.T) {
	w := newWorld(t)
	w.proxy.Inject(Rule{Fault: Conflicted})
	var canceled *ddb.TransactionCanceledException
	if err := transact(t, w.clients(nil)); !errors.As(err, &canceled) {
		t.Fatal(err)
	}
	var codes []string
	for _, r := range canceled.CancellationReasons {
		codes = append(codes, aws.ToString(r.Code))
	}
	if want := []string{"TransactionConflict", "None"}; !slices.Equal(codes, want) {
		t.Errorf("reasons %v, not %v", codes, want)
	}
}

// TestSilence holds that an answer which never comes leaves the call done, and
// the caller waiting until it gives up.
func TestSilence(t *testing.T) {
	w := newWorld(t)
	w.proxy.Inject(Rule{Fault: AnswerSilent})
	ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	_, err := w.clients(nil).dynamo.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("images"), Key: keys("a", "1")})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("answered %v", err)
	}
	if seen := w.engine.operations(); len(seen) != 1 {
		t.Errorf("the engine saw %v", seen)
	}
}

// TestDelay holds that a delayed call is answered, late.
func TestDelay(t *testing.T) {
	w := newWorld(t)
	w.proxy.Inject(Rule{Fault: Delayed, Delay: 50 * time.Millisecond})
	began := time.Now()
	if err := get(t, w.clients(nil)); err != nil || time.Since(began) < 50*time.Millisecond {
		t.Errorf("answered %v after %v", err, time.Since(began))
	}
}

// TestDownloadsBreak holds that a download whose connection broke never looks
// whole, be its length known or not, and that whole ones come through unchanged.
func TestDownloadsBreak(t *testing.T) {
	data := strings.Repeat("0123456789", 100_000)
	for length, half := range map[string]int{fmt.Sprint(len(data)): len(data) / 2, "": 0} {
		t.Run("length="+length, func(t *testing.T) {
			w := newWorld(t)
			w.engine.answer = func(rw http.ResponseWriter, _ *http.Request) {
				if length != "" {
					rw.Header().Set("Content-Length", length)
				}
				_, _ = io.WriteString(rw, data)
			}
			if got, err := w.download(); err != nil || got != data {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
			w.proxy.Inject(Rule{Fault: AnswerCut})
			if got, err := w.download(); !errors.Is(err, io.ErrUnexpectedEOF) || len(got) != half {
				t.Errorf("a cut download gave %d bytes, %v", len(got), err)
			}
		})
	}
}

// download reads an object by its URL.
func (w *world) download() (string, error) {
	w.t.Helper()
	answer, err := w.presigned(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	return string(got), err
}

// TestRulesCount holds which of the calls a rule spoils.
func TestRulesCount(t *testing.T) {
	for name, c := range map[string]struct {
		rule Rule
		want string // x for each spoiled call of ten
	}{
		"once":        {Rule{}, "x........."},
		"the third":   {Rule{Skip: 2}, "..x......."},
		"three":       {Rule{Skip: 1, Times: 3}, ".xxx......"},
		"all":         {Rule{Skip: 6, Times: Always}, "......xxxx"},
		"every third": {Rule{Every: 3, Times: 2}, "..x..x...."},
		"others":      {Rule{Match: Match{Function: "image-list"}}, ".........."},
		"a service":   {Rule{Match: Match{Service: S3}}, ".........."},
		"by IAM":      {Rule{Match: Match{Operation: "dynamodb:GetItem", Partition: "image#1"}}, "x........."},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			client := w.clients(nil)
			c.rule.Fault = Throttled
			rule := w.proxy.Inject(c.rule)
			got := ""
			for range 10 {
				if get(t, client) != nil {
					got += "x"
				} else {
					got += "."
				}
			}
			if got != c.want || rule.Count() != strings.Count(c.want, "x") {
				t.Errorf("%s, counted %d, not %s", got, rule.Count(), c.want)
			}
			rule.Remove()
			if err := get(t, client); err != nil {
				t.Errorf("a removed rule still works: %v", err)
			}
		})
	}
}
