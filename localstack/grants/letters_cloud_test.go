//go:build cloud

package grants_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/localstack/gateway"
	"github.com/gander-images/gander/shared/deadletter"
	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/table"
)

// TestPoisonThroughTheStream has a change that nobody can work on take the whole way,
// each function under its role: by the stream to the reaper until the mapping gives it
// up, by the failure queue to the sweeper, and so to an operator, who has it tried again
// before and after it is mended. What came after it has its turn meanwhile.
func TestPoisonThroughTheStream(t *testing.T) {
	w := newWorld(t)
	w.start(func(*gateway.Config) {})
	image := w.made()
	poison := due.New("purge", time.Now().Add(-time.Second), image, "of no image")
	w.write(poison.Put())
	w.call(204, http.MethodDelete, "/v2/images/"+image, nil)
	w.eventually("what came after poison is done", func() bool { return strings.Contains(w.summary(), "images: 1 purged; 0 list entries; 1 due") })
	w.eventually("the change is a dead letter", func() bool { return len(w.letters()) == 1 })

	letter := w.letters()[0]
	const tries = 11 // template.yaml has ten retries
	at := letter.Range
	if letter.Item == nil || letter.Item.Sort != poison.Key().Sort || letter.Tries != tries || at == nil || at.First == "" || at.First != at.Last {
		t.Errorf("the letter is %+v of %+v at %+v", letter, letter.Item, at)
	}
	if given := w.gateway.Failures(); len(given) != 1 || !strings.Contains(string(given[0]), `"startSequenceNumber":"`+at.First+`"`) {
		t.Errorf("given up were %s", given)
	}
	w.retry(letter)
	w.eventually("it was tried once more", func() bool {
		left := w.letters()
		return len(left) == 1 && left[0].Tries == tries+1 && left[0].RetryAt.IsZero()
	})
	mended := poison.Put()
	mended.Body, mended.If = json.RawMessage(`{"image":"`+image+`"}`), table.IfPresent()
	w.write(mended)
	w.retry(letter)
	w.eventually("letter and entry go", func() bool { return len(w.letters()) == 0 && w.idle() })
	for _, u := range w.proxy.Denied() {
		t.Errorf("refused: %s may not do %s on %s", u.Function, u.Action, u.Resource)
	}
}

// letters are what the reaper was given up on.
func (w *world) letters() []deadletter.Letter {
	w.t.Helper()
	var list struct {
		Consumers []struct {
			Letters []deadletter.Letter `json:"dead_letters"`
		}
	}
	got := w.call(200, http.MethodGet, "/gander/v1/consumers", nil, "X-Auth-Token", w.admin)
	if err := json.Unmarshal(got.body, &list); err != nil || len(list.Consumers) != 1 {
		w.t.Fatalf("the consumers are %s, %v", got.body, err)
	}
	return list.Consumers[0].Letters
}

func (w *world) retry(l deadletter.Letter) {
	w.t.Helper()
	w.send(202, http.MethodPost, "/gander/v1/consumers/reaper/retry", `{"id":"`+l.ID+`"}`, "X-Auth-Token", w.admin)
}

func (w *world) write(change table.Write) {
	w.t.Helper()
	if outcome, err := w.table().Transact(w.t.Context(), change); err != nil || !outcome.OK() {
		w.t.Fatalf("writing %v: %+v, %v", change.Key, outcome, err)
	}
}
