package bolt

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gander-images/gander/shared/table"
)

// child is a process of this test binary that does something to a table file.
func child(t *testing.T, what, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], path) //nolint:gosec // this binary
	cmd.Env = append(os.Environ(), childVariable+"="+what)
	cmd.Stderr = os.Stderr
	return cmd
}

// TestCrash kills a process while eight writers are at work, several times on
// the same file, and looks for everything that was answered.
func TestCrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "table")
	acknowledged := map[string]bool{}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // not a secret
	for round := range 5 {
		crash(t, path, 1+r.IntN(2000), acknowledged)
		b := openAt(t, path)
		changes := map[string]int{}
		position := uint64(0)
		for {
			batch, seqs, err := b.changesAfter(position)
			if err != nil {
				t.Fatal(err)
			}
			if len(batch) == 0 {
				break
			}
			for _, c := range batch {
				if c.Old == nil {
					changes[c.New.Sort]++
				}
			}
			position = seqs[len(seqs)-1]
		}
		for sort := range acknowledged {
			if !has(t, b, sort) || changes[sort] != 1 {
				t.Fatalf("round %d: of the answered write %s: item %t, %d changes", round, sort, has(t, b, sort), changes[sort])
			}
		}
		t.Logf("round %d: %d writes answered", round, len(acknowledged))
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		sound(t, path)
	}
}

// crash has a child write until it has told of so many writes, kills it, and
// adds every write that it told of.
func crash(t *testing.T, path string, after int, acknowledged map[string]bool) {
	t.Helper()
	cmd := child(t, "write", path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	told := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if told++; told == after {
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
		if line, whole := strings.CutSuffix(lines.Text(), "."); whole {
			acknowledged[line] = true
		}
	}
	if err := cmd.Wait(); err == nil || told < after {
		t.Fatalf("the child ended by itself after %d writes: %v", told, err)
	}
}

// writeUntilKilled is the child of TestCrash. It prints each item that was
// answered for, and only then goes on.
func writeUntilKilled(path string) {
	b, err := Open(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			for n := 0; ; n++ {
				w := create(fmt.Sprintf("%d/%d/%d", os.Getpid(), i, n))
				w.Body = []byte(strings.Repeat("x", n%3000))
				count := table.Write{Kind: table.Add, Key: key("count"), Counters: map[string]int64{"n": 1}}
				if outcome, err := b.Transact(context.Background(), w, count); err != nil || !outcome.OK() {
					fmt.Fprintln(os.Stderr, outcome, err)
					os.Exit(1)
				}
				fmt.Println(w.Key.Sort + ".")
			}
		})
	}
	writers.Wait()
}

// TestDiskFull lets the file run into a limit of the system, in a process of
// its own, for the limit holds for all files of a process.
func TestDiskFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "table")
	out, err := child(t, "fill", path).Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
	sound(t, path)
}

// fillDisk is the child of TestDiskFull.
func fillDisk(path string) {
	signal.Ignore(syscall.SIGXFSZ)
	if err := fillAndGoOn(path); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func fillAndGoOn(path string) error {
	b, err := Open(path)
	if err != nil {
		return err
	}
	limit := func(bytes uint64) error {
		var now unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &now); err != nil {
			return err
		}
		return unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: min(bytes, now.Max), Max: now.Max})
	}
	made := 0
	for bytes := uint64(8 << 20); bytes <= 16<<20; bytes += 8 << 20 {
		if err := limit(bytes); err != nil {
			return err
		}
		if err := fillUp(b, &made); err != nil {
			return err
		}
	}
	if err := limit(unix.RLIM_INFINITY); err != nil {
		return err
	}
	if _, err := b.Transact(context.Background(), create("large again")); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}
	fmt.Printf("%d items\n", made)
	return allThere(b, made)
}

// fillUp makes items until there is no room, and then some that are refused.
func fillUp(b *Table, made *int) error {
	refused := 0
	for refused < 5 {
		w := create(fmt.Sprint(*made))
		w.Body = make([]byte, 100<<10)
		switch _, err := b.Transact(context.Background(), w); {
		case err == nil && *made > 10000:
			return errors.New("there is always room")
		case err == nil:
			*made++
		case errors.Is(err, table.ErrFull):
			refused++
		default:
			return fmt.Errorf("with no room: %w, want ErrFull", err)
		}
	}
	return allThere(b, *made)
}

func allThere(b *Table, made int) error {
	for i := range made + 1 {
		items, err := b.Get(context.Background(), key(fmt.Sprint(i)))
		if err != nil {
			return err
		}
		if there := items[0] != nil; there != (i < made) {
			return fmt.Errorf("item %d of %d: present %t", i, made, there)
		}
	}
	return nil
}
