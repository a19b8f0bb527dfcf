package scenarios

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/deadletter"
	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/table"
)

// A letter is a dead letter as an admin reads it.
type letter struct {
	ID, Consumer, Reason string
	Tries                int
	GivenUpAt            string `json:"given_up_at"`
	RetryAt              string `json:"retry_at"`
	Item                 *struct{ Partition, Sort string }
}

type consumers struct {
	Consumers []struct {
		Name     string
		Position *struct {
			Sequence      string
			Behind        int64
			BehindSeconds int64 `json:"behind_seconds"`
		}
		Lag     map[string]int64
		Letters []letter `json:"dead_letters"`
		Next    string
	}
}

const consumersPath = "/gander/v1/consumers"

// letters returns an admin's list, page by page.
func (w *world) letters(query string) []letter {
	w.t.Helper()
	all := []letter{}
	for path := consumersPath + query; path != ""; {
		var page consumers
		w.call("GET "+path, as("admin")).want(200).into(&page)
		if len(page.Consumers) != 1 || page.Consumers[0].Name != "reaper" || page.Consumers[0].Letters == nil {
			w.t.Fatalf("the consumers are %+v", page)
		}
		all = append(all, page.Consumers[0].Letters...)
		path = page.Consumers[0].Next
	}
	return all
}

