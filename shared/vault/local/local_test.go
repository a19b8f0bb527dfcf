package local

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/vault"
)

var (
	one     = vault.Name{Key: "11111111-1111-4111-8111-111111111111", Generation: 1}
	secret1 = []byte("nobody may find this on the disk")
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// every file of the folder, by its path.
func (m *machine) files(t *testing.T) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	must(t, filepath.WalkDir(m.folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(m.folder, path)
		found[name] = content
		return err
	}))
	return found
}

// TestNothingIsInTheClear: not the value, not part of it, not in another form.
func TestNothingIsInTheClear(t *testing.T) {
	m := newMachine(t)
	v := m.open(t)
	must(t, v.Create(t.Context(), one, secret1))
	must(t, v.Create(t.Context(), vault.Name{Key: "b", Generation: 1}, secret1))
	must(t, v.Schedule(t.Context(), one, vault.MinWindow))
	files := m.files(t)
	if len(files) != 3 {
		t.Errorf("files: %d", len(files))
	}
	for name, content := range files {
		for _, plain := range [][]byte{secret1[:8], []byte("bm9ib2R5"), []byte("6e6f626f"), []byte("value"), []byte("running")} {
			if bytes.Contains(content, plain) || strings.Contains(name, string(plain)) {
				t.Errorf("%s holds %q", name, plain)
			}
		}
		info, err := os.Stat(filepath.Join(m.folder, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	must(t, v.Restore(t.Context(), one))
	again := m.files(t)
	same := "kept/b.1"
	if !bytes.Equal(files[same], again[same]) || bytes.Equal(files["state"][1:13], again[same][1:13]) {
		t.Error("a nonce came twice")
	}
}

// TestSealedFilesCannotStandIn: a file is good at its place alone, and unchanged.
func TestSealedFilesCannotStandIn(t *testing.T) {
	other := vault.Name{Key: "b", Generation: 1}
	for name, harm := range map[string]func(m *machine, files map[string][]byte){
		"another key's": func(m *machine, files map[string][]byte) { m.write(t, kept(one), files[kept(other)]) },
		"one bit": func(m *machine, files map[string][]byte) {
			files[kept(one)][20] ^= 1
			m.write(t, kept(one), files[kept(one)])
		},
		"cut":   func(m *machine, files map[string][]byte) { m.write(t, kept(one), files[kept(one)][:30]) },
		"empty": func(m *machine, _ map[string][]byte) { m.write(t, kept(one), nil) },
		"another form": func(m *machine, files map[string][]byte) {
			files[kept(one)][0]++
			m.write(t, kept(one), files[kept(one)])
		},
		"a kept one as scheduled": func(m *machine, files map[string][]byte) {
			m.write(t, scheduled(one), files[kept(one)])
		},
	} {
		m := newMachine(t)
		v := m.open(t)
		must(t, v.Create(t.Context(), one, secret1))
		must(t, v.Create(t.Context(), other, []byte("w")))
		harm(m, m.files(t))
		if got, err := v.Get(t.Context(), one); !errors.Is(err, vault.ErrDamaged) || !errors.Is(err, errSealed) || got != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		listed := map[vault.Name]bool{}
		err := v.List(t.Context(), func(s vault.Secret) error { listed[s.Name] = true; return nil })
		if err != nil || !listed[one] || !listed[other] {
			t.Errorf("%s: listed are %v, %v", name, listed, err)
		}
		if got, err := v.Get(t.Context(), other); string(got) != "w" || err != nil {
			t.Errorf("beside %s: %q, %v", name, got, err)
		}
	}
}

func (m *machine) write(t *testing.T, place string, content []byte) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(m.folder, place), content, 0o600))
}

// TestKeyFile: it is made once, for nobody else, and nothing opens without it.
func TestKeyFile(t *testing.T) {
	begin := func(t *testing.T) *machine {
		m := newMachine(t)
		v := m.open(t)
		must(t, v.Create(t.Context(), one, secret1))
		must(t, v.Close())
		return m
	}
	m := begin(t)
	info, err := os.Stat(m.keyFile)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the key file: %v, %v", info, err)
	}
	if got, err := m.open(t).Get(t.Context(), one); !bytes.Equal(got, secret1) || err != nil {
		t.Errorf("with its key file: %q, %v", got, err)
	}
	for want, harm := range map[string]func(t *testing.T, m *machine) error{
		"mode 0640":                            func(_ *testing.T, m *machine) error { return os.Chmod(m.keyFile, 0o640) },
		"mode 0604":                            func(_ *testing.T, m *machine) error { return os.Chmod(m.keyFile, 0o604) },
		"the key file of the vault is missing": func(_ *testing.T, m *machine) error { return os.Remove(m.keyFile) },
		"is not the one":                       func(t *testing.T, m *machine) error { return os.Rename(begin(t).keyFile, m.keyFile) },
		"does not hold a key":                  func(_ *testing.T, m *machine) error { return os.WriteFile(m.keyFile, []byte("11"), 0o600) },
		"the file state is missing":            func(_ *testing.T, m *machine) error { return os.Remove(filepath.Join(m.folder, "state")) },
	} {
		m := begin(t)
		must(t, harm(t, m))
		before := m.files(t)
		v, err := Open(m.folder, m.keyFile, NoSync())
		if err == nil {
			_ = v.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("%s: %v", want, err)
		}
		if after := m.files(t); len(after) != len(before) {
			t.Errorf("%s: %d files became %d", want, len(before), len(after))
		}
	}
}

