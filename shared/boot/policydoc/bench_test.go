package policydoc

import (
	"os"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gander-images/gander/shared/policy"
)

// BenchmarkLoad reads, validates and compiles a policy file that has every rule,
// beside what YAML alone takes for its text.
func BenchmarkLoad(b *testing.B) {
	text := commented.ReplaceAll([]byte(Sample()), []byte("$1"))
	path := filepath.Join(b.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		b.Fatal(err)
	}
	b.Run("whole_file", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			doc, _ := policy.Read(path)
			if _, findings := policy.Compile(doc, policy.Refuse); len(findings) > 0 {
				b.Fatal(findings)
			}
		}
	})
	b.Run("yaml_alone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var rules map[string]string
			if err := yaml.Unmarshal(text, &rules); err != nil || len(rules) < len(policy.Defaults()) {
				b.Fatal(len(rules), err)
			}
		}
	})
}
