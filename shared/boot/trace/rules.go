package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
)

// A history is what a trace tells, seen from the files that count.
type history struct {
	calls   []call
	table   string // the table's file
	objects string // the folder of finished objects
	vault   string // the folder of sealed files
	keyFile string // what they are sealed with
	answers []answer

	syncs map[string][]*call // by what they sync
}

// An answer is one that acknowledges a write.
type answer struct {
	method, path string
	request      string // all that came, headers included
	status       string
	body         string // its beginning, headers included
	asked        int    // the line after which the request was there
	told         int    // the line on which its answer begins to go out
}

func (a answer) String() string { return a.method + " " + a.path + " " + a.status }

// mostHeard is how much of a request is kept, in bytes: more than any but an upload has.
const mostHeard = 64 << 10

// read finds the acknowledged writes of a trace of a service over a folder.
func read(calls []call, data string) *history {
	h := &history{
		calls: calls, table: filepath.Join(data, "table.db"), objects: filepath.Join(data, "images", "objects"),
		vault: filepath.Join(data, "vault"), keyFile: filepath.Join(data, "vault.key"),
	}
	heard := map[string]string{} // connection: what came since the last answer
	asked := map[string]int{}
	for _, c := range calls {
		connection := c.path()
		if !strings.HasPrefix(connection, "TCP") {
			continue
		}
		switch {
		case c.name == "read":
			if heard[connection] == "" {
				asked[connection] = c.end
			}
			if len(heard[connection]) < mostHeard {
				heard[connection] += c.data()
			}
		case strings.HasPrefix(c.data(), "HTTP/1.1 ") && !strings.HasPrefix(c.data(), "HTTP/1.1 100"):
			a := answer{request: heard[connection], asked: asked[connection], told: c.begin, body: c.data()}
			line, _, _ := strings.Cut(a.request, "\r\n")
			a.method, line, _ = strings.Cut(line, " ")
			a.path, _, _ = strings.Cut(line, " ")
			a.status = strings.TrimPrefix(c.data(), "HTTP/1.1 ")[:3]
			heard[connection] = ""
			if a.acknowledges() {
				h.answers = append(h.answers, a)
			}
		}
	}
	return h
}

// acknowledges reports whether an answer says that something was written.
func (a answer) acknowledges() bool {
	ours := strings.HasPrefix(a.path, "/v2/") || strings.HasPrefix(a.path, "/gander/") || strings.HasPrefix(a.path, keyManager)
	return ours && a.method != "GET" && strings.HasPrefix(a.status, "2")
}

var (
	markPattern = regexp.MustCompile(`mark-[0-9a-z]+`)
	idPattern   = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
)

// marks are what the record of an answered write must contain: the id of the image or
// the key, and what the request puts into it.
func (a answer) marks() []string {
	marks := idPattern.FindAllString(a.path, 1)
	if len(marks) == 0 && strings.HasPrefix(a.path, keyManager) {
		marks = idPattern.FindAllString(a.location(), 1)
	}
	if a.method != "DELETE" {
		marks = append(marks, markPattern.FindAllString(a.request, -1)...)
	}
	return marks
}

// faults lists every answer that went out too early, and every write that power
// loss could tear.
func (h *history) faults() []error {
	var faults []error
	for _, a := range h.answers {
		if err := h.answered(a); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", a, err))
		}
	}
	return slices.Concat(faults, h.torn(), h.names(), h.onlyCopies())
}

func (h *history) answered(a answer) error {
	marks := a.marks()
	if len(marks) == 0 {
		return errors.New("nothing in the request tells what is written")
	}
	if a.method == "PUT" && strings.HasSuffix(a.path, "/file") {
		version, err := h.stored(a)
		if err != nil {
			return err
		}
		marks = append(marks, version)
	}
	if err := h.committed(a.asked, a.told, marks); err != nil {
		return err
	}
	return h.kept(a)
}

// committed wants, between two lines, a page with all the marks in the table's
// file, a sync, the meta page that makes it count, and another sync.
func (h *history) committed(after, before int, marks []string) error {
	return h.committedPage(after, before, strings.Join(marks, " and "), func(page string) bool { return hasAll(page, marks) })
}

// committedPage wants the same of a page that is right.
func (h *history) committedPage(after, before int, what string, right func(page string) bool) error {
	missing := fmt.Errorf("no page with %s was written before the answer", what)
	for _, page := range h.calls {
		if page.begin <= after || page.begin >= before || !h.writesTable(page) || isMeta(page) || !right(page.data()) {
			continue
		}
		first := h.synced(h.table, page.end, before)
		if first == nil {
			missing = errors.New("the page was not synced before the answer")
			continue
		}
		meta := h.meta(first.end)
		if meta == nil || meta.begin >= before {
			missing = errors.New("no meta page made the page count before the answer")
			continue
		}
		if h.synced(h.table, meta.end, before) == nil {
			missing = errors.New("the meta page was not synced before the answer")
			continue
		}
		return nil
	}
	return missing
}

func hasAll(text string, marks []string) bool {
	for _, m := range marks {
		if !strings.Contains(text, m) {
			return false
		}
	}
	return true
}

// synced returns the first sync of a file or folder that begins after one line
// and ends before another.
func (h *history) synced(path string, after, before int) *call {
	if h.syncs == nil {
		h.syncs = map[string][]*call{}
		for i := range h.calls {
			if c := &h.calls[i]; c.name == "fsync" || c.name == "fdatasync" {
				h.syncs[c.path()] = append(h.syncs[c.path()], c)
			}
		}
	}
	all := h.syncs[path]
	for _, c := range all[sort.Search(len(all), func(i int) bool { return all[i].begin > after }):] {
		if c.begin >= before {
			break
		}
		if c.end < before {
			return c
		}
	}
	return nil
}

// meta returns the first meta page that is written after a line.
func (h *history) meta(after int) *call {
	for i, c := range h.calls {
		if c.begin > after && h.writesTable(c) && isMeta(c) {
			return &h.calls[i]
		}
	}
	return nil
}

func (h *history) writesTable(c call) bool { return writes(c) && c.path() == h.table }

func writes(c call) bool {
	return c.name == "write" || c.name == "pwrite64" || c.name == "writev" || c.name == "copy_file_range"
}

// isMeta reports whether a page is one of the two with which bbolt begins a file.
//
// Source: bbolt's internal/common/meta.go: after 16 bytes of page header comes
// the number 0xED0CDAED, little-endian.
func isMeta(c call) bool {
	text := c.data()
	return len(text) >= 20 && text[16:20] == "\xed\xda\x0c\xed"
}

// torn lists meta pages that could reach the disk before pages that they make
// count, or before the file has the room.
func (h *history) torn() []error {
	var faults []error
	for _, c := range h.calls {
		grows := c.name == "ftruncate" && c.path() == h.table
		if !grows && (!h.writesTable(c) || isMeta(c)) {
			continue
		}
		meta := h.meta(c.end)
		if meta != nil && h.synced(h.table, c.end, meta.begin) == nil {
			faults = append(faults, fmt.Errorf("line %d: %s of the table's file was not synced before the meta page of line %d", c.begin, c.name, meta.begin))
		}
	}
	return faults
}
