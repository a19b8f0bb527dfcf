package setting

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/spelling"
)

// A Source is where settings come from.
type Source struct {
	Environ []string          // NAME=value, as os.Environ has them
	Flags   map[string]string // by environment variable; they win
	Uses    Use
	Lambda  bool // runs as a Lambda, which has no listener

	// Cloud tells what is missing of the cloud's own settings, as "NAME: ...".
	// It is asked on the cloud mix alone, and may be nil.
	Cloud func() []string
}

// Faults is everything that is wrong with the settings of one start.
type Faults []string

// Error is one message for all of them.
func (f Faults) Error() string {
	intro := "one setting is wrong"
	if len(f) > 1 {
		intro = fmt.Sprintf("%d settings are wrong", len(f))
	}
	return intro + ":\n  " + strings.Join(f, "\n  ")
}

// Read returns the settings that the uses call for. The error is a Faults with
// every setting that is missing, unknown, malformed, not supported or at odds
// with another.
func Read(from Source) (Values, error) {
	given, faults := gather(from)
	var v Values
	for _, row := range Table {
		value, set := given[row.Name]
		switch {
		case set && row.Refused != "":
			faults = append(faults, row.Name+": "+row.Refused)
		case row.Refused != "" || row.Uses&(from.Uses|Always) == 0:
		case set || row.Default != "":
			if !set {
				value = row.Default
			}
			if err := row.kind.read(&v, value); err != nil {
				faults = append(faults, row.Name+": "+strings.ReplaceAll(err.Error(), "\n", "\n    "))
			}
		}
	}
	_, v.ListenWasGiven = given["GANDER_LISTEN"]
	if from.Uses&Decides != 0 {
		faults = append(faults, v.Policy.read("GANDER_POLICY_FILE", v.PolicyFaults)...)
	}
	if v.Internal.Policy.Files != nil {
		faults = append(faults, v.Internal.Policy.read("GANDER_INTERNAL_POLICY_FILE", v.PolicyFaults)...)
	}
	faults = append(faults, v.Protection.read(&v, given)...)
	faults = append(faults, mixing(&v, given, from)...)
	faults = append(faults, identifying(v, given, from)...)
	if faults = append(faults, contradictions(v, given, from)...); len(faults) > 0 {
		return Values{}, faults
	}
	return v, nil
}

// gather collects what was set, and complains about names nobody knows: a
// misspelt setting must not be taken for a default.
func gather(from Source) (map[string]string, Faults) {
	given := make(map[string]string)
	var faults Faults
	for _, pair := range from.Environ {
		name, value, _ := strings.Cut(pair, "=")
		switch {
		case !strings.HasPrefix(name, "GANDER_"):
		case !known(name):
			faults = append(faults, unknown(name))
		case value == "":
			faults = append(faults, name+": it is set, but empty")
		default:
			given[name] = value
		}
	}
	slices.Sort(faults)
	for name, value := range from.Flags {
		given[name] = value
	}
	return given, faults
}

func known(name string) bool {
	return slices.ContainsFunc(Table, func(r Row) bool { return r.Name == name })
}

func unknown(name string) string {
	best := spelling.Nearest(name, names, 3)
	if best == "" {
		return name + ": there is no such setting"
	}
	return name + ": there is no such setting; " + best + " is meant, perhaps"
}

func names(yield func(string) bool) {
	for _, row := range Table {
		if !yield(row.Name) {
			return
		}
	}
}

func contradictions(v Values, given map[string]string, from Source) Faults {
	var faults Faults
	if from.Lambda {
		if from.Uses&(Answers|Authorizes) != 0 && given["GANDER_PUBLIC_ENDPOINT"] == "" {
			faults = append(faults, "GANDER_PUBLIC_ENDPOINT: it is missing; a Lambda cannot find out by itself how callers reach it")
		}
		return faults
	}
	if from.Uses&Listens != 0 {
		faults = append(faults, listening(v, given, from)...)
	}
	return faults
}

// KeyFile is where a development identity leaves its public key for functions
// that use the same folder.
func KeyFile(v Values) string { return filepath.Join(v.Data, "identity.pub") }

func hasKey(v Values) bool {
	_, err := os.Stat(KeyFile(v))
	return err == nil
}

// keyAlone reports whether the process has nothing of the development identity
// but a public key that was given to it, and keeps nothing in a folder. Then it
// knows no passwords, and may be reached from other machines, as a Lambda is.
func keyAlone(v Values, from Source) bool {
	return from.Uses&Issues == 0 && v.DevelopmentKey != "" && (v.Cloud() || from.Uses&(Metadata|Bytes) == 0)
}

func reason(err error) string {
	var at *os.PathError
	if errors.As(err, &at) {
		return fmt.Sprintf("%s: %v", at.Path, at.Err)
	}
	return err.Error()
}
