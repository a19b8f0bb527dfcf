package policy

// An Explanation is a decision with its reasons.
type Explanation struct {
	Rule    Rule
	Allowed bool
	Text    string // of the rule in force, as written; the list form as JSON
	Tree    *Node
	Err     error // why the rule could not be evaluated; then it allows nobody
}

// A Node is one part of a rule: a check, or an operator over others. It has the
// text of the rule, and never a value of caller or target.
type Node struct {
	Check    string // as written; "and", "or" or "not" for an operator
	Result   Result
	Skipped  bool // the decision did not need it, so that not even an error counts
	Children []*Node

	op    operator
	reads []string // keys of the target, as far as no child has them
	text  string   // the part as a whole
}

// A Result is what became of a part of a rule.
type Result string

// The results. A missing check counts as false.
const (
	ResultTrue    Result = "true"
	ResultFalse   Result = "false"
	ResultMissing Result = "missing" // the target or the caller has no such key, or there is no such rule
	ResultError   Result = "error"   // it cannot be evaluated, which the whole decision comes to if it needs it
	ResultHidden  Result = ""        // not for whoever asks; Hide alone makes it
)

// settles reports whether an operand with this result decides its operator,
// whatever follows it.
func (r Result) settles(op operator) bool {
	switch r {
	case ResultHidden:
		return false
	case ResultError:
		return true
	case ResultTrue:
		return op == opOr
	}
	return op == opAnd
}

// Hide takes away what lets somebody guess at values that are not for them: the
// results of checks that read a key which unreadable names, and all that follows
// from those. It reports whether the decision itself follows from one.
//
// What stands before a hidden check is told, and what that decides; nothing is
// concluded from what stands behind one.
func (x *Explanation) Hide(unreadable func(key string) bool) (hidden bool) {
	x.Tree.hide(unreadable)
	x.Tree.mark(true)
	return x.Tree.Result == ResultHidden
}

func (n *Node) hide(unreadable func(key string) bool) {
	for _, key := range n.reads {
		if unreadable(key) {
			n.Result = ResultHidden
		}
	}
	for _, child := range n.Children {
		child.hide(unreadable)
	}
	for _, child := range n.Children {
		if child.Result == ResultHidden {
			n.Result = ResultHidden
		}
		if child.Result == ResultHidden || child.Result.settles(n.op) {
			return
		}
	}
}

// mark says what is known to be skipped.
func (n *Node) mark(reached bool) {
	n.Skipped = !reached
	for _, child := range n.Children {
		child.mark(reached)
		reached = reached && !child.Result.settles(n.op)
	}
}
