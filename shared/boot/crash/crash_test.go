package main

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/blob/file"
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/boot/account/chain"
	"github.com/gander-images/gander/shared/vault"
	"github.com/gander-images/gander/shared/vault/local"
)

// asService makes the test binary be the service.
const asService = "TEST_AS_GANDER"

func TestMain(m *testing.M) {
	if os.Getenv(asService) != "" {
		boot.Standalone(chain.Load)
	}
	os.Exit(m.Run())
}

// TestP1NothingAnsweredIsLostByKills is a short run of what "make crash" does at
// length.
func TestP1NothingAnsweredIsLostByKills(t *testing.T) {
	dir := t.TempDir()
	compare := filepath.Join(dir, "compare")
	if text, err := exec.CommandContext(t.Context(), "go", "build", "-o", compare, "./compare").CombinedOutput(); err != nil {
		t.Fatalf("building the program that compares: %v\n%s", err, text)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(asService, "1")
	var out bytes.Buffer
	err = run(t.Context(), options{kills: 3, seed: rand.Uint64(), dir: filepath.Join(dir, "run"), binary: self, compare: compare}, &out)
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, sign := range []string{
		"create done", "upload done", "delete done", "patch done", "compared ",
		"secret create done", "secret fill done", "order done", "consumer add done", "snapshot done", "key read done",
	} {
		if !strings.Contains(out.String(), sign) {
			t.Errorf("the run says nothing of %q:\n%s", sign, out.String())
		}
	}
	if strings.Contains(out.String(), " 0 reasons") {
		t.Error("no upload that was cut off left a reason to read")
	}
	if strings.Contains(out.String(), " 0 read the same") {
		t.Error("no key was read")
	}
	plant(t, filepath.Join(dir, "run", "data"))
}

// plant puts things into the folder that belong to nothing, and wants them found.
func plant(t *testing.T, data string) {
	t.Helper()
	s, err := file.Open(filepath.Join(data, "images"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"images/whole/upload", "images/half/upload"} {
		w, err := s.Create(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(name, "half") {
			continue
		}
		if _, err := w.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	v, err := local.Open(filepath.Join(data, "vault"), filepath.Join(data, "vault.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(v.Create(t.Context(), vault.Name{Key: "nobodys", Generation: 1}, []byte("value")), v.Close()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "vault", "unfinished", "forgotten"), []byte("sealed"), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := leftovers(t.Context(), data)
	text := strings.Join(found, "\n")
	if err != nil || len(found) != 5 {
		t.Errorf("found are %v\n%s", err, text)
	}
	for _, sign := range []string{"images/whole", "images/half", "images/unfinished/", "vault/unfinished/forgotten", "generation 1 of key \"nobodys\""} {
		if !strings.Contains(text, sign) {
			t.Errorf("nothing is found of %s:\n%s", sign, text)
		}
	}
	inside, err := lookInside(t.Context(), data)
	if err != nil || !slices.ContainsFunc(inside, func(f string) bool { return strings.Contains(f, "nobodys") }) {
		t.Errorf("inside is found: %v\n%s", err, strings.Join(inside, "\n"))
	}
}
