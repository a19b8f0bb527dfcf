package setting_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/boot/setting"
)

const everybody = "[.*]\ncreate = @\nread = @\nupdate = @\ndelete = @\n"

// TestP14ProtectionFile: the file is read with the settings, and all that is
// wrong with it is told with all that is wrong with them.
func TestP14ProtectionFile(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const shows = informs | setting.Properties
	rules, policies := "GANDER_PROPERTY_PROTECTION_FILE="+file("roles.conf", everybody), "GANDER_PROPERTY_PROTECTION_FORMAT=policies"
	keeper := "GANDER_PROPERTY_PROTECTION_FILE=" + file("policies.conf", strings.Replace(everybody, "create = @", "create = keeper", 1))
	own := "GANDER_POLICY_FILE=" + file("policy.yaml", `keeper: "role:keeper"`)
	for name, c := range map[string]struct {
		environ []string
		want    []string
	}{
		"none":            {nil, nil},
		"roles":           {[]string{rules}, nil},
		"roles of keeper": {[]string{keeper}, nil},
		"policies":        {[]string{keeper, policies, own}, nil},
		"unknown rule":    {[]string{keeper, policies}, []string{"GANDER_PROPERTY_PROTECTION_FILE: " + dir + `/policies.conf:2: section [.*]: create: the policy has no rule "keeper"`}},
		"no policy":       {[]string{keeper, policies, "GANDER_POLICY_FILE=/nowhere.yaml"}, []string{"GANDER_POLICY_FILE: /nowhere.yaml"}},
		"no file":         {[]string{"GANDER_PROPERTY_PROTECTION_FILE=/nowhere.conf", "GANDER_RETENTON=1h"}, []string{"GANDER_PROPERTY_PROTECTION_FILE: /nowhere.conf: it cannot be read", "GANDER_RETENTON: there is no such"}},
		"format":          {[]string{rules, "GANDER_PROPERTY_PROTECTION_FORMAT=role"}, []string{`GANDER_PROPERTY_PROTECTION_FORMAT: "role" is none of`}},
		"format alone":    {[]string{policies}, []string{"GANDER_PROPERTY_PROTECTION_FORMAT: it is nothing without GANDER_PROPERTY_PROTECTION_FILE"}},
		"two faults": {[]string{"GANDER_PROPERTY_PROTECTION_FILE=" + file("bad.conf", "[(]\ncreate = @,!\nread = @\nupdate = @\ndelete = @\n")}, []string{
			"bad.conf:1: section [(]: Go does not take the expression", "bad.conf:2: section [(]: create: @ and ! exclude each other",
		}},
	} {
		v, err := read(shows, append(c.environ, goodKey)...)
		var faults setting.Faults
		_ = errors.As(err, &faults)
		switch {
		case c.want == nil && (err != nil || (v.Protection.Rules != nil) != (c.environ != nil)):
			t.Errorf("%s: rules: %t, %v", name, v.Protection.Rules != nil, err)
		case c.want == nil:
		case err == nil || len(faults) != max(1, strings.Count(strings.Join(c.environ, " "), "nowhere.conf")*2):
			t.Errorf("%s: %v", name, err)
		default:
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%s: %v\ndoes not say %q", name, err, want)
				}
			}
		}
	}
	for warnings, environ := range [][]string{{keeper, policies, own, goodKey}, {keeper, own, goodKey}} { // who asks for the rule keeps it from being told
		if v, err := read(shows, environ...); err != nil || len(v.Policy.Warnings) != warnings {
			t.Errorf("%v: %v, %v", environ, v.Policy.Warnings, err)
		}
	}
	// Each listener's policy must have the rules: one that has not would keep its callers
	// from what the other's may do.
	inside := "GANDER_INTERNAL_LISTEN=127.0.0.1:9293"
	for name, c := range map[string]struct {
		outer, inner string
		taken        bool
	}{
		"both": {`keeper: "@"`, `keeper: "!"`, true}, "outside alone": {`keeper: "@"`, "{}", false}, "inside alone": {"{}", `keeper: "@"`, false},
	} {
		_, err := read(everything|setting.Properties, keeper, policies, inside, "GANDER_POLICY_FILE="+file("outer.yaml", c.outer), "GANDER_INTERNAL_POLICY_FILE="+file("inner.yaml", c.inner))
		if (err == nil) != c.taken || err != nil && !strings.Contains(err.Error(), `the policy has no rule "keeper"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if v, err := read(informs, goodKey, "GANDER_PROPERTY_PROTECTION_FILE=/nowhere.conf"); err != nil || v.Protection.Rules != nil {
		t.Errorf("a function that shows no properties: %v", err)
	}
}
