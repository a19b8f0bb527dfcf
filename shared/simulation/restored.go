package simulation

import (
	"encoding/json"

	"github.com/gander-images/gander/shared/table"
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

// upkeepAt is where the epoch stands, and whether keys are deleted.
var upkeepAt = table.Key{Partition: "deployment", Sort: "keys"}

// raiseEpoch is what the sweeper's hourly round does first.
func raiseEpoch(a *actor) error {
	epoch, err := a.keys.Vault.Epoch(background)
	if err != nil {
		return err
	}
	if err := a.upkeep(func(u map[string]any) { u["epoch"] = epoch + 1 }); err != nil {
		return err
	}
	return a.keys.Vault.RaiseEpoch(background, epoch+1)
}

// turnOn is an operator's word that keys are deleted again.
func turnOn(a *actor) {
	epoch := a.run.world.vault.epoch
	err := a.upkeep(func(u map[string]any) {
		u["epoch"] = epoch
		delete(u, "off")
	})
	a.run.world.witness.behind = false
	a.run.world.tell("an operator turns deletions on: %v", err)
}

func (a *actor) upkeep(change func(map[string]any)) error {
	items, err := a.keys.Table.Get(background, upkeepAt)
	if err != nil {
		return err
	}
	u := map[string]any{}
	w := table.Write{Kind: table.Put, Key: upkeepAt, Schema: 1, If: table.IfAbsent()}
	if items[0] != nil {
		w.If = table.IfRevision(items[0].Revision)
		if err := json.Unmarshal(items[0].Body, &u); err != nil {
			return err
		}
	}
	change(u)
	if w.Body, err = json.Marshal(u); err != nil {
		return err
	}
	_, err = a.keys.Table.Transact(background, w)
	return err
}
