//go:build localstack && clients

package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/deadletter"
	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/dynamo"
)

// testLocalDeadLetters has a change that nobody can work on come all the way: by the
// stream to the reaper until the mapping gives it up, by the failure queue to the
// sweeper, and so to an operator, who has it tried again before and after it is mended.
func testLocalDeadLetters(t *testing.T) {
	admin := deployed(t).as("gander-admin")
	tab := dynamo.Open(localConfig(t), localOutput(t, "TableName"))
	poison := due.New("purge", time.Now().Add(-time.Second), tooManyZeros, "of no image")
	transact(t, tab, poison.Put())
	var letter deadletter.Letter
	found := func() bool {
		for _, l := range admin.deadLetters() {
			if l.Item != nil && l.Item.Partition == poison.Key().Partition && l.Item.Sort == poison.Key().Sort {
				letter = l
				return true
			}
		}
		return false
	}
	eventually(t, time.Minute, "the change is a dead letter", found)
	const tries = 11 // template.yaml has ten retries
	if letter.Tries != tries || letter.Range == nil || letter.Range.First == "" || letter.Range.First != letter.Range.Last {
		t.Errorf("the letter is %+v of %+v", letter, letter.Range)
	}
	retry := func() {
		t.Helper()
		admin.call("POST /gander/v1/consumers/reaper/retry", strings.NewReader(`{"id": "`+letter.ID+`"}`), asJSON).want(http.StatusAccepted)
	}
	retry()
	eventually(t, 90*time.Second, "it was tried once more", func() bool { return found() && letter.Tries == tries+1 && letter.RetryAt.IsZero() })
	mended := poison.Put()
	mended.Body, mended.If = json.RawMessage(`{"image": "`+tooManyZeros+`"}`), table.IfPresent()
	transact(t, tab, mended)
	retry()
	eventually(t, 90*time.Second, "the letter goes", func() bool { return !found() })
	if items, err := tab.Get(t.Context(), poison.Key()); err != nil || items[0] != nil {
		t.Errorf("of the entry there is %v, %v", items, err)
	}
}

// deadLetters are what the deployment's reaper was given up on.
func (u *user) deadLetters() []deadletter.Letter {
	u.t.Helper()
	var list struct {
		Consumers []struct {
			Letters []deadletter.Letter `json:"dead_letters"`
		}
	}
	answer := u.call("GET /gander/v1/consumers", nil).want(http.StatusOK)
	if err := json.Unmarshal(answer.body, &list); err != nil || len(list.Consumers) != 1 {
		u.t.Fatalf("the consumers are %s, %v", answer.body, err)
	}
	return list.Consumers[0].Letters
}

func transact(t *testing.T, tab table.Table, w table.Write) {
	t.Helper()
	if outcome, err := tab.Transact(t.Context(), w); err != nil || !outcome.OK() {
		t.Fatalf("writing %v: %+v, %v", w.Key, outcome, err)
	}
}
