package secretsmanager_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/gander-images/gander/localstack/secrets"
	"github.com/gander-images/gander/shared/vault"
	"github.com/gander-images/gander/shared/vault/secretsmanager"
	"github.com/gander-images/gander/shared/vault/vaulttest"
)

// A world is a server whose answers a test can break.
type world struct {
	*testing.T
	server *secrets.Server
	vault  *secretsmanager.Vault

	mu     sync.Mutex
	breaks []broken // the next requests', one each
	calls  []call
}

// A broken request is answered with a status and a code of an error, or not at all,
// after the server did it or without.
type broken struct {
	happens bool
	status  int // 0: the connection is cut
	code    string
}

// A call is what was asked.
type call struct {
	operation string
	body      map[string]any
}

func newWorld(t *testing.T, now func() time.Time) *world {
	w := &world{T: t, server: secrets.New(now)}
	s := httptest.NewServer(w)
	t.Cleanup(s.Close)
	cfg := aws.Config{Region: "us-east-1", BaseEndpoint: &s.URL, HTTPClient: s.Client(), Credentials: aws.CredentialsProviderFunc(
		func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		},
	)}
	w.vault = secretsmanager.Open(cfg, "d", secretsmanager.WithPatience(2*time.Second))
	return w
}

func (w *world) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c := call{operation: strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "secretsmanager."), body: map[string]any{}}
	_ = json.Unmarshal(body, &c.body)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	w.mu.Lock()
	w.calls = append(w.calls, c)
	var b *broken
	if len(w.breaks) > 0 {
		b, w.breaks = &w.breaks[0], w.breaks[1:]
	}
	w.mu.Unlock()
	if b == nil {
		w.server.ServeHTTP(out, r)
		return
	}
	if b.happens {
		w.server.ServeHTTP(httptest.NewRecorder(), r)
	}
	if b.status == 0 {
		panic(http.ErrAbortHandler)
	}
	out.Header().Set("X-Amzn-Requestid", "R-1")
	out.WriteHeader(b.status)
	_ = json.NewEncoder(out).Encode(map[string]string{"__type": b.code, "Message": "it is about a-value-of-a-key"})
}

func (w *world) breakNext(b ...broken) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.breaks = b
}

// asked returns what was asked since it was called last.
func (w *world) asked() []call {
	w.mu.Lock()
	defer w.mu.Unlock()
	calls := w.calls
	w.calls = nil
	return calls
}

func TestConformance(t *testing.T) {
	vaulttest.Run(t, func(t *testing.T) vaulttest.Store {
		var mu sync.Mutex
		now := time.Now()
		w := newWorld(t, func() time.Time { mu.Lock(); defer mu.Unlock(); return now })
		return vaulttest.Store{Vault: w.vault, Advance: func(d time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(d) }}
	})
}

var (
	name1 = vault.Name{Key: "k", Generation: 1}
	lost  = []broken{{happens: false}, {happens: true}, {false, 500, "InternalServiceError"}, {true, 500, "InternalServiceError"}, {false, 400, "ThrottlingException"}}
)

// A write whose answer was lost is asked for again, and settled by the answer to that,
// whether it had happened or not.
func TestLostAnswersAreSettled(t *testing.T) {
	for _, b := range lost {
		w := newWorld(t, time.Now)
		for _, c := range []struct {
			name string
			do   func() error
		}{
			{"Create", func() error { return w.vault.Create(t.Context(), name1, []byte("v")) }},
			{"Schedule", func() error { return w.vault.Schedule(t.Context(), name1, vault.MinWindow) }},
			{"Restore", func() error { return w.vault.Restore(t.Context(), name1) }},
			{"RaiseEpoch", func() error { return w.vault.RaiseEpoch(t.Context(), 4) }},
		} {
			w.breakNext(b)
			if err := c.do(); err != nil {
				t.Errorf("%s, broken by %+v: %v", c.name, b, err)
			}
			if s, err := w.vault.Describe(t.Context(), name1); err != nil || s.Scheduled != (c.name == "Schedule") {
				t.Errorf("after %s, broken by %+v: %+v, %v", c.name, b, s, err)
			}
		}
		if n, err := w.vault.Epoch(t.Context()); n != 4 || err != nil {
			t.Errorf("the epoch is %d, %v", n, err)
		}
	}
}

// Where no attempt is answered, a write may have happened, a read may be tried again,
// and what was refused did not happen.
func TestWhatIsNotAnswered(t *testing.T) {
	for _, c := range []struct {
		by   broken
		want error
		many bool
	}{
		{broken{}, vault.ErrUnknown, true},
		{broken{status: 503, code: "ServiceUnavailable"}, vault.ErrUnknown, true},
		{broken{status: 400, code: "ThrottlingException"}, vault.ErrBusy, true},
		{broken{status: 400, code: "AccessDeniedException"}, vault.ErrBusy, false},
		{broken{status: 400, code: "LimitExceededException"}, vault.ErrBusy, false},
	} {
		w := newWorld(t, time.Now)
		all := make([]broken, 1000)
		for i := range all {
			all[i] = c.by
		}
		w.breakNext(all...)
		ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
		err := w.vault.Create(ctx, name1, []byte("a-value-of-a-key"))
		cancel()
		if !errors.Is(err, c.want) || strings.Contains(err.Error(), "a-value-of-a-key") || strings.Contains(err.Error(), "d/k/1") {
			t.Errorf("%+v: %v, want %v", c.by, err, c.want)
		}
		if got := len(w.asked()); (got > 1) != c.many {
			t.Errorf("%+v: %d attempts", c.by, got)
		}
		w.breakNext(all...)
		ctx, cancel = context.WithTimeout(t.Context(), 300*time.Millisecond)
		if _, err := w.vault.Get(ctx, name1); !errors.Is(err, vault.ErrBusy) {
			t.Errorf("%+v: reading: %v", c.by, err)
		}
		cancel()
	}
}

