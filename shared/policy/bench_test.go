package policy

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/caller"
)

// Each benchmark stands beside the same decision written in Go by hand, on the
// same caller and target: what a rule language could cost at the least.

var benchTarget = Attributes{
	"project_id": "6b1bf9a0b2e34a2ebf0d0a9a6a1c9c11", "owner": "6b1bf9a0b2e34a2ebf0d0a9a6a1c9c11",
	"member_id": nil, "visibility": "shared", "os": "linux",
}

var benchCaller = caller.Caller{
	UserID: "f2f1d5b1a9d3433bb0a1a5b8c8f3f001", ProjectID: "6b1bf9a0b2e34a2ebf0d0a9a6a1c9c11", Roles: []string{"member", "reader"},
}

// A stranger passes every check of get_image before the last one lets it in.
var benchStranger = caller.Caller{
	UserID: "aaf1d5b1a9d3433bb0a1a5b8c8f3f001", ProjectID: "aabbf9a0b2e34a2ebf0d0a9a6a1c9c11", Roles: []string{"member", "reader"},
}

func BenchmarkDecide(b *testing.B) {
	twenty := make([]string, 20)
	for i := range twenty {
		twenty[i] = "'windows':%(os)s"
	}
	e := enforcer(b, map[string]any{"twenty": strings.Join(twenty, " or ")})
	restricted := shipped(b, "restricted-download")
	coded := maps.Clone(benchTarget)
	coded["x_billing_code_ntt"] = "ntt_3251"
	for _, c := range []struct {
		name   string
		rules  *Enforcer
		rule   Rule
		caller caller.Caller
		target Attributes
		byHand func(caller.Caller, Target) bool
		want   bool
	}{
		{"get_image", e, GetImage, benchCaller, benchTarget, seeByHand, true},
		{"get_image_stranger", e, GetImage, benchStranger, benchTarget, seeByHand, true},
		{"delete_image", e, DeleteImage, benchCaller, benchTarget, deleteByHand, true},
		{"download_image_restricted", restricted, DownloadImage, benchStranger, coded, downloadByHand, false},
		{"download_image_unrestricted", restricted, DownloadImage, benchStranger, benchTarget, downloadByHand, true},
		{"twenty_checks", e, "twenty", benchCaller, benchTarget, twentyByHand, false},
	} {
		b.Run(c.name+"/rule", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if ok, err := c.rules.Decide(c.rule, c.caller, c.target); ok != c.want || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
		b.Run(c.name+"/by_hand", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if c.byHand(c.caller, c.target) != c.want {
					b.Fatal("another answer")
				}
			}
		})
	}
}

// shipped are the rules of one of the examples.
func shipped(tb testing.TB, name string) *Enforcer {
	tb.Helper()
	doc, _ := Read("../../docs/examples/" + name + ".yaml")
	e, findings := Compile(doc, Refuse)
	if len(findings) > 0 {
		tb.Fatal(findings)
	}
	return e
}

// BenchmarkDefault decides every registered rule, for a caller whom most let in
// by their last check, or do not let in by any.
func BenchmarkDefault(b *testing.B) {
	e := enforcer(b, nil)
	target := maps.Clone(benchTarget)
	maps.Copy(target, Attributes{"instance_project_id": benchCaller.ProjectID, "user_id": benchCaller.UserID, "reader": true})
	for _, d := range Defaults() {
		b.Run(string(d.Rule), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Decide(d.Rule, benchCaller, target); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		enforcer(b, nil)
	}
}

func hasRole(c caller.Caller, role string) bool {
	return slices.ContainsFunc(c.Roles, func(r string) bool { return strings.EqualFold(r, role) })
}

func equals(t Target, key, want string) bool {
	v, ok := t.Attribute(key)
	return ok && v == want
}

func ofProject(c caller.Caller) bool { return c.SystemScope == "" && c.DomainID == "" }

func seeByHand(c caller.Caller, t Target) bool {
	return ofProject(c) && (hasRole(c, "admin") || hasRole(c, "reader") && (equals(t, "project_id", c.ProjectID) ||
		equals(t, "member_id", c.ProjectID) || equals(t, "visibility", "community") || equals(t, "visibility", "public") || equals(t, "visibility", "shared")))
}

func deleteByHand(c caller.Caller, t Target) bool {
	return ofProject(c) && (hasRole(c, "admin") || hasRole(c, "member") && equals(t, "project_id", c.ProjectID))
}

// downloadByHand is the restricted download of the examples.
func downloadByHand(c caller.Caller, t Target) bool {
	return ofProject(c) && (hasRole(c, "admin") || hasRole(c, "member") && (equals(t, "project_id", c.ProjectID) ||
		equals(t, "member_id", c.ProjectID) || equals(t, "visibility", "community") || equals(t, "visibility", "public") || equals(t, "visibility", "shared")) &&
		!equals(t, "x_billing_code_ntt", "ntt_3251"))
}

func twentyByHand(_ caller.Caller, t Target) bool {
	for range 20 {
		if equals(t, "os", "windows") {
			return true
		}
	}
	return false
}
