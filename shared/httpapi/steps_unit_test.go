//go:build !cloud

package httpapi

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// The steps stand in the order that TestOrderOfChecks walks.
func TestOrderIsTheContract(t *testing.T) {
	contract, err := os.ReadFile("testdata/order.txt")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, step := range order {
		names = append(names, step.name)
	}
	if want := strings.Split(strings.TrimSpace(string(contract)), "\n"); !slices.Equal(names, want) {
		t.Fatalf("the order is %q, want %q", names, want)
	}
}
