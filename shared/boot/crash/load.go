package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gander-images/gander/shared/boot/crash/journal"
	"github.com/gander-images/gander/shared/boot/outside"
)

// A load is the service under its writers.
type load struct {
	options
	data    string
	chance  *rand.Rand // when to kill
	journal *journal.Journal
	service service
	early   int         // kills of a service that was only starting
	enough  atomic.Bool // no more requests

	member, other, admin *outside.User

	mu     sync.Mutex
	counts map[string]int // by call and what became of it
	wrong  []string
	shared []string // images that every writer changes

	sharedKeys []*ownKey // that every writer's images and consumers hold
	precious   []*ownKey // that must be readable at any time
}

// login gets a token for everybody. They outlive the service's lives.
func (l *load) login(ctx context.Context) error {
	clouds := filepath.Join(l.data, "clouds.yaml")
	for cloud, user := range map[string]**outside.User{"gander": &l.member, "gander-other": &l.other, "gander-admin": &l.admin} {
		var err error
		if *user, err = outside.Login(ctx, clouds, cloud); err != nil {
			return err
		}
	}
	l.counts = map[string]int{}
	return nil
}

// A request is one call with what it writes.
type request struct {
	call  string
	by    *outside.User
	image string // empty: the service chooses
	key   string // what it is about in place of an image; journal.NewKey: the service chooses
	sets  map[string]*string
	// learn reads what only the answer tells of what was written. It is false where the
	// answer leads to nothing more.
	learn func(a *outside.Answer) (sets map[string]*string, key string, ok bool)
	http  outside.Call
	want  int
	// refusals are other right answers: then nothing was written.
	refusals []int
	// cut says that the client breaks off, and that nothing must come of it.
	cut bool
}

// send makes a request, with a line in the journal before and after, and returns
// the answer; nil when the service was killed meanwhile, or the request cut.
func (l *load) send(ctx context.Context, r request) *outside.Answer {
	url, life, err := l.service.life(ctx)
	if err != nil {
		return nil
	}
	number := l.journal.Next()
	line := r.http.Method + " " + r.http.Path
	l.journal.Write(journal.Line{Request: number, Kind: journal.Ask, Call: r.call, Image: r.image, Key: r.key, Sets: r.sets})
	a, err := r.by.At(url).Do(ctx, r.http)
	switch {
	case err != nil && r.cut:
		l.journal.Write(journal.Line{Request: number, Kind: journal.Lost})
		l.count(r.call, "cut off by the client")
	case err != nil:
		if !l.service.over(life) && ctx.Err() == nil {
			l.fault(fmt.Sprintf("%s failed although nobody killed the service: %v", line, err))
		}
		l.journal.Write(journal.Line{Request: number, Kind: journal.Lost})
		l.count(r.call, "lost")
	default:
		l.judgeAnswer(r, number, line, a)
		return a
	}
	return nil
}

func (l *load) judgeAnswer(r request, number int, line string, a *outside.Answer) {
	end := journal.Line{Request: number, Kind: journal.Answer, Status: a.Status, Image: r.image}
	if a.Status == r.want {
		end = l.learned(r, end, a)
	}
	l.journal.Write(end)
	switch {
	case a.Status == r.want:
		l.count(r.call, "done")
	case slices.Contains(r.refusals, a.Status):
		l.count(r.call, "refused")
	default:
		l.count(r.call, "wrong")
		l.fault(fmt.Sprintf("%s is answered %d, want %d: %.200s", line, a.Status, r.want, a.Body))
	}
}

// learned adds to the end of a request what its answer tells of ids.
func (l *load) learned(r request, end journal.Line, a *outside.Answer) journal.Line {
	switch {
	case r.learn != nil:
		var ok bool
		if end.Sets, end.Key, ok = r.learn(a); !ok {
			end.Kind, end.Status = journal.Lost, 0
		}
	case r.key == journal.NewKey:
		end.Key = refOf(a, "secret_ref")
	case r.key == "" && r.image == "":
		end.Image = idOf(a)
	}
	return end
}

func (l *load) count(call, what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[call+" "+what]++
}

func (l *load) fault(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wrong = append(l.wrong, text)
}

// unexpected are the answers that were none of the right ones.
func (l *load) unexpected() error {
	if len(l.wrong) == 0 {
		return nil
	}
	shown := l.wrong[:min(10, len(l.wrong))]
	return errors.New(fmt.Sprintf("%d wrong answers:\n", len(l.wrong)) + strings.Join(shown, "\n"))
}

func (l *load) summary(out io.Writer) {
	fmt.Fprintf(out, "%d kills, %d of them before the service served; %d writers\n", l.kills, l.early, writers)
	for _, key := range slices.Sorted(maps.Keys(l.counts)) {
		fmt.Fprintf(out, "%7d  %s\n", l.counts[key], key)
	}
}
