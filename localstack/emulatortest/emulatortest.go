// Package emulatortest gives each test a table and a bucket of its own, on the
// engines that the environment names. "emulate" starts such engines and runs
// tests over them.
package emulatortest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/google/uuid"

	"github.com/gander-images/gander/localstack/emulator"
)

// A Place is where one test keeps what it has.
type Place struct {
	Config aws.Config
	Table  string
	Stream string // ARN of the table's stream
	Bucket string
}

// variables name the engines. Without one of them a test would ask AWS itself.
var variables = []string{"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_DYNAMODB_STREAMS", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SECRETS_MANAGER"}

// New makes a table and a bucket in the template's shape. They last as long as
// the engines: nobody else knows their names. Where no engines are named, the
// test fails.
func New(tb testing.TB) Place {
	tb.Helper()
	return whole(tb, func(s emulator.Shape) emulator.Shape { return s })
}

// NewStill makes a bucket and a table whose changes nobody can follow.
func NewStill(tb testing.TB) Place {
	tb.Helper()
	return whole(tb, emulator.Shape.WithoutStream)
}

func whole(tb testing.TB, as func(emulator.Shape) emulator.Shape) Place {
	tb.Helper()
	p, err := newPlace(tb.Context(), as)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func newPlace(ctx context.Context, as func(emulator.Shape) emulator.Shape) (Place, error) {
	cfg, err := Config(ctx)
	if err != nil {
		return Place{}, err
	}
	s, err := shape()
	if err != nil {
		return Place{}, err
	}
	name := "test-" + uuid.NewString()
	p := Place{Config: cfg, Table: name, Bucket: name}
	if p.Stream, err = as(s).MakeTable(ctx, cfg, name); err != nil {
		return Place{}, err
	}
	return p, s.MakeBucket(ctx, cfg, name)
}

// NewTable makes a table alone, whose changes nobody can follow.
func NewTable(tb testing.TB) Place {
	tb.Helper()
	return newTable(tb, emulator.Shape.WithoutStream)
}

// NewStream makes a table alone, with its stream.
func NewStream(tb testing.TB) Place {
	tb.Helper()
	return newTable(tb, func(s emulator.Shape) emulator.Shape { return s })
}

func newTable(tb testing.TB, as func(emulator.Shape) emulator.Shape) Place {
	tb.Helper()
	cfg, err := environment(tb.Context(), variables[:2])
	if err != nil {
		tb.Fatal(err)
	}
	s, err := shape()
	if err != nil {
		tb.Fatal(err)
	}
	p := Place{Config: cfg, Table: "test-" + uuid.NewString()}
	if p.Stream, err = as(s).MakeTable(tb.Context(), cfg, p.Table); err != nil {
		tb.Fatal(err)
	}
	return p
}

// Config is the environment's configuration of the SDK, which must name the
// engines.
func Config(ctx context.Context) (aws.Config, error) { return environment(ctx, variables) }

// SecretsConfig is Config where no more than Secrets Manager is needed.
func SecretsConfig(ctx context.Context) (aws.Config, error) {
	return environment(ctx, []string{"AWS_ENDPOINT_URL_SECRETS_MANAGER"})
}

func environment(ctx context.Context, needed []string) (aws.Config, error) {
	var absent []string
	for _, name := range needed {
		if os.Getenv(name) == "" && os.Getenv("AWS_ENDPOINT_URL") == "" {
			absent = append(absent, name)
		}
	}
	if len(absent) > 0 {
		return aws.Config{}, fmt.Errorf("emulatortest: %s: not set; run the tests by localstack/emulate", strings.Join(absent, ", "))
	}
	return config.LoadDefaultConfig(ctx)
}

// shape reads the template once.
var shape = sync.OnceValues(func() (emulator.Shape, error) {
	root, err := Root()
	if err != nil {
		return emulator.Shape{}, err
	}
	return emulator.ReadShape(filepath.Join(root, "template.yaml"))
})

// Root is the folder of the project, looked for from the working folder up.
func Root() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder, nil
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", fmt.Errorf("emulatortest: no project around %s", folder)
		}
		folder = parent
	}
}