// TestOnlyRunningTimeCounts: neither the wall clock nor time that the vault was closed
// ends a window; that of several processes adds up.
func TestOnlyRunningTimeCounts(t *testing.T) {
	m := newMachine(t)
	v := m.open(t)
	must(t, v.Create(t.Context(), one, secret1))
	must(t, v.Schedule(t.Context(), one, vault.MinWindow))
	for day := range 6 {
		m.elapsed += 24 * time.Hour
		must(t, v.Close())
		m.elapsed = time.Duration(day) * time.Minute // the next process counts from elsewhere
		v = m.open(t)
	}
	s, err := v.Describe(t.Context(), one)
	if left := time.Until(s.GoneAt); err != nil || !s.Scheduled || left < 23*time.Hour || left > 25*time.Hour {
		t.Fatalf("after six days of seven: %+v, %v", s, err)
	}
	m.elapsed += 24 * time.Hour
	must(t, v.tick())
	if files := m.files(t); len(files) != 1 {
		t.Errorf("after its window %d files are left", len(files))
	}
}

// TestAKilledProcessOnlyDelays: what passed since the last tick is lost.
func TestAKilledProcessOnlyDelays(t *testing.T) {
	m := newMachine(t)
	v := m.open(t)
	must(t, v.Create(t.Context(), one, secret1))
	must(t, v.Schedule(t.Context(), one, vault.MinWindow))
	m.elapsed += vault.MinWindow - time.Minute
	must(t, v.tick())
	m.elapsed += 50 * time.Second
	m.elapsed = 0 // killed: v is never closed
	v = m.open(t)
	m.elapsed += 59 * time.Second
	if s, err := v.Describe(t.Context(), one); err != nil || !s.Scheduled {
		t.Errorf("%+v, %v", s, err)
	}
	m.elapsed += time.Second
	if _, err := v.Describe(t.Context(), one); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("after its window: %v", err)
	}
}

var errPlanted = &fs.PathError{Op: "write", Path: "kept/" + fileOf(one), Err: syscall.ENOSPC}

// TestEveryStepFails breaks each step that a write takes on the disk, and then goes on
// with this process or with the next. Either way the write happened or not, as a whole;
// where it said that nothing happened nothing did; and the same call again succeeds.
func TestEveryStepFails(t *testing.T) {
	before, after := []byte("before"), []byte("after")
	look := func(v *Vault) string {
		value, err := v.Get(t.Context(), one)
		switch {
		case errors.Is(err, vault.ErrScheduled):
			return "scheduled"
		case errors.Is(err, vault.ErrNotFound):
			return "nothing"
		case err != nil:
			return err.Error()
		}
		return string(value)
	}
	for name, c := range map[string]struct {
		prepare  func(*Vault) error
		do       func(*Vault) error
		from, to string
	}{
		"Create": {
			func(*Vault) error { return nil },
			func(v *Vault) error { return v.Create(t.Context(), one, after) }, "nothing", "after",
		},
		"Schedule": {
			func(v *Vault) error { return v.Create(t.Context(), one, before) },
			func(v *Vault) error { return v.Schedule(t.Context(), one, vault.MinWindow) }, "before", "scheduled",
		},
		"Restore": {
			func(v *Vault) error {
				return errors.Join(v.Create(t.Context(), one, before), v.Schedule(t.Context(), one, vault.MinWindow))
			},
			func(v *Vault) error { return v.Restore(t.Context(), one) }, "scheduled", "before",
		},
	} {
		for _, killed := range []bool{false, true} {
			steps := 0
			for ; ; steps++ {
				m := newMachine(t)
				v := m.open(t)
				must(t, c.prepare(v))
				n := 0
				v.step = func(string) error {
					if n++; n == steps+1 {
						return errPlanted
					}
					return nil
				}
				err := c.do(v)
				v.step = nil
				if n <= steps {
					must(t, err)
					break
				}
				if strings.Contains(err.Error(), one.Key) {
					t.Errorf("%s: the error tells a name: %v", name, err)
				}
				if killed {
					v = m.open(t)
				}
				got := look(v)
				switch {
				case got != c.from && got != c.to, errors.Is(err, vault.ErrBusy) && got != c.from:
					t.Errorf("%s, broken at step %d: %v, and then it is %s", name, steps+1, err, got)
				case !errors.Is(err, vault.ErrBusy) && !errors.Is(err, vault.ErrUnknown):
					t.Errorf("%s, broken at step %d: %v", name, steps+1, err)
				}
				must(t, c.do(v))
				if got := look(v); got != c.to {
					t.Errorf("%s, broken at step %d, and again: it is %s", name, steps+1, got)
				}
				if left, _ := v.names(unfinishedFolder); len(left) > 0 {
					t.Errorf("%s, broken at step %d, leaves %v", name, steps+1, left)
				}
			}
			if steps < 4 {
				t.Errorf("%s takes %d steps", name, steps)
			}
		}
	}
}

