package setting

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/identity/development"
)

// A kind reads one form of value into its place in Values. Its failures
// complete the sentence "NAME: ...".
type kind struct {
	says string
	read func(*Values, string) error
}

func path(at func(*Values) *string) kind {
	return kind{"path", func(v *Values, s string) error {
		*at(v) = s
		return nil
	}}
}

func text(at func(*Values) *string) kind {
	return kind{"text", func(v *Values, s string) error {
		*at(v) = s
		return nil
	}}
}

func publicKey(at func(*Values) *string) kind {
	return kind{"key", func(v *Values, s string) error {
		*at(v) = s
		_, err := development.NewVerifier(s, nil)
		return err
	}}
}

// name takes what the pattern does. The value may be a mistake that holds a
// secret, so the fault does not repeat it.
func name(at func(*Values) *string, says, pattern string) kind {
	form := regexp.MustCompile(pattern)
	return kind{"name", func(v *Values, s string) error {
		*at(v) = s
		if !form.MatchString(s) {
			return fmt.Errorf("this is not %s, %s", says, pattern)
		}
		return nil
	}}
}

// paths takes files and directories.
func paths(at func(*Values) *[]string) kind {
	k := words(at)
	k.says = "paths with commas between them"
	return k
}

func yesNo(at func(*Values) *bool) kind {
	return kind{"true or false", func(v *Values, s string) error {
		switch s {
		case "true":
			*at(v) = true
		case "false":
			*at(v) = false
		default:
			return fmt.Errorf("%q is neither true nor false", s)
		}
		return nil
	}}
}

func choice(at func(*Values) *string, words ...string) kind {
	return kind{strings.Join(words, ", "), func(v *Values, s string) error {
		if !slices.Contains(words, s) {
			return fmt.Errorf("%q is none of %s", s, strings.Join(words, ", "))
		}
		*at(v) = s
		return nil
	}}
}

func words(at func(*Values) *[]string) kind {
	return kind{"words with commas between them", func(v *Values, s string) error {
		var list []string
		for w := range strings.SplitSeq(s, ",") {
			if w = strings.TrimSpace(w); w == "" {
				return fmt.Errorf("%q has an empty word in it", s)
			}
			list = append(list, w)
		}
		*at(v) = list
		return nil
	}}
}

// duration takes low to high, both included; high 0 means no end.
func duration(at func(*Values) *time.Duration, low, high time.Duration) kind {
	return kind{"duration", func(v *Values, s string) error {
		d, err := time.ParseDuration(s)
		switch {
		case err != nil:
			return fmt.Errorf("%q is not a duration such as 30s, 10m or 24h", s)
		case d < low:
			return fmt.Errorf("%s is less than %s", s, low)
		case high > 0 && d > high:
			return fmt.Errorf("%s is more than %s", s, high)
		}
		*at(v) = d
		return nil
	}}
}

// days takes a whole number of them, both ends included.
func days(at func(*Values) *time.Duration, low, high int) kind {
	return kind{"number of days", func(v *Values, s string) error {
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil || int(n) < low || int(n) > high {
			return fmt.Errorf("%q is not a whole number from %d to %d", s, low, high)
		}
		*at(v) = time.Duration(n) * 24 * time.Hour
		return nil
	}}
}

// count takes no less than one.
func count(at func(*Values) *int) kind {
	return kind{"number", func(v *Values, s string) error {
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is not a whole number from 1 to 2147483647", s)
		}
		*at(v) = int(n)
		return nil
	}}
}

// quota takes -1 for no limit at all, as Glance does.
func quota(at func(*Values) *int) kind {
	return kind{"number", func(v *Values, s string) error {
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil || n < -1 {
			return fmt.Errorf("%q is not a whole number from -1 to 2147483647", s)
		}
		*at(v) = int(n)
		return nil
	}}
}

func size(at func(*Values) *int64) kind {
	return kind{"size", func(v *Values, s string) error {
		n, err := ParseSize(s)
		if err != nil {
			return err
		}
		*at(v) = n
		return nil
	}}
}

var units = []struct {
	name  string
	bytes int64
}{
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
	{"TiB", 1 << 40},
	{"PiB", 1 << 50},
	{"kB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"TB", 1e12},
	{"PB", 1e15},
	{"B", 1},
}

// ParseSize reads a number of bytes: 1099511627776, 1TiB or 500GB.
func ParseSize(s string) (int64, error) {
	number, unit := s, int64(1)
	for _, u := range units {
		if n, found := strings.CutSuffix(s, u.name); found {
			number, unit = n, u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is not a size such as 500GB or 1TiB", s)
	}
	if n > (1<<63-1)/unit {
		return 0, fmt.Errorf("%q is more than can be counted", s)
	}
	return n * unit, nil
}

func address(at func(*Values) *string) kind {
	return kind{"host:port", func(v *Values, s string) error {
		host, port, err := net.SplitHostPort(s)
		if err != nil {
			return fmt.Errorf("%q is not an address such as 127.0.0.1:9292", s)
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || port != strconv.FormatUint(n, 10) {
			return fmt.Errorf("%q has no port from 0 to 65535", s)
		}
		*at(v) = net.JoinHostPort(host, port)
		return nil
	}}
}

func endpoint(at func(*Values) *string) kind {
	return kind{"URL", func(v *Values, s string) error {
		u, err := url.Parse(s)
		switch {
		case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
			return fmt.Errorf("%q is not a URL such as https://images.example.org", redactURL(s))
		case u.User != nil:
			return errors.New("a URL with a user name or password in it is not taken")
		case u.RawQuery != "" || u.Fragment != "":
			return fmt.Errorf("%q must end with its path", redactURL(s))
		}
		*at(v) = strings.TrimRight(s, "/")
		return nil
	}}
}

// redactURL keeps what may hold a secret out of the message.
func redactURL(s string) string {
	if at := strings.LastIndex(s, "@"); at >= 0 {
		s = "..." + s[at:]
	}
	s, _, _ = strings.Cut(s, "?")
	return s
}

func level(at func(*Values) *slog.Level) kind {
	return kind{"debug, info, warn, error", func(v *Values, s string) error {
		switch s {
		case "debug", "info", "warn", "error":
			return at(v).UnmarshalText([]byte(s))
		}
		return fmt.Errorf("%q is none of debug, info, warn, error", s)
	}}
}

// anything reads nothing: the kind of settings that are refused.
var anything = kind{"", func(*Values, string) error { return nil }}
