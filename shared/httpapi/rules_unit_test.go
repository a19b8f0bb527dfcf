package httpapi

import (
	"slices"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/policy"
)

// Whoever is refused a secret or an order is told so if it may be seen: each operation on
// one of them asks that too, and says so in its row.
func TestEveryCallOfASecretAsksWhetherItIsSeen(t *testing.T) {
	seen := 0
	for _, op := range All {
		if !ofKeyManager(op.Paths[0]) || !strings.Contains(op.Paths[0], "{") {
			continue
		}
		if seen++; !slices.Contains(op.Rules, policy.SecretGet) {
			t.Errorf("%s asks secret:get, and does not say so", op.Name)
		}
	}
	if seen < 12 {
		t.Errorf("only %d operations were looked at", seen)
	}
}