// TestSyncs: a write that was answered is in a file that was synced, under a name whose
// folder was synced after it got there. Again, once the answer was lost, syncs again.
func TestSyncs(t *testing.T) {
	m := newMachine(t)
	v := m.open(t)
	var steps []string
	v.flush = func(f *os.File) error {
		info, err := f.Stat()
		if err == nil && !info.IsDir() {
			steps = append(steps, "flush a file")
		}
		return err
	}
	v.step = func(step string) error { steps = append(steps, step); return nil }
	must(t, v.Create(t.Context(), one, secret1))
	want := "fill, flush a file, place kept, sync kept, remove scheduled, sync scheduled"
	if got := strings.Join(steps, ", "); got != want {
		t.Errorf("Create: %s, want %s", got, want)
	}
	steps = nil
	must(t, v.Create(t.Context(), one, secret1))
	if got := strings.Join(steps, ", "); got != "sync kept, sync scheduled" {
		t.Errorf("again: %s", got)
	}
}

// TestWhatWasLeftKeptDoesNotComeBack: a process that was killed while it scheduled leaves
// the secret in both folders. It is one secret, scheduled, and goes as a whole.
func TestWhatWasLeftKeptDoesNotComeBack(t *testing.T) {
	m := newMachine(t)
	v := m.open(t)
	must(t, v.Create(t.Context(), one, secret1))
	v.step = func(step string) error {
		if step == "remove kept" {
			return errPlanted
		}
		return nil
	}
	if err := v.Schedule(t.Context(), one, vault.MinWindow); !errors.Is(err, vault.ErrUnknown) {
		t.Fatal(err)
	}
	v = m.open(t)
	var listed []vault.Secret
	must(t, v.List(t.Context(), func(s vault.Secret) error { listed = append(listed, s); return nil }))
	if len(listed) != 1 || !listed[0].Scheduled {
		t.Errorf("listed: %+v", listed)
	}
	m.elapsed += vault.MinWindow
	must(t, v.tick())
	if _, err := v.Get(t.Context(), one); !errors.Is(err, vault.ErrNotFound) || len(m.files(t)) != 1 {
		t.Errorf("after its window: %v, files: %d", err, len(m.files(t)))
	}
}

// TestDescribeBesideTicks: when a window ends is told by the running time, which the
// vault keeps meanwhile. The race detector tells of the two, if they meet.
func TestDescribeBesideTicks(t *testing.T) {
	v := newMachine(t).open(t)
	must(t, v.Create(t.Context(), one, secret1))
	must(t, v.Schedule(t.Context(), one, vault.MinWindow))
	var both sync.WaitGroup
	both.Go(func() {
		for n := range int64(50) {
			if err := v.RaiseEpoch(t.Context(), n); err != nil {
				t.Error(err)
			}
		}
	})
	for range 50 {
		if _, err := v.Describe(t.Context(), one); err != nil {
			t.Error(err)
		}
	}
	both.Wait()
}

// TestDamagedSecretsAreListedOnce: also one that stands in both folders, for its
// scheduling did not come to its end.
func TestDamagedSecretsAreListedOnce(t *testing.T) {
	m := newMachine(t)
	v := m.open(t)
	must(t, v.Create(t.Context(), one, secret1))
	v.step = func(step string) error {
		if step == "remove "+keptFolder {
			return syscall.EIO
		}
		return nil
	}
	if err := v.Schedule(t.Context(), one, vault.MinWindow); !errors.Is(err, vault.ErrUnknown) {
		t.Fatal(err)
	}
	must(t, os.WriteFile(filepath.Join(m.folder, scheduled(one)), []byte("damaged"), fileMode))
	var listed []vault.Secret
	must(t, v.List(t.Context(), func(s vault.Secret) error { listed = append(listed, s); return nil }))
	if len(listed) != 1 || listed[0] != (vault.Secret{Name: one, Scheduled: true}) {
		t.Errorf("listed: %+v", listed)
	}
}
