package policy

import "testing"

func TestPrintedRules(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "@",
		" ":                            "!",
		"@ OR":                         "!",
		"((a:b))":                      "a:b",
		"a:b  and ( c:d or e:f )":      "a:b and (c:d or e:f)",
		"(a:b and c:d) or e:f":         "a:b and c:d or e:f",
		"not (a:b and c:d)":            "not (a:b and c:d)",
		"not not ( a:b )":              "not not a:b",
		"a:b or (c:d or e:f)":          "a:b or (c:d or e:f)",
		"(a:b and c:d) and e:f":        "(a:b and c:d) and e:f",
		"('a':'a') and b:c":            "('a':'a') and b:c",
		"role:member and word or x:y)": "!",
	} {
		e, _ := parse(text)
		if got, ok := e.format(); got != want || !ok {
			t.Errorf("%q prints as %q (%v), want %q", text, got, ok, want)
		}
	}
	for _, list := range [][]any{{"role:cloud admin"}, {"(@)"}, {"and"}, {[]any{"@", ""}}, {"a:b c:d"}, {"'a':'b c'"}} {
		e, err := parseList(list)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := e.format(); ok {
			t.Errorf("list %q prints as the text %q, which means something else", list, got)
		}
	}
}

// FuzzParse holds that no text breaks the parser or the evaluator, and that a
// printed rule is read as the same rule.
func FuzzParse(f *testing.F) {
	for _, d := range Defaults() {
		f.Add(d.Check)
	}
	for _, text := range []string{"not ('a':'a')", "@ or", "%(", "a:%(b)5.3d%", "('':%%)", "[1,(2,)]:x", "'\\x4':x", "1_0.e5:x", "f(*a,**b)[c]:x", "\x1c@\u00a0and\u3000!", "rule:r", "http:x"} {
		f.Add(text)
	}
	target := Attributes{"a": "x", "b": nil, "c": 5, "visibility": "public", "list": []string{"x"}}
	creds := map[string]any{"a": "x", "b": nil, "roles": []any{"member"}, "c": map[string]any{"d": []any{"x"}}}
	f.Fuzz(func(t *testing.T, text string) {
		if checkText(text) != nil {
			return
		}
		rule, _ := parse(text)
		printed, ok := rule.format()
		if !ok {
			t.Fatalf("%q has no text", text)
		}
		if again, ok := parse(printed); !ok || !rule.says(again) {
			t.Fatalf("%q prints as %q, which is another rule", text, printed)
		}
		rules, err := ParseRules(map[string]any{"r": text})
		if err != nil {
			t.Fatal(err)
		}
		if allowed, err := rules.Decide("r", creds, target); allowed && err != nil {
			t.Fatalf("%q allows with an error: %v", text, err)
		}
	})
}
