package image

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/table"
)

// A lister lists images of a service without stores, and counts what it reads.
type lister struct {
	*Service
	meter *table.Meter
	grant policy.Grant
	rules *policy.Enforcer
}

func newLister(tb testing.TB) *lister {
	tb.Helper()
	rules, err := policy.New(nil)
	if err != nil {
		tb.Fatal(err)
	}
	grant, err := rules.Authorize(policy.GetImages, demo, ListTarget(demo))
	if err != nil {
		tb.Fatal(err)
	}
	meter := table.NewMeter(openTable(tb))
	return &lister{
		meter: meter, grant: grant, rules: rules,
		Service: &Service{
			Table: meter, Limits: DefaultLimits(), Retention: time.Hour, Lease: time.Minute,
			Log: slog.New(slog.DiscardHandler), Now: time.Now, NewID: uuid.NewString,
		},
	}
}

// put stores records as they are, with what a save writes beside them.
func (l *lister) put(tb testing.TB, images ...*Image) {
	tb.Helper()
	var writes []table.Write
	size := 0
	flush := func() {
		outcome, err := l.Table.Transact(context.Background(), writes...)
		if err != nil || !outcome.OK() {
			tb.Fatalf("storing images: %v, %v", outcome, err)
		}
		writes, size = writes[:0], 0
	}
	for _, img := range images {
		var more []table.Write
		for _, contribute := range contributors {
			w, err := contribute(context.Background(), l.Service, nil, img)
			if err != nil {
				tb.Fatal(err)
			}
			more = append(more, w...)
		}
		if len(writes)+len(more) > table.MaxWrites || size > table.MaxTransactBytes/2 {
			flush()
		}
		writes = append(writes, more...)
		size += len(more[0].Body)
	}
	if len(writes) > 0 {
		flush()
	}
}

// putMembers stores rows and mirrors of images that are stored.
func (l *lister) putMembers(tb testing.TB, images []*Image, members modelMembers) {
	tb.Helper()
	var writes []table.Write
	for _, img := range images {
		for project, status := range members[strings.ToLower(img.ID)] {
			body, err := json.Marshal(Member{ID: project, ImageID: img.ID, Status: status})
			if err != nil {
				tb.Fatal(err)
			}
			writes = append(writes,
				table.Write{Kind: table.Put, Key: memberKey(img.ID, project), Schema: memberSchema, Body: body, If: table.IfAbsent()},
				table.Write{Kind: table.Put, Key: mirrorKey(img, project, status), Schema: entrySchema, Body: entryBody(img.ID), If: table.IfAbsent()})
		}
	}
	for some := range slices.Chunk(writes, table.MaxWrites) {
		if outcome, err := l.Table.Transact(context.Background(), some...); err != nil || !outcome.OK() {
			tb.Fatalf("storing members: %v, %v", outcome, err)
		}
	}
}

func mayAll(*Image) (bool, error) { return true, nil }

// query parses a query given as name=value&name=value, not escaped.
func query(text string) (Query, error) {
	params := map[string][]string{}
	for part := range strings.SplitSeq(text, "&") {
		if name, value, _ := strings.Cut(part, "="); name != "" {
			params[name] = append(params[name], value)
		}
	}
	return ParseQuery(params)
}

func (l *lister) page(ctx context.Context, c caller.Caller, text string) (Page, error) {
	q, err := query(text)
	if err != nil {
		return Page{}, err
	}
	return l.List(ctx, l.grant, nil, c, q, mayAll)
}

func (l *lister) mustPage(tb testing.TB, c caller.Caller, text string) Page {
	tb.Helper()
	page, err := l.page(context.Background(), c, text)
	if err != nil {
		tb.Fatalf("list %q: %v", text, err)
	}
	return page
}

func idsIn(images []*Image) []string {
	ids := make([]string, len(images))
	for i, img := range images {
		ids[i] = img.ID
	}
	return ids
}

// count tells what do reads: queries, and items by their keys.
func (l *lister) count(do func()) (queries, keys int) {
	l.meter.Reset()
	do()
	use := l.meter.Snapshot()[""]
	return int(use.Queries), int(use.Items)
}
