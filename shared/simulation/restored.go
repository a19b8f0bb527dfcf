package simulation

import (
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/table/memory"
)

// A backup is the table as it was, with what the witness knew then.
type backup struct {
	table   *memory.Table
	witness *witness
}

func (w *world) takeBackup() {
	w.backup = &backup{table: w.table.Fork(), witness: w.witness.fork()}
	w.tell("the table is copied")
}

// restoreTable puts the copy in the table's place, as an operator does who has stopped
// the functions and waited until none runs: the vault stays as it is.
func (r *run) restoreTable() {
	w := r.world
	r.end()
	w.advance(w.now.Add(mostLate))
	made := w.witness.wrong
	w.table, w.witness = w.backup.table.Fork(), w.backup.witness.fork()
	w.witness.wrong, w.witness.restored, w.witness.behind = made, true, true
	w.witness.seen = w.table.Made()
	w.backup = nil
	w.tell("the table is as it was")
}

// turnOn is an operator's word that keys are deleted again.
func turnOn(a *actor) {
	w := a.run.world
	grant, err := rules().Authorize(policy.ManageKeys, operator, policy.Attributes{})
	if err == nil {
		_, err = a.keys.SetDeletions(background, grant, true, "all is well")
	}
	if err != nil {
		w.failed("turning deletions on: %v", err)
	}
	w.witness.behind = false
	w.tell("an operator turns deletions on")
}

// isOff reports whether keys are not deleted now.
func isOff(a *actor) bool {
	d, _, err := a.keys.Deletions(background)
	return err == nil && !d.Enabled
}

// turnOff is an operator's word that keys are not deleted for now.
var turnOff = deed{name: "turn off", do: func(a *actor) error {
	grant, err := rules().Authorize(policy.ManageKeys, operator, policy.Attributes{})
	if err == nil {
		_, err = a.keys.SetDeletions(background, grant, false, "something is odd")
	}
	return err
}}
