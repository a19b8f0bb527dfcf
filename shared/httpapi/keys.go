package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

const keysPath = ownAPI + "/keys"

var (
	// KeyList lists the records of keys.
	KeyList = Operation{
		Name: "key-list", Methods: []string{"GET"}, Paths: []string{keysPath},
		Rules: []policy.Rule{policy.ManageKeys}, Gate: policy.ManageKeys,
		Needs: Tokens | ReadTable | ReadItems | ListTable, Body: Ignored, Serve: keyList,
	}
	// KeyShow shows one key's record and its holders.
	KeyShow = Operation{
		Name: "key-show", Methods: []string{"GET"}, Paths: []string{keysPath + "/{key_id}"},
		Rules: []policy.Rule{policy.ManageKeys}, Gate: policy.ManageKeys,
		Needs: Tokens | ReadTable | ListTable, Body: Ignored, Serve: keyShow,
	}
	// KeyRestore brings a scheduled key back.
	KeyRestore = Operation{
		Name: "key-restore", Methods: []string{"POST"}, Paths: []string{keysPath + "/{key_id}/restore"},
		Rules: []policy.Rule{policy.ManageKeys}, Gate: policy.ManageKeys,
		Needs: Tokens | ReadTable | WriteTable | ReadSecrets | WriteSecrets | DescribeSecrets | RestoreSecrets, Body: Ignored, Serve: keyRestore,
	}
)

// usualKeys and maxKeys are how many keys, holders or findings a page has for whom
// does not say, and at most.
const (
	usualKeys = 25
	maxKeys   = 100
)

var errNoKey = problem.New(problem.NotFound, "No key with this id is known here.")

func keyList(ctx context.Context, s *Services, r *Request) (*Response, error) {
	q, err := parseKeyQuery(r.Query)
	if err != nil {
		return nil, err
	}
	page, err := s.Keys.Records(ctx, r.gate, q)
	if err != nil {
		return nil, err
	}
	answer := keyListJSON{Keys: make([]keyJSON, len(page.Records)), First: keysPath}
	query := withoutMarker(r.URL.RawQuery)
	if query != "" {
		answer.First += "?" + query
	}
	for i, record := range page.Records {
		answer.Keys[i] = keyFields(record)
	}
	if page.More {
		last := page.Records[len(page.Records)-1].ID
		answer.Next = nextLink(keysPath, query, last)
	}
	return jsonAnswer(http.StatusOK, answer), nil
}

// nextLink leads on in the list at path from a marker, with the rest of the query as
// it was.
func nextLink(path, query, marker string) string {
	if query != "" {
		query += "&"
	}
	return path + "?" + query + "marker=" + url.QueryEscape(marker)
}

func parseKeyQuery(params url.Values) (key.RecordQuery, error) {
	var q key.RecordQuery
	var err error
	if q.Limit, q.Marker, err = parsePage(params, "state", "owner"); err != nil {
		return q, err
	}
	if values := params["state"]; len(values) > 0 {
		if q.State = key.State(values[len(values)-1]); !q.State.Known() {
			return q, problem.New(problem.Invalid, "Keys have no state '%s'. The states are %v.", string(q.State), key.States)
		}
	}
	if values := params["owner"]; len(values) > 0 {
		q.Owner = &values[len(values)-1]
	}
	return q, nil
}

// parsePage reads limit and marker, of repeated ones the last. Other parameters than
// those that are also known are refused: who mistypes a filter must not take all for
// what it lets through.
func parsePage(params url.Values, also ...string) (limit int, marker string, err error) {
	limit = usualKeys
	for name, values := range params {
		text := values[len(values)-1]
		switch name {
		case "limit":
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 {
				return 0, "", problem.New(problem.Invalid, "limit has to be a whole number, at least 1.")
			}
			limit = min(n, maxKeys)
		case "marker":
			if text == "" {
				return 0, "", problem.New(problem.Invalid, "marker has to be that of a page's link.")
			}
			marker = text
		default:
			if !slices.Contains(also, name) {
				return 0, "", problem.New(problem.Invalid, "There is no parameter '%s'.", name)
			}
		}
	}
	return limit, marker, nil
}

// keyShow shows the record with a page of its holders.
func keyShow(ctx context.Context, s *Services, r *Request) (*Response, error) {
	limit, marker, err := parsePage(r.Query)
	if err != nil {
		return nil, err
	}
	record, err := s.keyRecord(ctx, r)
	if err != nil {
		return nil, err
	}
	holders, next, err := s.Keys.HoldersAfter(ctx, r.gate, record.ID, marker, limit)
	if err != nil {
		return nil, err
	}
	answer := keyShowJSON{keyJSON: keyFields(record), HeldBy: make([]holderJSON, len(holders))}
	for i := range holders {
		answer.HeldBy[i] = holderFields(&holders[i])
	}
	if next != "" {
		answer.Next = nextLink(KeyPath(record.ID), withoutMarker(r.URL.RawQuery), next)
	}
	return jsonAnswer(http.StatusOK, answer), nil
}

// keyRecord returns the record of the key that the request's path names.
//
// Errors: NotFound where there is none; those of the table.
func (s *Services) keyRecord(ctx context.Context, r *Request) (*key.Record, error) {
	id, ok := keyOfPath(r.Params["key_id"])
	if !ok {
		return nil, errNoKey
	}
	record, err := s.Keys.Find(ctx, id)
	if err == nil && record == nil {
		err = errNoKey
	}
	return record, err
}

func keyRestore(ctx context.Context, s *Services, r *Request) (*Response, error) {
	var restored *key.Record
	err := s.again(ctx, func() error {
		record, err := s.keyRecord(ctx, r)
		if err != nil {
			return err
		}
		restored, err = s.Keys.Restore(ctx, r.gate, record)
		return err
	})
	if err != nil {
		return nil, err
	}
	return jsonAnswer(http.StatusOK, keyFields(restored)), nil
}
