// Package setting is the table of everything that an operator can set: names,
// kinds, defaults and what each is for. A start reads all that it uses, and is
// told every fault at once.
package setting

import (
	"log/slog"
	"strings"
	"time"
)

// A Use is a reason to read a setting. A start reads the settings that share
// one with it, and no others.
type Use uint

// The uses.
const (
	Always     Use = 1 << iota
	Answers        // an operation that answers HTTP requests
	Listens        // a process with a listener of its own
	Standalone     // every operation in one process
	Metadata       // reads or writes the table
	Bytes          // reads, writes or deletes image data
	Tokens         // finds out who is asking
	Writes         // changes images
	Later          // does what is due
	Gives          // gives image data to callers
	Ticks          // looks for what is due by a clock of its own
	Issues         // issues tokens itself, and does nothing else
	Decides        // decides by the rules of the policy
	Authorizes     // tells a gateway who is asking
	Properties     // shows, filters by or sets custom properties
	Secrets        // makes, reads, looks for or deletes the secrets of keys
)

var useNames = []struct {
	use  Use
	name string
}{
	{Always, "always"},
	{Answers, "answers"},
	{Listens, "listens"},
	{Standalone, "standalone"},
	{Metadata, "metadata"},
	{Bytes, "bytes"},
	{Tokens, "tokens"},
	{Writes, "writes"},
	{Later, "later"},
	{Gives, "gives"},
	{Ticks, "ticks"},
	{Issues, "issues"},
	{Decides, "decides"},
	{Authorizes, "authorizes"},
	{Properties, "properties"},
	{Secrets, "secrets"},
}

// String names the uses, as the configuration page does.
func (u Use) String() string {
	var names []string
	for _, n := range useNames {
		if u&n.use != 0 {
			names = append(names, n.name)
		}
	}
	return strings.Join(names, ", ")
}

// Values are the settings as read. Those that the start does not use are zero.
type Values struct {
	Listen         string
	PublicEndpoint string // empty: made from the listener
	TLSCert        string
	TLSKey         string
	TLSEndsInFront bool
	Internal       Internal

	Data      string // the local mix; empty on the cloud mix
	Table     string // the cloud mix
	Bucket    string // likewise
	Stores    []string
	Downloads string // auto, redirect or direct

	Identity          string
	DevelopmentKey    string
	Keystone          Keystone
	JWT               JWT
	ServiceTokenRoles []string
	PolicyFaults      string // refuse or warn
	PolicyReload      time.Duration
	Policy            Rules
	Protection        Protection

	Deployment   string
	VaultKeyFile string // of the local mix; empty: in Data
	KeyDelay     time.Duration
	KeyWindow    time.Duration // whole days

	Retention   time.Duration
	Lease       time.Duration
	StopTimeout time.Duration
	SweepEvery  time.Duration

	Uploads        int   // at once; 0: any number
	ImageSizeCap   int64 // bytes; negative: none
	PropertyQuota  int   // likewise
	TagQuota       int
	MemberQuota    int
	LocationQuota  int
	NotInherited   []string // properties, by snapshots
	LogLevel       slog.Level
	LogFormat      string
	ListenWasGiven bool
}

// Cloud reports whether data is kept in the cloud's services, not in a folder.
func (v Values) Cloud() bool { return v.Table != "" || v.Bucket != "" }

// A Row is one setting.
type Row struct {
	Name    string // environment variable
	Default string // as it would be written; empty: none
	Doc     string // a sentence or two
	Glance  string // what Glance calls it; empty: nothing like it
	Uses    Use

	// Refused says why this version does not take the setting. Setting it stops
	// the start, so that nobody relies on what is not there.
	Refused string

	kind kind
}

// Kind says what values look like.
func (r Row) Kind() string { return r.kind.says }

// Flag is the command line flag of the same name.
func (r Row) Flag() string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(r.Name, "GANDER_")), "_", "-")
}