// Once an attempt may have happened, a refusal of later ones does not say that it did not.
func TestUnknownStaysUnknown(t *testing.T) {
	for _, code := range []string{"ThrottlingException", "AccessDeniedException"} {
		w := newWorld(t, time.Now)
		all := []broken{{happens: true}}
		for range 1000 {
			all = append(all, broken{status: 400, code: code})
		}
		w.breakNext(all...)
		ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
		err := w.vault.Create(ctx, name1, []byte("v"))
		cancel()
		if !errors.Is(err, vault.ErrUnknown) {
			t.Errorf("%s: %v", code, err)
		}
	}
}

// A secret that is scheduled already, or raced for, is asked for once more.
func TestStatesThatOthersChange(t *testing.T) {
	w := newWorld(t, time.Now)
	if err := w.vault.Create(t.Context(), name1, []byte("v")); err != nil {
		t.Fatal(err)
	}
	state := broken{status: 400, code: "InvalidRequestException"}
	w.breakNext(state)
	if err := w.vault.Schedule(t.Context(), name1, vault.MinWindow); err != nil {
		t.Fatal(err)
	}
	if s, err := w.vault.Describe(t.Context(), name1); err != nil || !s.Scheduled {
		t.Errorf("%+v, %v", s, err)
	}
	w.breakNext(state)
	if err := w.vault.Restore(t.Context(), name1); err != nil {
		t.Fatal(err)
	}
	if s, err := w.vault.Describe(t.Context(), name1); err != nil || s.Scheduled {
		t.Errorf("%+v, %v", s, err)
	}
}

// An epoch that is no number, as somebody edited it, is no epoch 0.
func TestAnEpochThatIsNoNumber(t *testing.T) {
	w := newWorld(t, time.Now)
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"Name": "d/epoch", "Description": "four"}`))
	r.Header.Set("X-Amz-Target", "secretsmanager.CreateSecret")
	w.server.ServeHTTP(httptest.NewRecorder(), r)
	if n, err := w.vault.Epoch(t.Context()); !errors.Is(err, vault.ErrBusy) {
		t.Errorf("%d, %v", n, err)
	}
	if err := w.vault.RaiseEpoch(t.Context(), 9); !errors.Is(err, vault.ErrBusy) {
		t.Errorf("raising it: %v", err)
	}
}

// A secret has the deployment in its name, one token for all tries, and is never
// deleted without a window.
func TestWhatIsAsked(t *testing.T) {
	w := newWorld(t, time.Now)
	w.breakNext(broken{happens: true})
	if err := w.vault.Create(t.Context(), name1, []byte("v")); err != nil {
		t.Fatal(err)
	}
	if err := w.vault.Schedule(t.Context(), name1, vault.MaxWindow); err != nil {
		t.Fatal(err)
	}
	asked := w.asked()
	if len(asked) != 3 || asked[0].body["Name"] != "d/k/1" || asked[0].body["ClientRequestToken"] != asked[1].body["ClientRequestToken"] {
		t.Fatalf("%+v", asked)
	}
	last := asked[2].body
	if _, forced := last["ForceDeleteWithoutRecovery"]; forced || last["RecoveryWindowInDays"] != 30.0 || last["SecretId"] != "d/k/1" {
		t.Errorf("a deletion asked %+v", last)
	}
}

// Without leave to read values, a name that is taken is taken.
func TestTakenWithoutLeaveToRead(t *testing.T) {
	w := newWorld(t, time.Now)
	if err := w.vault.Create(t.Context(), name1, []byte("v")); err != nil {
		t.Fatal(err)
	}
	w.breakNext(broken{status: 400, code: "ResourceExistsException"}, broken{status: 400, code: "AccessDeniedException"})
	if err := w.vault.Create(t.Context(), name1, []byte("v")); !errors.Is(err, vault.ErrExists) {
		t.Error(err)
	}
}

// What another deployment keeps, or somebody else below our name, is none of ours.
func TestListKnowsItsOwn(t *testing.T) {
	w := newWorld(t, time.Now)
	if err := w.vault.Create(t.Context(), name1, []byte("v")); err != nil {
		t.Fatal(err)
	}
	for _, foreign := range []string{"d2/k/1", "e/k/1", "d/k/01", "d/k", "d/k/0", "d/K/1", "d/k/1/2"} {
		body := `{"Name": "` + foreign + `"}`
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("X-Amz-Target", "secretsmanager.CreateSecret")
		w.server.ServeHTTP(httptest.NewRecorder(), r)
	}
	var got []vault.Name
	if err := w.vault.List(t.Context(), func(s vault.Secret) error { got = append(got, s.Name); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0] != name1 {
		t.Errorf("listed: %+v", got)
	}
}
