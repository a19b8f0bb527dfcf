package httpapi

import "github.com/gander-images/gander/shared/policy"

// pinned returns the services with the rules that are in force now, so that all
// decisions of a request are by one version of them, however long it takes.
func (s *Services) pinned() *Services {
	live, ok := s.Policy.(*policy.Live)
	if !ok {
		return s
	}
	own := *s
	own.Policy = live.Current()
	return &own
}
