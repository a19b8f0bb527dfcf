// Command coldstart prints, for each function in a folder of functions, how
// large it is, how long it takes from exec to its first call for an invocation,
// and how much memory it has taken until then: what a platform waits and pays for
// on a cold start, without the platform's own share. Functions start on the cloud
// mix, and call nobody.
package main

import (
	"archive/zip"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gander-images/gander/localstack/lambda"
)

const runs = 7

// environment is a deployed function's; no call is made and no token is checked
// by it.
var environment = []string{
	"GANDER_TABLE=coldstart", "GANDER_BUCKET=coldstart", "GANDER_PUBLIC_ENDPOINT=http://127.0.0.1:9292",
	"GANDER_DEVELOPMENT_KEY=ed25519:" + strings.Repeat("A", 43),
	"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=coldstart", "AWS_SECRET_ACCESS_KEY=coldstart",
}

func main() {
	arm := flag.String("arm64", "", "folder with the same functions for arm64, by name")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: coldstart [-arm64 FOLDER] FOLDER")
		os.Exit(2)
	}
	if err := printAll(flag.Arg(0), *arm, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "coldstart:", err)
		os.Exit(1)
	}
}

func printAll(folder, arm string, out io.Writer) error {
	found, err := filepath.Glob(filepath.Join(folder, "*", "bootstrap"))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%-20s %10s %10s %10s %12s %10s %10s\n", "function", "bytes", "zipped", "arm64", "median of "+fmt.Sprint(runs), "slowest", "memory")
	for _, bootstrap := range found {
		if err := printOne(bootstrap, arm, out); err != nil {
			return fmt.Errorf("%s: %w", bootstrap, err)
		}
	}
	return nil
}

func printOne(bootstrap, arm string, out io.Writer) error {
	name := filepath.Base(filepath.Dir(bootstrap))
	size, err := sizeOf(bootstrap)
	if err != nil {
		return err
	}
	packed, err := zippedSize(bootstrap)
	if err != nil {
		return err
	}
	armSize := "-"
	if arm != "" {
		if armSize, err = sizeOf(filepath.Join(arm, name)); err != nil {
			return err
		}
	}
	took, memory := make([]time.Duration, runs), int64(0)
	for i := range took {
		var resident int64
		if took[i], resident, err = coldStart(bootstrap); err != nil {
			return err
		}
		memory = max(memory, resident)
	}
	slices.Sort(took)
	fmt.Fprintf(out, "%-20s %10s %10d %10s %12s %10s %8dkB\n", name, size, packed, armSize,
		took[runs/2].Round(100*time.Microsecond), took[runs-1].Round(100*time.Microsecond), memory)
	return nil
}

func sizeOf(name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(info.Size()), nil
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

// coldStart starts the function once, and returns how long it took and the most
// memory that it had until then, in kB.
func coldStart(bootstrap string) (took time.Duration, memory int64, err error) {
	command := exec.Command(bootstrap)
	command.Env = slices.Clone(environment)
	begin := time.Now()
	f, err := lambda.Start(command, time.Minute)
	if err != nil {
		return 0, 0, err
	}
	defer f.Kill()
	select {
	case <-f.Polled():
		took = time.Since(begin)
	case <-f.Exited():
		return 0, 0, fmt.Errorf("it ended before it asked for an event: %v", f.State())
	}
	f.Kill()
	usage, ok := f.State().SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, 0, fmt.Errorf("this system does not tell how much memory a process took")
	}
	return took, usage.Maxrss, nil
}
