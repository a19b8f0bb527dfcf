package simulation

import (
	"fmt"
	"time"

	"github.com/gander-images/gander/shared/key"
)

// catalogue are the deeds that are set against one another, by setup: those that can
// matter there, alone or after another one.
var catalogue = map[string][]deed{
	"nothing": {
		makeKey(keyA), create(imageA, keyA, key.OnImageDeletion), create(imageB, keyA, key.OnImageDeletion), makeKey(keyA), jumps(21 * time.Minute), sweeper,
	},
	"live": {
		create(imageA, keyA, key.OnImageDeletion), create(imageB, keyA, key.OnImageDeletion), nameKey(imageA2, keyA),
		removeKey(keyA, nobody), removeKey(keyA, others), join(keyA, 1), reaper, sweeper,
	},
	"held": {
		nameKey(imageB, keyA), unname(imageA), wish(imageA, "do_not_delete"), give(imageA, projectB), remove(imageA),
		both(imageA, keyA), copyOf(imageA, imageS), create(imageA2, keyA, ""), removeKey(keyA, nobody), removeKey(keyA, others),
		removeKey(keyA, anybody), join(keyA, 1), upload(imageA), reaper, sweeper,
	},
	"shared": {
		unname(imageB), give(imageB, projectA), give(imageA, projectB), remove(imageA), remove(imageB), unname(imageA),
		removeKey(keyA, others), removeKey(keyA, nobody), sweeper,
	},
	"two wishes": {
		remove(imageA), remove(imageA2), unname(imageA2), unname(imageA), wish(imageA2, key.OnImageDeletion), removeKey(keyA, others), sweeper,
	},
	"consumed": {
		leave(keyA, 1), join(keyA, 2), remove(imageA), unname(imageA), removeKey(keyA, nobody), removeKey(keyA, others), sweeper,
	},
	"deleted": {
		undelete(imageA), nameKey(imageB, keyA), removeKey(keyA, nobody), removeKey(keyA, anybody), jumps(25 * time.Hour), sweeper, reaper,
	},
	"purge due": {
		sweeper, sweeper, undelete(imageA), nameKey(imageB, keyA), create(imageA2, keyA, key.OnImageDeletion), join(keyA, 1), removeKey(keyA, nobody),
		jumps(2 * time.Hour), reaper,
	},
	"condemned": {
		sweeper, sweeper, nameKey(imageA2, keyA), create(imageB, keyA, key.OnImageDeletion), join(keyA, 1), removeKey(keyA, nobody),
		bringBack(keyA), jumps(31 * 24 * time.Hour), reaper,
	},
	"condemned, held": {
		unname(imageB), remove(imageB), give(imageB, projectA), create(imageA2, keyA, key.OnImageDeletion), join(keyA, 1), sweeper,
		removeKey(keyA, others), removeKey(keyA, nobody),
	},
	"to be scheduled": {
		sweeper, sweeper, reaper, bringBack(keyA), bringBack(keyA), nameKey(imageB, keyA), nameKey(imageA2, keyA), undelete(imageA),
		jumps(16 * time.Minute),
	},
	"scheduled": {
		bringBack(keyA), bringBack(keyA), sweeper, nameKey(imageB, keyA), nameKey(imageA2, keyA), undelete(imageA),
		jumps(20*time.Minute, 31*24*time.Hour),
	},
	"external": {
		makeKey(keyX), makeKey(keyX), unname(imageA), unname(imageB), remove(imageA), give(imageB, projectA), sweeper, jumps(21 * time.Minute),
	},
	"external, purge due": {
		makeKey(keyX), makeKey(keyX), sweeper, undelete(imageA), nameKey(imageB, keyX), give(imageA, projectB), jumps(21 * time.Minute),
	},
	"external, once": {
		makeKey(keyX), then(unname(imageA), nameKey(imageA, keyX)), then(unname(imageA), create(imageB, keyX, "")), unname(imageA), give(imageA, projectB),
	},
	"two keys": {
		unname(imageA), remove(imageA), remove(imageB), give(imageA, projectB), both(imageA, keyA), removeKey(keyB, others), removeKey(keyA, nobody),
		sweeper, undelete(imageA),
	},
	"queued": {
		upload(imageA), then(jumps(lease+time.Minute), sweeper), remove(imageA), then(remove(imageA), undelete(imageA)), unname(imageA),
	},
	"active": {
		snapshot(imageA, false), snapshot(imageA, true), remove(imageA), unname(imageA), wish(imageA, "do_not_delete"), join(keyA, 1),
		removeKey(keyA, anybody), jumps(21 * time.Minute), sweeper,
	},
	"cloned": {
		removeSnapshot, undelete(imageA), jumps(25 * time.Hour), removeKey(keyA, anybody), sweeper,
	},
	"lent": {
		read(projectA, clone, "the clone"), read(projectB, clone, "the clone"), share(projectB), unshare(projectA), hideLent, changeLent("give the snapshot away", set("owner", projectB)),
		removeSnapshot, sweeper,
	},
	"listed": {
		read(projectA, known(keyA), "kA"), read(projectB, known(keyA), "kA"), setACL(keyA, nil, &no), setACL(keyA, []string{}, nil), removeACL(keyA),
		create(imageB, keyA, ""), removeKey(keyA, nobody),
	},
	"unmade": {reserve(keyL), makeKey(keyL), fill(keyL, 1), giveUp(keyL), sweeper},
	"waiting": {
		fill(keyL, 1), fill(keyL, 2), then(giveUp(keyL), sweeper), create(imageB, keyL, key.OnImageDeletion), create(imageA, keyL, key.OnImageDeletion),
		read(projectA, known(keyL), "kL"), jumps(25 * time.Hour), sweeper,
	},
	"ordered": {
		place, cancel, cancel, nameOrdered(imageA), removeOrdered, jumps(21 * time.Minute), sweeper,
	},
	"saving": {
		sweeper, sweeper, remove(imageA), upload(imageA), unname(imageA), undelete(imageA), reaper,
	},
}

// pairs are all plays of two deeds of a setup, with one fault anywhere.
func pairs() []play { return plays(2, 1) }

// triples are those of three, without a fault.
func triples() []play { return plays(3, 0) }

// singles are those of one, with two faults.
func singles() []play { return plays(1, 2) }

func plays(size, faults int) []play {
	var all []play
	for _, s := range setups {
		deeds := catalogue[s.name]
		for _, chosen := range combinations(len(deeds), size) {
			p := play{setup: s.name, faults: faults}
			for _, i := range chosen {
				p.deeds = append(p.deeds, deeds[i])
			}
			all = append(all, p)
		}
	}
	return all
}

// combinations are all ways to choose k of n, in order.
func combinations(n, k int) [][]int {
	if k == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for last := k - 1; last < n; last++ {
		for _, rest := range combinations(last, k-1) {
			all = append(all, append(rest[:len(rest):len(rest)], last))
		}
	}
	return all
}

// kinds are the families of plays, by the name that begins their seeds.
var kinds = map[string]func() []play{"single": singles, "pair": pairs, "triple": triples}

func seedOf(kind string, n int) string { return fmt.Sprintf("%s/%d", kind, n) }
