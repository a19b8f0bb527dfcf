package main

import (
	"archive/zip"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// machines are the processors of Lambda, as Go names them.
var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

// packed is the time of every file in a zip: the first that the format knows.
var packed = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)

// packOne writes the zip beside its place, and puts it there when it is whole.
func packOne(arch, bootstrap, name string) (err error) {
	if err := isFor(arch, bootstrap); err != nil {
		return err
	}
	out, err := os.CreateTemp(filepath.Dir(name), ".pack-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, out.Close(), os.Remove(out.Name()))
		}
	}()
	if err := writeZip(out, bootstrap); err != nil {
		return err
	}
	if err := out.Chmod(0o644); err != nil {
		return err
	}
	if err := os.Rename(out.Name(), name); err != nil {
		return err
	}
	return out.Close()
}

// isFor makes sure that a bootstrap runs on the processor: Lambda would tell it
// only at the first call.
func isFor(arch, bootstrap string) error {
	binary, err := elf.Open(bootstrap)
	if err != nil {
		return fmt.Errorf("it is no program for Linux: %w", err)
	}
	defer binary.Close()
	if binary.Machine != machines[arch] {
		return fmt.Errorf("it is for %s, not for %s", binary.Machine, machines[arch])
	}
	return nil
}

// writeZip writes an archive of one file, which may be executed.
func writeZip(w io.Writer, bootstrap string) error {
	file, err := os.Open(bootstrap)
	if err != nil {
		return err
	}
	defer file.Close()
	archive := zip.NewWriter(w)
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate, Modified: packed}
	header.SetMode(0o755)
	entry, err := archive.CreateHeader(header)
	if err != nil {
		return err
	}
	if _, err := io.Copy(entry, file); err != nil {
		return err
	}
	return archive.Close()
}
