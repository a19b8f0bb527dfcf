package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/bolt"
)

// sector is what a disk writes whole or not at all, in bytes.
const sector = 512

// cuts makes the table's file as a disk may have it that loses power: at every
// answer, and around every meta page. What was synced is there; of all else each
// sector is there or not, by chance. The file must open, and hold what the answer
// acknowledges.
func (h *history) cuts(ctx context.Context, before []byte, dir string, chance *rand.Rand) (made int, faults []error) {
	try := func(line int, a *answer) {
		made++
		if err := h.cut(ctx, before, dir, line, a, chance); err != nil {
			faults = append(faults, fmt.Errorf("power lost on line %d: %w", line, err))
		}
	}
	for i := range h.answers {
		try(h.answers[i].told, &h.answers[i])
	}
	if len(h.answers) == 0 {
		return made, faults
	}
	for _, c := range h.calls {
		if h.writesTable(c) && c.result > int64(len(c.data())) {
			faults = append(faults, fmt.Errorf("line %d: strace wrote out %d of %d bytes", c.begin, len(c.data()), c.result))
		}
		if c.begin > h.answers[0].told && h.writesTable(c) && isMeta(c) {
			try(c.begin, nil)
			try(c.end+1, nil)
		}
	}
	return made, faults
}

// cut looks into one such file. bbolt panics at pages that are none.
func (h *history) cut(ctx context.Context, before []byte, dir string, line int, a *answer, chance *rand.Rand) (err error) {
	path := filepath.Join(dir, "cut.db")
	if err := os.WriteFile(path, h.disk(before, line, chance), 0o600); err != nil {
		return err
	}
	onFault := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(onFault)
		if p := recover(); p != nil {
			err = fmt.Errorf("the table is torn: %v", p)
		}
		err = errors.Join(err, os.Remove(path)) // who panicked keeps it open, and locked
	}()
	t, err := bolt.Open(path, bolt.WithoutSync())
	if err != nil {
		return err
	}
	if a == nil {
		return errors.Join(t.Scan(func(table.Item) error { return nil }), t.Close())
	}
	var all strings.Builder
	err = t.Scan(func(i table.Item) error {
		all.WriteString(i.Partition + " " + i.Sort + " ")
		all.Write(i.Body)
		all.WriteByte('\n')
		return nil
	})
	if err := errors.Join(err, t.Close(), ctx.Err()); err != nil {
		return err
	}
	if !hasAll(all.String(), a.marks()) {
		return fmt.Errorf("the answer to %s is not in the table: %s", a, strings.Join(a.marks(), " and "))
	}
	return nil
}

// disk is the table's file after a loss of power on a line.
func (h *history) disk(before []byte, line int, chance *rand.Rand) []byte {
	file := append([]byte(nil), before...)
	for _, c := range h.calls {
		if c.begin >= line || c.path() != h.table {
			continue
		}
		durable := h.synced(h.table, c.end, line) != nil
		switch c.name {
		case "ftruncate":
			if size, err := strconv.Atoi(c.args[1].text); err == nil && (durable || chance.IntN(2) == 0) {
				file = resize(file, size)
			}
		case "pwrite64":
			file = overwrite(file, c, durable, chance)
		}
	}
	return file
}

func resize(file []byte, size int) []byte {
	if size <= len(file) {
		return file[:size]
	}
	return append(file, make([]byte, size-len(file))...)
}

// overwrite makes a write, or what the disk has of it.
func overwrite(file []byte, c call, durable bool, chance *rand.Rand) []byte {
	offset, err := strconv.Atoi(c.args[len(c.args)-1].text)
	if err != nil {
		return file
	}
	data := []byte(c.data())
	for at := 0; at < len(data); at += sector {
		if !durable && chance.IntN(2) == 0 {
			continue
		}
		piece := data[at:min(at+sector, len(data))]
		if end := offset + at + len(piece); end > len(file) {
			file = resize(file, end)
		}
		copy(file[offset+at:], piece)
	}
	return file
}
