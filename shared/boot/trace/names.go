package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

// names lists files and folders whose names power loss could take away although
// something that lies in them was acknowledged: each folder that was made on the
// way to the table and the objects, and each file that was renamed beside them.
func (h *history) names() []error {
	if len(h.answers) == 0 {
		return nil
	}
	before := h.answers[0].told
	var faults []error
	for _, c := range h.calls {
		made := h.made(c)
		if made == "" || c.begin > before {
			continue
		}
		if h.synced(filepath.Dir(made), c.end, before) == nil {
			faults = append(faults, fmt.Errorf("line %d: the name of %s was not synced before the first answer", c.begin, made))
		}
		if strings.HasPrefix(c.name, "rename") && h.synced(c.place(0), 0, c.begin) == nil {
			faults = append(faults, fmt.Errorf("line %d: %s was not synced before it got its name", c.begin, made))
		}
	}
	return faults
}

// made returns what a call gave a name that must last.
func (h *history) made(c call) string {
	var path string
	switch c.name {
	case "mkdir":
		path = filepath.Clean(c.args[0].text)
	case "mkdirat":
		path = c.place(0)
	case "openat":
		if len(c.args) < 3 || !strings.Contains(c.args[2].text, "O_CREAT") {
			return ""
		}
		path = c.place(0)
	case "renameat":
		path = c.place(2)
		if filepath.Dir(path) == filepath.Dir(h.table) {
			return path
		}
		if filepath.Dir(path) == h.vault {
			return "" // the key store's state comes again and again; keyCuts sees that it is never lost
		}
	case "linkat":
		path = c.place(2)
	}
	if path == h.table || strings.HasPrefix(h.table, path+"/") || path == h.objects || strings.HasPrefix(h.objects, path+"/") ||
		path == h.keyFile || filepath.Dir(path) == h.vault || strings.HasPrefix(h.vault+"/", path+"/") {
		return path
	}
	return ""
}
