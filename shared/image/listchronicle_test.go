package image

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gander-images/gander/shared/policy"
)

// told is something that one write made true: at some time after it was sent,
// and until another one was made.
type told[T any] struct {
	sent, answered int64
	state          T
}

// during returns the states that may have been so at some time from start to end.
func during[T any](log []told[T], start, end int64) []T {
	var states []T
	for _, w := range log {
		over := slices.ContainsFunc(log, func(later told[T]) bool { return later.sent > w.answered && later.answered < start })
		if w.sent <= end && !over {
			states = append(states, w.state)
		}
	}
	return states
}

// A chronicle is what happened to some images, and to the rows of other's
// project; no status means that there is none.
type chronicle struct {
	guard   sync.Mutex
	ticks   atomic.Int64
	images  []string // those that changes are made to
	records map[string][]told[*Image]
	rows    map[string][]told[MemberStatus]
}

func (h *chronicle) tick() int64 { return h.ticks.Add(1) }

func (h *chronicle) recordIs(sent int64, img *Image) {
	h.guard.Lock()
	defer h.guard.Unlock()
	h.records[img.ID] = append(h.records[img.ID], told[*Image]{sent, h.tick(), img})
}

func (h *chronicle) rowIs(sent int64, img *Image, status MemberStatus) {
	h.guard.Lock()
	defer h.guard.Unlock()
	h.rows[img.ID] = append(h.rows[img.ID], told[MemberStatus]{sent, h.tick(), status})
}

// A changer changes images as an admin, with everybody else.
type changer struct {
	*world
	*chronicle
}

func (ch *changer) make(open bool) error {
	sent := ch.tick()
	d := raw()
	d.Owner, d.OwnerSaid = ptr("demo"), true
	add, err := policy.AuthorizeImage(ch.rules, policy.AddImage, admin, Target(&Image{Owner: ptr("demo")}, admin))
	if err != nil {
		return err
	}
	img, err := ch.service.Create(context.Background(), add, policy.Grant{}, nil, admin, d)
	if err != nil {
		return err
	}
	ch.recordIs(sent, img)
	ch.rowIs(sent, img, "")
	ch.guard.Lock()
	defer ch.guard.Unlock()
	if open {
		ch.images = append(ch.images, img.ID)
	}
	return nil
}

func (ch *changer) ask(img *Image) Ask {
	return func(rule policy.Rule) (policy.Grant, error) {
		return policy.AuthorizeImage(ch.rules, rule, admin, Target(img, admin))
	}
}

func (ch *changer) update(img *Image, name string, v Value) error {
	sent := ch.tick()
	next, err := ch.service.Update(context.Background(), ch.ask(img), nil, admin, img, []Change{{Op: Replace, Name: name, Value: v}})
	if err == nil {
		ch.recordIs(sent, next)
	}
	return err
}

func (ch *changer) remove(img *Image) error {
	sent := ch.tick()
	grant, err := ch.ask(img)(policy.DeleteImage)
	if err != nil {
		return err
	}
	if err := ch.service.Delete(context.Background(), grant, admin, img); err != nil {
		return err
	}
	gone := img.clone()
	gone.Status = Deleted
	ch.recordIs(sent, gone)
	return ch.make(true)
}

// share adds the row, or takes it to the status; "" removes it.
func (ch *changer) share(img *Image, status MemberStatus) error {
	row, err := ch.service.readMember(context.Background(), img.ID, other.ProjectID)
	if err != nil {
		return err
	}
	sent := ch.tick()
	switch {
	case row == nil:
		status = Pending
		grant, askErr := ch.ask(img)(policy.AddMember)
		if askErr != nil {
			return askErr
		}
		_, err = ch.service.AddMember(context.Background(), grant, img, other.ProjectID)
	case status == "":
		grant, askErr := ch.ask(img)(policy.DeleteMember)
		if askErr != nil {
			return askErr
		}
		err = ch.service.RemoveMember(context.Background(), grant, img, *row)
	default:
		grant, askErr := ch.ask(img)(policy.ModifyMember)
		if askErr != nil {
			return askErr
		}
		_, err = ch.service.SetMemberStatus(context.Background(), grant, img, *row, status)
	}
	if err == nil {
		ch.rowIs(sent, img, status)
	}
	return err
}

// change does something to one of the images that others change, too.
func (ch *changer) change() error {
	ch.guard.Lock()
	id := ch.images[rand.IntN(len(ch.images))]
	ch.guard.Unlock()
	img, err := ch.service.Get(context.Background(), admin, id)
	if err != nil {
		return err
	}
	switch rand.IntN(12) {
	case 0:
		return ch.remove(img)
	case 1:
		return ch.update(img, "os_hidden", Value{Flag: !img.Hidden})
	case 2:
		return ch.share(img, "")
	case 3, 4, 5, 6:
		return ch.share(img, []MemberStatus{Accepted, Accepted, Pending, Rejected}[rand.IntN(4)])
	}
	return ch.update(img, "visibility", Value{Text: ptr(string([]Visibility{Shared, Shared, Shared, Public, Private, Community}[rand.IntN(6)]))})
}

// flicker makes an image that other accepted public and not, over and over: it is
// in other's list at all times.
func (ch *changer) flicker(id string) error {
	img, err := ch.service.Get(context.Background(), admin, id)
	if err != nil {
		return err
	}
	to := Public
	if img.Visibility == Public {
		to = Shared
	}
	return ch.update(img, "visibility", Value{Text: ptr(string(to))})
}

// check holds the sight against all that may have been so meanwhile: what it
// shows was in the list at some time, and what was there all the time is shown.
func (h *chronicle) check(t *testing.T, s sight) {
	t.Helper()
	q := s.model()
	for id, log := range h.records {
		some, always := false, true
		records, rows := during(log, s.start, s.end), during(h.rows[id], s.start, s.end)
		for _, img := range records {
			for _, row := range rows {
				q.members = modelMembers{strings.ToLower(id): {}}
				if row != "" {
					q.members[strings.ToLower(id)][other.ProjectID] = row
				}
				shows := q.shows(img, s.caller)
				some, always = some || shows, always && shows
			}
		}
		born := log[0].answered < s.start
		switch shown := slices.Contains(s.ids, id); {
		case shown && !some:
			t.Errorf("%s lists %s: shows %s, a ghost", s.caller.UserID, s.text, id)
		case !shown && born && always && s.whole:
			t.Errorf("%s lists %s: misses %s, which was there throughout", s.caller.UserID, s.text, id)
		}
	}
}
