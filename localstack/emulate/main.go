// Command emulate runs a command over engines that stand in for AWS, and ends
// them with it:
//
//	emulate dynoxide,versitygw,moto -- go test -tags cloud ./shared/...
//
// The command finds them by the environment, as every AWS SDK does. The exit
// status is the command's.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gander-images/gander/localstack/emulator"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	if split := slices.Index(args, "--"); split != 1 || len(args) < 3 {
		fmt.Fprintf(os.Stderr, "Usage: emulate ENGINE[,ENGINE...] -- COMMAND [ARGS]\n\nEngines: %s\n", strings.Join(emulator.Names(), ", "))
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	engines, err := emulator.Start(ctx, emulator.Options{}, strings.Split(args[0], ",")...)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer engines.Stop()
	return follow(ctx, args[2:], engines.Environ())
}

// follow runs the command to its end. When this process is told to end, so is
// the command, and it may take its time.
func follow(ctx context.Context, args, environ []string) int {
	command := exec.CommandContext(ctx, args[0], args[1:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.Env = append(os.Environ(), environ...)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 30 * time.Second
	err := command.Run()
	var ended *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &ended) && ended.ExitCode() >= 0:
		return ended.ExitCode()
	}
	fmt.Fprintln(os.Stderr, "emulate:", err)
	return 1
}
