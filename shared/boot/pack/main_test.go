package main

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// program is the least that is an ELF file for a processor.
func program(machine elf.Machine) []byte {
	header := make([]byte, 64)
	copy(header, elf.ELFMAG)
	header[elf.EI_CLASS], header[elf.EI_DATA], header[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	header[16], header[18], header[20] = byte(elf.ET_EXEC), byte(machine), byte(elf.EV_CURRENT)
	return slices.Concat(header, []byte(strings.Repeat("code ", 10000)))
}

// functions makes a folder of functions with a bootstrap each.
func functions(t *testing.T, mode os.FileMode, names ...string) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range names {
		if err := os.Mkdir(filepath.Join(folder, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name, "bootstrap"), append(program(elf.EM_AARCH64), name...), mode); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTheSameBootstrapsGiveTheSameBytes(t *testing.T) {
	one, other := functions(t, 0o755, "image-show"), functions(t, 0o700, "image-show")
	long := time.Now().Add(-1000 * time.Hour)
	if err := os.Chtimes(filepath.Join(other, "image-show", "bootstrap"), long, long); err != nil {
		t.Fatal(err)
	}
	first, second := t.TempDir(), t.TempDir()
	for folder, out := range map[string]string{one: first, other: second} {
		if err := packAll("arm64", folder, out); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(read(t, filepath.Join(first, "image-show.zip")), read(t, filepath.Join(second, "image-show.zip"))) {
		t.Error("time, mode or folder of a bootstrap changed its zip")
	}
}

func TestZipHoldsAnExecutable(t *testing.T) {
	in, out := functions(t, 0o644, "image-show", "reaper"), t.TempDir()
	if err := packAll("arm64", in, out); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"image-show", "reaper"} {
		archive, err := zip.OpenReader(filepath.Join(out, name+".zip"))
		if err != nil {
			t.Fatal(err)
		}
		defer archive.Close()
		if len(archive.File) != 1 || archive.File[0].Name != "bootstrap" || archive.File[0].Mode() != 0o755 {
			t.Fatalf("%s.zip holds %v", name, archive.File)
		}
		if made := archive.File[0].Modified; made.Year() != 1980 {
			t.Errorf("%s.zip says when it was packed: %s", name, made)
		}
		file, err := archive.Open("bootstrap")
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(file)
		if err != nil || !bytes.Equal(text, read(t, filepath.Join(in, name, "bootstrap"))) {
			t.Errorf("%s.zip does not hold its bootstrap: %v", name, err)
		}
	}
}

func TestOldZipsGo(t *testing.T) {
	in, out := functions(t, 0o755, "image-show"), t.TempDir()
	for _, name := range []string{"image-rename.zip", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(out, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := packAll("arm64", in, out); err != nil {
		t.Fatal(err)
	}
	if names := names(t, out); !slices.Equal(names, []string{"image-show.zip", "notes.txt"}) {
		t.Errorf("%v is there", names)
	}
}

func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestWhatCannotRunIsNotPacked(t *testing.T) {
	other := functions(t, 0o755, "image-show")
	script := functions(t, 0o755, "image-show")
	if err := os.WriteFile(filepath.Join(script, "image-show", "bootstrap"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ arch, folder, says string }{
		"no function":       {"arm64", t.TempDir(), "make build"},
		"another processor": {"amd64", other, "it is for EM_AARCH64, not for EM_X86_64"},
		"no program":        {"arm64", script, "it is no program for Linux"},
	} {
		out := t.TempDir()
		err := packAll(test.arch, test.folder, out)
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %q", name, err, test.says)
		}
		if left := names(t, out); len(left) > 0 {
			t.Errorf("%s: it left %v", name, left)
		}
	}
}
