package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// stored wants the data of an answered upload on the disk, file and folders,
// before the table says anything of it. It returns the version of the object,
// the name of its file, with which the record names it.
func (h *history) stored(a answer) (version string, err error) {
	id := idPattern.FindString(a.path)
	named := h.renamed(a, func(from, to string) bool {
		return filepath.Base(from) == "data" && strings.Contains(to, id)
	})
	if named == nil {
		return "", errors.New("no file of data was given a version")
	}
	file, own := named.place(0), filepath.Dir(named.place(2))
	version = filepath.Base(named.place(2))
	placed := h.renamed(a, func(from, to string) bool { return from == own && strings.HasPrefix(to, h.objects+"/") })
	if placed == nil {
		return "", errors.New("the object was not moved into place")
	}
	if err := h.written(file, version, named.begin); err != nil {
		return "", err
	}
	if h.synced(own, named.end, placed.begin) == nil {
		return "", errors.New("the folder with the file was not synced before it was moved into place")
	}
	record := h.recorded(version, placed.begin, a.told)
	for folder := filepath.Dir(placed.place(2)); strings.HasPrefix(folder, h.objects); folder = filepath.Dir(folder) {
		if h.synced(folder, placed.end, record) == nil {
			return "", fmt.Errorf("the folder %s was not synced before the record named the data", strings.TrimPrefix(folder, h.objects))
		}
	}
	return version, nil
}

// renamed returns the first rename of that kind between request and answer.
func (h *history) renamed(a answer, matches func(from, to string) bool) *call {
	for i, c := range h.calls {
		if c.name == "renameat" && c.begin > a.asked && c.begin < a.told && matches(c.place(0), c.place(2)) {
			return &h.calls[i]
		}
	}
	return nil
}

// written wants a file to be whole and synced, after its last byte and before a
// line.
func (h *history) written(file, version string, before int) error {
	last, size := 0, int64(0)
	for _, c := range h.calls {
		switch {
		case c.name == "openat" && c.place(0) == file:
			last, size = c.end, 0
		case writes(c) && c.path() == file:
			last = c.end
			size += c.result
		}
	}
	if last == 0 {
		return fmt.Errorf("the file %s was never opened", filepath.Base(file))
	}
	if _, digits, _ := strings.Cut(version, "-"); digits != strconv.FormatInt(size, 10) {
		return fmt.Errorf("version %s has %d bytes", version, size)
	}
	if h.synced(file, last, before) == nil {
		return errors.New("the file was not synced after its last byte")
	}
	return nil
}

// recorded returns the line on which the table first names a version.
func (h *history) recorded(version string, after, before int) int {
	for _, c := range h.calls {
		if c.begin > after && c.begin < before && h.writesTable(c) && strings.Contains(c.data(), version) {
			return c.begin
		}
	}
	return before
}
