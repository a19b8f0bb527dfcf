package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/gander-images/gander/shared/vault"
)

// tickEvery is how often the running time is kept. What passed since the last tick is
// lost when the process is killed: that only delays deletions.
const tickEvery = time.Minute

// state is what the vault keeps beside its secrets.
type state struct {
	// Running is for how long processes have had the vault open, all together. The
	// windows of deletions are measured by it: a clock that is set wrong, or a machine
	// that was off, ends none of them.
	Running time.Duration `json:"running"`
	Epoch   int64         `json:"epoch"`
}

// running is the time as of now.
func (v *Vault) running() time.Duration { return v.state.Running + v.elapsed() - v.since }

// keep writes the state anew, with the running time as of now.
func (v *Vault) keep(next state) error {
	at := v.elapsed()
	next.Running = v.state.Running + at - v.since
	content, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	err = v.write(stateFile, content)
	var unsynced errUnsynced
	if err == nil || errors.As(err, &unsynced) {
		v.state, v.since = next, at
	}
	return err
}

// loadState reads the state, or begins one where nothing is sealed.
func (v *Vault) loadState(sealed bool) error {
	content, err := v.read(stateFile)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !sealed:
		return v.keep(state{})
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("the file state is missing beside sealed keys; restore the folder as a whole")
	case errors.Is(err, errSealed):
		return errors.New("the key file is not the one that its files are sealed with, or they were changed")
	case err != nil:
		return err
	}
	if err := json.Unmarshal(content, &v.state); err != nil {
		return fmt.Errorf("reading the state: %w", err)
	}
	return nil
}

// tick keeps the running time and destroys the secrets whose window is over.
func (v *Vault) tick() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.keep(v.state); err != nil {
		return nameless(err)
	}
	names, err := v.names(scheduledFolder)
	for _, name := range names {
		if n, ok := nameAt(name); ok {
			_, gone := v.find(n) // which destroys it
			if gone != nil && !errors.Is(gone, vault.ErrNotFound) {
				err = errors.Join(err, gone)
			}
		}
	}
	return nameless(err)
}

// work ticks until the vault is closed.
func (v *Vault) work() {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		select {
		case <-v.done:
			return
		case <-ticker.C:
			if err := v.tick(); err != nil {
				v.log.Error("the vault's running time is not kept, or a key whose window is over stays", "error", err)
			}
		}
	}
}
