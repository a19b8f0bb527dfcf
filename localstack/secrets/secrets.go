// Package secrets is a small Secrets Manager: what shared/vault/secretsmanager asks of
// it, answered as AWS does. It is for the unit tests of that, and for the light cloud,
// which has no Python; in the suites over engines others stand in for AWS. It checks no
// signatures and forgets all when it ends.
//
// Source: AWS Secrets Manager API Reference.
package secrets

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Server is an http.Handler.
type Server struct {
	// Now tells the time. It must not be changed while the server serves.
	Now func() time.Time

	mu      sync.Mutex
	secrets map[string]*secret
}

type secret struct {
	name        string
	description string
	token       string
	value       []byte
	deleted     *time.Time // when its window ends
}

// New returns a server without secrets.
func New(now func() time.Time) *Server { return &Server{Now: now, secrets: make(map[string]*secret)} }

// A request is what of any operation's is understood.
type request struct {
	Name                   string
	ID                     string `json:"SecretId"`
	Description            *string
	SecretBinary           []byte
	ClientRequestToken     string
	RecoveryWindowInDays   *int64
	IncludePlannedDeletion bool
	MaxResults             int
	NextToken              string
	Filters                []struct {
		Key    string
		Values []string
	}
}

// A failure is an error of the API.
type failure struct{ code, message string }

func (f *failure) Error() string { return f.code }

var (
	errNotFound  = &failure{"ResourceNotFoundException", "Secrets Manager can't find the specified secret."}
	errExists    = &failure{"ResourceExistsException", "The operation failed because the secret already exists."}
	errScheduled = &failure{"InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion."}
)

func invalid(message string) *failure { return &failure{"InvalidParameterException", message} }

type operation func(*Server, request) (map[string]any, error)

var operations = map[string]operation{
	"CreateSecret": (*Server).create, "GetSecretValue": (*Server).get, "DescribeSecret": (*Server).describe,
	"UpdateSecret": (*Server).update, "DeleteSecret": (*Server).schedule, "RestoreSecret": (*Server).restore,
	"ListSecrets": (*Server).list,
}

const maxBody = 1 << 20

// ServeHTTP answers one request. A GET tells that it serves.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		return
	}
	_, name, _ := strings.Cut(r.Header.Get("X-Amz-Target"), "secretsmanager.")
	do, known := operations[name]
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var in request
	if err == nil {
		err = json.Unmarshal(body, &in)
	}
	var answer map[string]any
	switch {
	case err != nil || !known:
		err = &failure{"SerializationException", "The request is not understood."}
	default:
		s.mu.Lock()
		answer, err = do(s, in)
		s.mu.Unlock()
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-Requestid", "SECRETS")
	if failed, ok := err.(*failure); ok { //nolint:errorlint // it is ours, bare
		w.WriteHeader(http.StatusBadRequest)
		answer = map[string]any{"__type": failed.code, "Message": failed.message}
	}
	_ = json.NewEncoder(w).Encode(answer) // a caller that went away needs no answer
}

func arn(name string) string {
	return "arn:aws:secretsmanager:us-east-1:000000000000:secret:" + name + "-AbCdEf"
}

func (c *secret) names() map[string]any { return map[string]any{"ARN": arn(c.name), "Name": c.name} }

// find looks up a secret, which is gone once its window is over.
func (s *Server) find(name string) *secret {
	c := s.secrets[name]
	if c != nil && c.deleted != nil && !c.deleted.After(s.Now()) {
		delete(s.secrets, name)
		return nil
	}
	return c
}

// current looks up a secret that is not scheduled for deletion.
func (s *Server) current(name string) (*secret, error) {
	c := s.find(name)
	switch {
	case c == nil:
		return nil, errNotFound
	case c.deleted != nil:
		return nil, errScheduled
	}
	return c, nil
}

func (s *Server) create(in request) (map[string]any, error) {
	if in.Name == "" || len(in.SecretBinary) > 65536 || in.SecretBinary != nil && len(in.ClientRequestToken) < 32 {
		return nil, invalid("A parameter is wrong.")
	}
	c := s.find(in.Name)
	switch {
	case c == nil:
		c = &secret{name: in.Name, token: in.ClientRequestToken, value: in.SecretBinary}
		if in.Description != nil {
			c.description = *in.Description
		}
		s.secrets[in.Name] = c
	case c.deleted != nil:
		return nil, errScheduled
	case in.ClientRequestToken == "" || c.token != in.ClientRequestToken || !bytes.Equal(c.value, in.SecretBinary):
		return nil, errExists
	}
	return c.names(), nil
}

func (s *Server) get(in request) (map[string]any, error) {
	c, err := s.current(in.ID)
	if err != nil {
		return nil, err
	}
	if c.value == nil {
		return nil, &failure{"ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT"}
	}
	answer := c.names()
	answer["SecretBinary"] = c.value
	return answer, nil
}

func (c *secret) described() map[string]any {
	answer := c.names()
	if c.description != "" {
		answer["Description"] = c.description
	}
	if c.deleted != nil {
		answer["DeletedDate"] = float64(c.deleted.UnixMilli()) / 1000
	}
	return answer
}

func (s *Server) describe(in request) (map[string]any, error) {
	c := s.find(in.ID)
	if c == nil {
		return nil, errNotFound
	}
	return c.described(), nil
}

func (s *Server) update(in request) (map[string]any, error) {
	c, err := s.current(in.ID)
	if err != nil {
		return nil, err
	}
	if in.Description != nil {
		c.description = *in.Description
	}
	return c.names(), nil
}

func (s *Server) schedule(in request) (map[string]any, error) {
	if in.RecoveryWindowInDays == nil || *in.RecoveryWindowInDays < 7 || *in.RecoveryWindowInDays > 30 {
		return nil, invalid("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
	}
	c, err := s.current(in.ID)
	if err != nil {
		return nil, err
	}
	at := s.Now().Add(time.Duration(*in.RecoveryWindowInDays) * 24 * time.Hour)
	c.deleted = &at
	answer := c.names()
	answer["DeletionDate"] = float64(at.UnixMilli()) / 1000
	return answer, nil
}

func (s *Server) restore(in request) (map[string]any, error) {
	c := s.find(in.ID)
	if c == nil {
		return nil, errNotFound
	}
	c.deleted = nil
	return c.names(), nil
}

// list has pages of MaxResults; the token is the last name.
func (s *Server) list(in request) (map[string]any, error) {
	page, next := []map[string]any{}, ""
	for _, name := range slices.Sorted(maps.Keys(s.secrets)) {
		c := s.find(name)
		if c == nil || name <= in.NextToken || c.deleted != nil && !in.IncludePlannedDeletion || !in.wants(name) {
			continue
		}
		if len(page) == cmp.Or(in.MaxResults, 100) {
			next = fmt.Sprint(page[len(page)-1]["Name"])
			break
		}
		page = append(page, c.described())
	}
	answer := map[string]any{"SecretList": page}
	if next != "" {
		answer["NextToken"] = next
	}
	return answer, nil
}

func (in request) wants(name string) bool {
	for _, f := range in.Filters {
		if f.Key == "name" && !slices.ContainsFunc(f.Values, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			return false
		}
	}
	return true
}
