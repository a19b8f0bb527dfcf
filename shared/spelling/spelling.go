// Package spelling finds the word that was meant by one that nobody knows.
package spelling

import (
	"iter"
	"strings"
)

// Nearest returns the word that takes the fewest changes of single characters
// to reach, letter case aside, and no more than most: of several the one whose
// length is nearest, of those the first; nothing where all are further away.
func Nearest(word string, among iter.Seq[string], most int) string {
	best, least := "", 2*most+2 // twice the changes, and one for another length
	for candidate := range among {
		d := Distance(strings.ToLower(word), strings.ToLower(candidate))
		if longer := 2*d + min(1, abs(len(word)-len(candidate))); longer < least {
			best, least = candidate, longer
		}
	}
	return best
}

func abs(n int) int { return max(n, -n) }

// Distance counts the bytes to insert, remove, replace or change places with
// their neighbour between two words.
func Distance(a, b string) int {
	before, row := []int(nil), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			cost := row[j]
			if a[i] != b[j] {
				cost++
			}
			next[j+1] = min(cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
