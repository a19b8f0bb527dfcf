package proxy

import "strings"

// A Use is one action that a function did, on one resource.
type Use struct {
	Function string
	Action   string // as IAM names it: dynamodb:UpdateItem
	Resource string // an ARN; "*" where the action has no resource
}

func (u Use) service() string {
	service, _, _ := strings.Cut(u.Action, ":")
	return service
}

// A Permission lets a function do what Action names with what Resource names. In
// both, * stands for any text.
type Permission struct {
	Action   string
	Resource string
}

// Covers reports whether the permission allows the use.
func (p Permission) Covers(u Use) bool {
	return matches(p.Action, u.Action) && matches(p.Resource, u.Resource)
}

func (f Function) may(u Use) bool {
	if f.Permissions == nil {
		return true
	}
	for _, p := range f.Permissions {
		if p.Covers(u) {
			return true
		}
	}
	return false
}

// matches compares text with a pattern, where * stands for any text.
func matches(pattern, text string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, first)
	if !ok {
		return false
	}
	for i := 0; i <= len(text); i++ {
		if matches(rest, text[i:]) {
			return true
		}
	}
	return false
}
