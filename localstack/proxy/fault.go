package proxy

import (
	"slices"
	"strings"
	"time"
)

// A Fault is one way in which a call goes wrong.
type Fault int

// The faults. Unless it says otherwise, the engine never sees the call.
const (
	NoFault Fault = iota

	// Throttled is what a busy partition or prefix answers:
	// ProvisionedThroughputExceededException, or S3's 503 SlowDown.
	Throttled
	// RateLimited is DynamoDB's other word for it, ThrottlingException, and for
	// streams LimitExceededException.
	RateLimited
	// Conflicted is another transaction on the same item:
	// TransactionCanceledException with the reason TransactionConflict, or
	// TransactionConflictException for a call that is no transaction. Of S3 it is
	// 409 ConditionalRequestConflict: another writer of the same name.
	Conflicted
	// PartThrottled is a transaction canceled because one of its items is
	// throttled: the reason ThrottlingError.
	PartThrottled
	// InProgress is TransactionInProgressException: the transaction with this
	// client token still runs.
	InProgress
	// Failed is a 500 of the service, before anything was done.
	Failed
	// FailedAfter is a 500, and the call was done.
	FailedAfter
	// Rejected is S3's answer of 200 with an error inside, as
	// CompleteMultipartUpload and CopyObject give it. Nothing was done.
	Rejected
	// WrongState is Secrets Manager's InvalidRequestException: the secret is not in a
	// state that allows this.
	WrongState

	// CutBefore closes the connection before anything was done.
	CutBefore
	// CutUpload closes both connections in the middle of the request's body.
	CutUpload
	// AnswerLost does the call and closes the connection without an answer.
	AnswerLost
	// AnswerSilent does the call and never answers, until the caller gives up.
	AnswerSilent
	// AnswerCut does the call and closes the connection in the middle of the
	// answer's body.
	AnswerCut
	// Delayed does the call after Rule.Delay.
	Delayed

	// Duplicated gives the records of a GetRecords twice, one run after the other.
	Duplicated
	// Reordered gives them in another order, by Rule.Seed; those of one item stay
	// in theirs.
	Reordered
	// Withheld gives none, and the same place to read on from.
	Withheld
	// IteratorExpired is ExpiredIteratorException, for this iterator for good.
	IteratorExpired
	// Trimmed is TrimmedDataAccessException: the records are older than a day. It
	// stays with the iterator, too.
	Trimmed
)

func (f Fault) String() string {
	return [...]string{
		NoFault: "no fault", Throttled: "throttled", RateLimited: "rate limited", Conflicted: "conflicted",
		PartThrottled: "part throttled", InProgress: "in progress", Failed: "failed", FailedAfter: "failed after",
		Rejected: "rejected", WrongState: "wrong state", CutBefore: "cut before", CutUpload: "upload cut", AnswerLost: "answer lost",
		AnswerSilent: "answer silent", AnswerCut: "answer cut", Delayed: "delayed", Duplicated: "duplicated",
		Reordered: "reordered", Withheld: "withheld", IteratorExpired: "iterator expired", Trimmed: "trimmed",
	}[f]
}

// A Match picks calls. Empty members pick all.
type Match struct {
	Function  string
	Service   Service
	Operation string // the API's name, or one of the actions as IAM names it
	Item      string // part of "partition/sort" or "bucket/key"
	Partition string // how one of them begins
}

func (m Match) picks(c Call) bool {
	return (m.Function == "" || m.Function == c.Function) &&
		(m.Service == "" || m.Service == c.Service) &&
		(m.Operation == "" || m.Operation == c.Operation || slices.ContainsFunc(c.Uses, func(u Use) bool { return u.Action == m.Operation })) &&
		(m.Item == "" || slices.ContainsFunc(c.Items, func(i string) bool { return strings.Contains(i, m.Item) })) &&
		(m.Partition == "" || slices.ContainsFunc(c.Items, func(i string) bool { return strings.HasPrefix(i, m.Partition) }))
}

// Always is a Rule's Times that never ends.
const Always = -1

// A Rule makes some of the calls that it picks go wrong.
type Rule struct {
	Match
	Fault Fault
	Skip  int           // how many calls to let pass first
	Times int           // how many to spoil then; 0 is one, Always is all
	Every int           // of those, only each n-th; 0 and 1 are all
	Delay time.Duration // of Delayed
	Seed  uint64        // of Reordered
}

// An Injection is a rule in force.
type Injection struct {
	proxy *Proxy
	rule  Rule
	seen  int
	count int
}

// Inject puts a rule in force. Where several pick a call, the oldest that still
// has faults to give spoils it.
func (p *Proxy) Inject(r Rule) *Injection {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := &Injection{proxy: p, rule: r}
	p.rules = append(p.rules, i)
	return i
}

// Count is how many calls the rule has spoiled. An answer without records cannot
// be Duplicated, Reordered or Withheld, and does not count, nor does an order that
// stayed as it was.
func (i *Injection) Count() int {
	i.proxy.mu.Lock()
	defer i.proxy.mu.Unlock()
	return i.count
}

// Seen is how many calls the rule has picked, spoiled or not, while no older rule
// took them.
func (i *Injection) Seen() int {
	i.proxy.mu.Lock()
	defer i.proxy.mu.Unlock()
	return i.seen
}

// Remove ends the rule.
func (i *Injection) Remove() {
	p := i.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = slices.DeleteFunc(p.rules, func(other *Injection) bool { return other == i })
}

// strike finds the rule that spoils the call; nil: none.
func (p *Proxy) strike(c Call) *Injection {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.rules {
		if i.rule.picks(c) && i.due() {
			return i
		}
	}
	return nil
}

// spare takes back a fault that had nothing to spoil.
func (i *Injection) spare() {
	i.proxy.mu.Lock()
	defer i.proxy.mu.Unlock()
	i.count--
}

// due counts a call that the rule picks, and reports whether it is to be spoiled.
func (i *Injection) due() bool {
	i.seen++
	past := i.seen - i.rule.Skip
	switch {
	case past <= 0, i.rule.Every > 1 && past%i.rule.Every != 0:
		return false
	case i.rule.Times != Always && i.count >= max(1, i.rule.Times):
		return false
	}
	i.count++
	return true
}
