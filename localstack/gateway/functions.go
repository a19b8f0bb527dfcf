package gateway

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gander-images/gander/localstack/lambda"
	"github.com/gander-images/gander/localstack/template"
)

// A function is what the template says of one.
type function struct {
	id   string // logical
	name string // of its folder
	spec lambda.Spec
}

// readFunctions reads all functions of the template. A bootstrap that is not
// there is told at once, not at the first call.
func readFunctions(s *template.Stack, c Config) ([]function, error) {
	ids, err := s.Resources("AWS::Serverless::Function")
	if err != nil {
		return nil, err
	}
	var faults []error
	all := make([]function, 0, len(ids))
	for _, id := range ids {
		f, err := readFunction(s, c, id)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		all = append(all, f)
	}
	return all, errors.Join(faults...)
}

func readFunction(s *template.Stack, c Config, id string) (function, error) {
	code, err := s.Property(id, "CodeUri")
	if err != nil {
		return function{}, err
	}
	folder := filepath.Clean(template.Text(code))
	f := function{id: id, name: filepath.Base(folder)}
	f.spec = lambda.Spec{Name: id, ARN: template.FunctionARN(id)}
	if f.spec.Bootstrap, err = bootstrap(c, folder, f.name); err != nil {
		return function{}, fmt.Errorf("%s: %w", id, err)
	}
	seconds, timeoutErr := either(s, id, 3, "Timeout")
	memory, memoryErr := either(s, id, 128, "MemorySize")
	f.spec.Timeout, f.spec.Memory = time.Duration(seconds)*time.Second, memory
	variables, environErr := environ(s, id)
	f.spec.Environ = append(variables,
		"AWS_REGION="+template.Region, "AWS_DEFAULT_REGION="+template.Region)
	if c.Environ != nil {
		f.spec.Environ = append(f.spec.Environ, c.Environ(f.name)...)
	}
	return f, errors.Join(timeoutErr, memoryErr, environErr)
}

// bootstrap finds the program.
func bootstrap(c Config, folder, name string) (string, error) {
	candidates := []string{filepath.Join(filepath.Dir(c.Template), folder, "bootstrap")}
	if c.Functions != "" {
		candidates = []string{filepath.Join(c.Functions, name, "bootstrap"), filepath.Join(c.Functions, name)}
	}
	for _, path := range candidates {
		path, err := filepath.Abs(path)
		if err != nil {
			return "", err
		}
		if found, err := os.Stat(path); err == nil && found.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", fmt.Errorf("there is no %s; \"make build\" makes it", strings.Join(candidates, ", nor "))
}

// either reads a number of the function, or of all functions.
func either(s *template.Stack, id string, standard int, name string) (int, error) {
	v, err := s.Property(id, name)
	if v == nil && err == nil {
		v, err = s.Global(name)
	}
	if v == nil || err != nil {
		return standard, err
	}
	n, err := template.Number(v)
	if err != nil {
		return 0, fmt.Errorf("%s: %s: %w", id, name, err)
	}
	return n, nil
}

// environ merges the variables of all functions with those of this one.
func environ(s *template.Stack, id string) ([]string, error) {
	common, commonErr := s.Global("Environment", "Variables")
	own, ownErr := s.Property(id, "Environment", "Variables")
	all := make(template.Tree)
	for _, v := range []any{common, own} {
		m, _ := v.(template.Tree)
		maps.Copy(all, m)
	}
	pairs := make([]string, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		pairs = append(pairs, name+"="+template.Text(all[name]))
	}
	return pairs, errors.Join(commonErr, ownErr)
}
