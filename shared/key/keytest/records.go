package keytest

import (
	"strings"
)

// judgeRecords holds each record against its holders and its metadata.
func (w *world) judgeRecords() {
	for at, r := range w.records {
		w.judgeCounts(r, w.holders[at])
		w.judgeState(r)
	}
	for at := range w.holders {
		if _, ok := w.records[at]; !ok {
			w.fault("%q has %d holders and no record", at, len(w.holders[at]))
		}
	}
	for key := range w.items {
		if !strings.HasPrefix(key.Partition, "key#") || key.Sort != "secret" {
			continue
		}
		if r, ok := w.records[key.Partition]; !ok || r.State == "external" {
			w.fault("%q has metadata, and is %q", key.Partition, r.State)
		}
	}
}

func (w *world) judgeCounts(r record, holders []holder) {
	own := 0
	for _, h := range holders {
		if h.Own {
			own++
		}
		want := h.Consumer != nil || r.Owner != "" && r.Owner == h.Owner
		if h.Own != want {
			w.fault("holder %s of key %q (owner %q): its project is %q, and own is %t", h.place(), r.ID, r.Owner, h.Owner, h.Own)
		}
	}
	if r.Holders != len(holders) || r.Own != own {
		w.fault("key %q counts %d holders, %d own; it has %d, %d own", r.ID, r.Holders, r.Own, len(holders), own)
	}
}

// judgeState holds the record against the rules of its state.
func (w *world) judgeState(r record) {
	needsDue := false
	switch r.State {
	case "creating", "abandoned", "scheduled":
		needsDue = true
	case "condemned":
		needsDue = r.Holders == 0
		if !r.WishDelete || r.WishKeep || r.Own > 0 {
			w.fault("key %q is condemned: wishes delete %t, keep %t, own holders %d", r.ID, r.WishDelete, r.WishKeep, r.Own)
		}
	case "live":
		if r.Holders == 0 && r.WishDelete && !r.WishKeep {
			w.fault("key %q is live: nobody holds it, and it was wished gone", r.ID)
		}
	case "external":
		if r.Holders == 0 || r.Owner != "" {
			w.fault("external key %q has %d holders and owner %q", r.ID, r.Holders, r.Owner)
		}
	case "gone":
	default:
		w.fault("key %q is %q", r.ID, r.State)
	}
	if needsDue && r.Due.IsZero() {
		w.fault("key %q is %s, and nothing will ever happen", r.ID, r.State)
	}
	if !needsDue && !r.Due.IsZero() && r.State != "condemned" {
		w.fault("key %q is %s, and something is due", r.ID, r.State)
	}
	if r.Restoring && r.State != "scheduled" {
		w.fault("key %q is %s, and being restored", r.ID, r.State)
	}
}
