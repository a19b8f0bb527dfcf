package dynamo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// A fake plays DynamoDB's protocol, as badly as a test wants. It knows no
// expressions: of transactions it keeps which tokens have happened, as DynamoDB
// does, and everything else is scripted.
type fake struct {
	*httptest.Server
	t testing.TB

	mu       sync.Mutex
	seen     []request
	script   map[string][]reply // by operation, used up from the first on
	always   map[string]reply   // by operation, once the script has ended
	happened map[string]string  // body of each transaction that happened, by token
}

// A request is one that the fake took.
type request struct {
	operation string
	body      string
	left      <-chan struct{} // closed when the client has
	date      string          // when it was signed
}

// A reply is what the fake does with one request.
type reply func(f *fake, w http.ResponseWriter, r request)

type object = map[string]any

func newFake(t testing.TB) *fake {
	f := &fake{t: t, script: map[string][]reply{}, always: map[string]reply{}, happened: map[string]string{}}
	f.always["TransactWriteItems"] = land
	f.Server = httptest.NewServer(f)
	t.Cleanup(func() {
		f.CloseClientConnections()
		f.Close()
	})
	return f
}

// config leads the clients to the fake.
func (f *fake) config() aws.Config {
	return aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String(f.URL), HTTPClient: f.Client(),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "key", SecretAccessKey: "hunter2", SessionToken: "session-hunter3"}, nil
		}),
	}
}

// open opens the table with some patience, or with the usual one.
func (f *fake) open(patience time.Duration) *Table {
	options := []Option{WithLog(slog.New(slog.DiscardHandler))}
	if patience > 0 {
		options = append(options, WithPatience(patience))
	}
	return Open(f.config(), "tab", options...)
}

// then adds replies to an operation's script.
func (f *fake) then(operation string, replies ...reply) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.script[operation] = append(f.script[operation], replies...)
}

// ever sets what an operation answers after its script.
func (f *fake) ever(operation string, r reply) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.always[operation] = r
}

// requests returns what came, of one operation.
func (f *fake) requests(operation string) (found []request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.seen {
		if r.operation == operation {
			found = append(found, r)
		}
	}
	return found
}

func (f *fake) transactions() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.happened)
}

// ServeHTTP implements http.Handler.
func (f *fake) ServeHTTP(w http.ResponseWriter, h *http.Request) {
	body, err := io.ReadAll(h.Body)
	if err != nil {
		return // the client has left
	}
	_, operation, _ := strings.Cut(h.Header.Get("X-Amz-Target"), ".")
	r := request{operation, string(body), h.Context().Done(), h.Header.Get("X-Amz-Date")}
	f.next(r)(f, w, r)
}

func (f *fake) next(r request) reply {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, r)
	if script := f.script[r.operation]; len(script) > 0 {
		f.script[r.operation] = script[1:]
		return script[0]
	}
	if always := f.always[r.operation]; always != nil {
		return always
	}
	return fail(http.StatusInternalServerError, "NotScripted", r.operation)
}

func (r request) decode(t testing.TB) (o object) {
	if err := json.Unmarshal([]byte(r.body), &o); err != nil {
		t.Errorf("%s: %v in %q", r.operation, err, r.body)
	}
	return o
}

// answer replies with an object.
func answer(o any) reply {
	return func(_ *fake, w http.ResponseWriter, _ request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_ = json.NewEncoder(w).Encode(o) // the client may have left
	}
}

// fail replies with an error; more are further members of its body.
func fail(status int, code, message string, more ...object) reply {
	return func(_ *fake, w http.ResponseWriter, _ request) {
		o := object{"__type": "com.amazonaws.dynamodb.v20120810#" + code, "message": message}
		for _, m := range more {
			for k, v := range m {
				o[k] = v
			}
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.Header().Set("X-Amzn-Requestid", "REQUEST1")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(o)
	}
}

func throttle(f *fake, w http.ResponseWriter, r request) {
	fail(http.StatusBadRequest, "ThrottlingException", "slow down")(f, w, r)
}

// cancel replies that a transaction was cancelled, for one reason a write.
func cancel(reasons ...object) reply {
	return fail(http.StatusBadRequest, "TransactionCanceledException", "Transaction cancelled", object{"CancellationReasons": reasons})
}

func reason(code, message string) object { return object{"Code": code, "Message": message} }

// land makes a transaction happen, once for each token.
func land(f *fake, w http.ResponseWriter, r request) {
	f.take(r)
	answer(object{"ConsumedCapacity": []object{{"TableName": "tab", "CapacityUnits": 2, "WriteCapacityUnits": 2}}})(f, w, r)
}

func (f *fake) take(r request) {
	token, _ := r.decode(f.t)["ClientRequestToken"].(string)
	f.mu.Lock()
	defer f.mu.Unlock()
	if before, ok := f.happened[token]; token == "" || ok && before != r.body {
		f.t.Errorf("token %q came with other bytes:\n%s\n%s", token, before, r.body)
	}
	f.happened[token] = r.body
}

// lost lets a transaction happen and then does as it is told.
func lost(then reply) reply {
	return func(f *fake, w http.ResponseWriter, r request) {
		f.take(r)
		then(f, w, r)
	}
}

// cut closes the connection without an answer.
func cut(*fake, http.ResponseWriter, request) { panic(http.ErrAbortHandler) }

// half begins an answer and closes the connection.
func half(_ *fake, w http.ResponseWriter, _ request) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("Content-Length", "1000")
	fmt.Fprint(w, `{"ConsumedCapacity":`)
	panic(http.ErrAbortHandler)
}

// garbage answers with what a proxy might say.
func garbage(_ *fake, w http.ResponseWriter, _ request) {
	w.WriteHeader(http.StatusBadGateway)
	fmt.Fprint(w, "<html>\n<b>bad gateway</b>\n</html>")
}

// hang does not answer at all.
func hang(_ *fake, _ http.ResponseWriter, r request) { <-r.left }
