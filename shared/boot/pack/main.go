// Command pack puts the bootstrap of each function into a zip of its own, as
// Lambda takes them. The same bootstraps give the same bytes, whenever and
// wherever they are packed, so that an unchanged function is seen to be one.
//
// Usage: pack -arch ARCH FUNCTIONS PACKAGES
//
// It reads FUNCTIONS/NAME/bootstrap and writes PACKAGES/NAME.zip; zips of
// functions that are no more are removed.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	arch := flag.String("arch", "", "processor that the bootstraps must be for: amd64 or arm64")
	flag.Parse()
	if flag.NArg() != 2 || machines[*arch] == 0 {
		fmt.Fprintln(os.Stderr, "usage: pack -arch amd64|arm64 FUNCTIONS PACKAGES")
		os.Exit(2)
	}
	if err := packAll(*arch, flag.Arg(0), flag.Arg(1)); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

// packAll packs every function and leaves no other zip behind.
func packAll(arch, functions, packages string) error {
	found, err := filepath.Glob(filepath.Join(functions, "*", "bootstrap"))
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("there is no bootstrap in %s; \"make build\" makes them", functions)
	}
	if err := os.MkdirAll(packages, 0o755); err != nil {
		return err
	}
	keep := make(map[string]bool, len(found))
	for _, bootstrap := range found {
		name := filepath.Join(packages, filepath.Base(filepath.Dir(bootstrap))+".zip")
		if err := packOne(arch, bootstrap, name); err != nil {
			return fmt.Errorf("%s: %w", bootstrap, err)
		}
		keep[name] = true
	}
	return removeOthers(packages, keep)
}

func removeOthers(packages string, keep map[string]bool) error {
	entries, err := os.ReadDir(packages)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := filepath.Join(packages, e.Name())
		if strings.HasSuffix(name, ".zip") && !keep[name] {
			if err := os.Remove(name); err != nil {
				return err
			}
		}
	}
	return nil
}