// giveUp leaves the letters that consumers would leave of entries, oldest first.
func (w *world) giveUp(why error, entries ...due.Entry) []string {
	w.t.Helper()
	box := deadletter.Box{Table: w.table, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	var ids []string
	for _, e := range entries {
		l := deadletter.Of("reaper", e.Key(), 5, why)
		if err := box.Put(w.t.Context(), l); err != nil {
			w.t.Fatal(err)
		}
		ids = append(ids, l.ID)
	}
	return ids
}

func retryOf(id string) option { return body(`{"id":"` + id + `"}`) }

const retryLine = "POST " + consumersPath + "/reaper/retry"

// Letters are read page by page, the last first, and tell what failed and why.
func TestDeadLettersAreListed(t *testing.T) {
	w := newWorld(t)
	if left := w.letters(""); len(left) != 0 {
		t.Errorf("at first there are %+v", left)
	}
	past := time.Now().Add(-time.Hour)
	var entries []due.Entry
	for i := range 5 {
		e := due.New("none", past.Add(time.Duration(i)*time.Minute), "a", nil)
		outcome, err := w.table.Transact(t.Context(), e.Put()) // one of nothing is tidied away
		if err != nil || !outcome.OK() {
			t.Fatal(outcome, err)
		}
		entries = append(entries, e)
	}
	ids := w.giveUp(errors.New("GET https://store/x?X-Amz-Signature=abc: no"), entries...)
	for _, query := range []string{"", "?limit=1", "?limit=2", "?limit=5", "?limit=1000"} {
		all := w.letters(query)
		if len(all) != len(ids) {
			t.Fatalf("%s: %+v", query, all)
		}
		for i, l := range all {
			e := entries[len(ids)-1-i]
			if l.ID != ids[len(ids)-1-i] || l.Item == nil || (table.Key{Partition: l.Item.Partition, Sort: l.Item.Sort}) != e.Key() {
				t.Errorf("%s: the %d. is %+v", query, i, l)
			}
			if l.Consumer != "reaper" || l.Tries != 5 || l.GivenUpAt == "" || l.RetryAt != "" || strings.Contains(l.Reason, "https") {
				t.Errorf("a letter is %+v", l)
			}
		}
	}
	if rest := w.letters("?marker=" + ids[1]); len(rest) != 1 || rest[0].ID != ids[0] {
		t.Errorf("after the last but one come %+v", rest)
	}
	for _, e := range entries {
		if _, err := w.table.Transact(t.Context(), e.Settle()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.sweep(); err != nil || len(w.letters("")) != 0 {
		t.Errorf("once all is settled there are %+v, %v", w.letters(""), err)
	}
}

// A letter is tried again, as often as somebody asks while it is on its way; it goes
// when its work is done.
func TestDeadLettersAreRetried(t *testing.T) {
	w := newWorld(t)
	done := due.New("purge", time.Now().Add(-time.Hour), "settled long ago", nil)
	id := w.giveUp(due.UnknownKind, done)[0]
	var first letter
	w.call(retryLine, as("admin"), retryOf(id)).want(202).into(&first)
	if first.ID != id || first.RetryAt == "" {
		t.Errorf("answered %+v", first)
	}
	if again := w.call(retryLine, as("admin"), retryOf(id)); again.status != 202 && again.status != 404 { // where somebody is at work
		again.want(202)
	}
	if err := w.sweep(); err != nil {
		t.Fatal(err)
	}
	if left := w.letters(""); len(left) != 0 {
		t.Errorf("left are %+v", left)
	}
	w.refused(retryLine, as("admin"), retryOf(id)).want(404)
}

// Who may not read letters is told nothing of them; what makes no sense changes
// nothing.
func TestDeadLettersRefused(t *testing.T) {
	w := newWorld(t)
	id := w.giveUp(due.UnknownKind, due.New("none", time.Now().Add(-time.Hour), "a", nil))[0]
	for _, who := range []string{"member", "reader", "manager", "other", "service", "nobody"} {
		w.refused("GET "+consumersPath, as(who)).want(403)
		w.refused("GET "+consumersPath+"?marker="+id, as(who)).want(403)
		w.refused("GET "+consumersPath+"?limit=x", as(who)).want(403)
		w.refused(retryLine, as(who), body(`{}`)).want(403)
		for _, known := range []string{id, strings.Replace(id, "2", "3", 1), "x"} {
			w.refused(retryLine, as(who), retryOf(known)).want(403)
		}
		w.refused("POST "+consumersPath+"/nobody/retry", as(who), retryOf(id)).want(403)
	}
	for _, c := range []struct {
		line    string
		options []option
		status  int
	}{
		{retryLine, []option{retryOf(strings.Replace(id, "2", "3", 1))}, 404},
		{retryLine, []option{retryOf("x")}, 404},
		{retryLine, []option{retryOf(strings.Repeat("x", 5000))}, 404},
		{retryLine, []option{retryOf(id[:len(id)-1] + `\u0001`)}, 404},
		{"POST " + consumersPath + "/sweeper/retry", []option{retryOf(id)}, 404},
		{"POST " + consumersPath + "/reaper%23x/retry", []option{retryOf(id)}, 404},
		{retryLine, nil, 400},
		{retryLine, []option{body(``)}, 400},
		{retryLine, []option{body(`{}`)}, 400},
		{retryLine, []option{body(`{"id":null}`)}, 400},
		{retryLine, []option{body(`{"id":""}`)}, 400},
		{retryLine, []option{body(`{"id":7}`)}, 400},
		{retryLine, []option{body(`{"id":["` + id + `"]}`)}, 400},
		{retryLine, []option{body(`["` + id + `"]`)}, 400},
		{retryLine, []option{body(`{"id":"` + id + `","all":true}`)}, 400},
		{retryLine, []option{body(`{"id":"` + id)}, 400},
		{"GET " + consumersPath + "?limit=0", nil, 400},
		{"GET " + consumersPath + "?limit=x", nil, 400},
		{"GET " + consumersPath + "?marker=", nil, 400},
		{"GET " + consumersPath + "?marker=x", nil, 400},
		{"GET " + consumersPath + "?name=x", nil, 400},
		{"POST " + consumersPath, nil, 405},
		{"GET " + consumersPath + "/reaper/retry", nil, 405},
		{"GET " + consumersPath, []option{without("X-Auth-Token")}, 401},
		{retryLine, []option{retryOf(id), without("X-Auth-Token")}, 401},
	} {
		w.refused(c.line, append([]option{as("admin")}, c.options...)...).want(c.status)
	}
	if all := w.letters(""); len(all) != 1 || all[0].ID != id || all[0].Reason != due.UnknownKind.Error() {
		t.Errorf("in the end there are %+v", all)
	}
}
