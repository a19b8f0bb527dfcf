//go:build !cloud

package httpapi

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// The check on surrogates agrees with what a decoder makes of them.
func FuzzLoneSurrogate(f *testing.F) {
	for _, seed := range []string{`\ud800`, `\ud83d\udc27`, `\\ud800`, `\udc00x`, `\ud83d\ud83d\udc27`, "\ufffd", `\ufffd`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted := `"` + text + `"`
		var decoded string
		if !utf8.ValidString(text) || strings.Contains(text, "\ufffd") || strings.Contains(strings.ToLower(text), `\ufffd`) || !decodes(quoted, &decoded) {
			return
		}
		if lone := strings.ContainsRune(decoded, utf8.RuneError); lone != loneSurrogate([]byte(quoted)) {
			t.Errorf("%s: lone is %t", quoted, lone)
		}
	})
}
