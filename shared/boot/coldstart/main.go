// Command coldstart prints, for each function in a folder of functions, how
// large it is and how long it takes from exec to its first call for an
// invocation: what a platform waits for on a cold start, without the platform's
// own share.
package main

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/boot/runtimetest"
)

const runs = 7

// anyKey is the form of a public key; no token is ever checked by it.
var anyKey = "ed25519:" + strings.Repeat("A", 43)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: coldstart FOLDER")
		os.Exit(2)
	}
	if err := printAll(os.Args[1], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "coldstart:", err)
		os.Exit(1)
	}
}

func printAll(folder string, out io.Writer) error {
	found, err := filepath.Glob(filepath.Join(folder, "*", "bootstrap"))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%-24s %10s %10s %14s %14s\n", "function", "bytes", "zipped", "median of "+fmt.Sprint(runs), "slowest")
	for _, bootstrap := range found {
		if err := printOne(bootstrap, out); err != nil {
			return fmt.Errorf("%s: %w", bootstrap, err)
		}
	}
	return nil
}

func printOne(bootstrap string, out io.Writer) error {
	info, err := os.Stat(bootstrap)
	if err != nil {
		return err
	}
	packed, err := zippedSize(bootstrap)
	if err != nil {
		return err
	}
	took := make([]time.Duration, runs)
	for i := range took {
		if took[i], err = coldStart(bootstrap); err != nil {
			return err
		}
	}
	slices.Sort(took)
	fmt.Fprintf(out, "%-24s %10d %10d %14s %14s\n", filepath.Base(filepath.Dir(bootstrap)), info.Size(), packed,
		took[runs/2].Round(100*time.Microsecond), took[runs-1].Round(100*time.Microsecond))
	return nil
}

func zippedSize(name string) (int64, error) {
	file, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	var size counter
	archive := zip.NewWriter(&size)
	entry, err := archive.Create(filepath.Base(name))
	if err != nil {
		return 0, err
	}
	if _, err := io.Copy(entry, file); err != nil {
		return 0, err
	}
	err = archive.Close() // writes the rest
	return int64(size), err
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// coldStart starts the function on a data folder of its own.
func coldStart(bootstrap string) (time.Duration, error) {
	data, err := os.MkdirTemp("", "coldstart")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(data)
	command := exec.Command(bootstrap)
	command.Env = []string{"GANDER_DATA=" + data, "GANDER_PUBLIC_ENDPOINT=http://127.0.0.1:9292", "GANDER_DEVELOPMENT_KEY=" + anyKey}
	begin := time.Now()
	f, err := runtimetest.Start(command, time.Minute)
	if err != nil {
		return 0, err
	}
	defer f.Stop()
	select {
	case <-f.Polled:
		return time.Since(begin), nil
	case <-f.Exited():
		return 0, fmt.Errorf("it ended before it asked for an event: %v", command.ProcessState)
	}
}
