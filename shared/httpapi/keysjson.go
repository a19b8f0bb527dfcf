package httpapi

import (
	"time"

	"github.com/gander-images/gander/shared/key"
)

// keyJSON is a key's record in an answer. It never has a value.
type keyJSON struct {
	ID         string     `json:"id"`
	State      key.State  `json:"state"`
	Owner      *string    `json:"owner"` // null: nobody's, for it was not made here
	Creator    string     `json:"creator_user_id,omitempty"`
	Holders    int        `json:"holders"`
	Own        int        `json:"own_holders"`
	Wishes     wishesJSON `json:"wishes"`
	Generation int        `json:"generation"`
	Confirmed  bool       `json:"confirmed"` // the vault knows of the deletion
	Restoring  bool       `json:"restoring"`
	Image      string     `json:"image_id,omitempty"` // that it was cloned for
	Due        *string    `json:"due_at"`             // of its next step; null: there is none
	CreatedAt  string     `json:"created_at"`
	UpdatedAt  string     `json:"updated_at"`
}

// wishesJSON is what images said that were purged.
type wishesJSON struct {
	Delete bool `json:"delete"`
	Keep   bool `json:"keep"`
}

type keyListJSON struct {
	Keys  []keyJSON `json:"keys"`
	First string    `json:"first"`
	Next  string    `json:"next,omitempty"`
}

type keyShowJSON struct {
	keyJSON
	HeldBy []holderJSON `json:"held_by"`
	Next   string       `json:"next,omitempty"` // of the holders
}

// holderJSON is an image or a consumer that holds the key.
type holderJSON struct {
	Image    string        `json:"image_id,omitempty"`
	Owner    string        `json:"owner,omitempty"`
	Consumer *key.Consumer `json:"consumer,omitempty"`
	Own      bool          `json:"own"`    // counts among the key's owner's
	Delete   bool          `json:"delete"` // wishes the key gone when it is purged
	Usable   bool          `json:"usable"` // the key was, when it was named
	Since    string        `json:"since"`
}

func keyFields(r *key.Record) keyJSON {
	k := keyJSON{
		ID: r.ID, State: r.State, Creator: r.Creator, Holders: r.Holders, Own: r.Own,
		Wishes: wishesJSON{r.WishDelete, r.WishKeep}, Generation: r.Generation, Confirmed: r.Confirmed,
		Restoring: r.Restoring, Image: r.Image, Due: instant(r.Due),
		CreatedAt: r.CreatedAt.UTC().Format(timeFormat), UpdatedAt: r.UpdatedAt.UTC().Format(timeFormat),
	}
	if r.Owner != "" {
		k.Owner = &r.Owner
	}
	return k
}

func holderFields(h *key.Holder) holderJSON {
	return holderJSON{
		Image: h.Image, Owner: h.Owner, Consumer: h.Consumer, Own: h.Own, Delete: h.Delete, Usable: h.Usable,
		Since: h.Since.UTC().Format(timeFormat),
	}
}

// instant is a time in an answer; nil for none.
func instant(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := t.UTC().Format(timeFormat)
	return &text
}
