//go:build !cloud

package scenarios

import (
	"context"
	"fmt"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/identity"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// anybody is an identity that takes everybody for a member.
type anybody struct{}

func (anybody) Authenticate(context.Context, identity.Credentials) (caller.Caller, error) {
	return caller.Caller{UserID: "u", ProjectID: "p", Roles: []string{"member"}, IsAdminProject: true}, nil
}

// unreachable is an identity that does not answer.
type unreachable struct{}

func (unreachable) Authenticate(context.Context, identity.Credentials) (caller.Caller, error) {
	return caller.Caller{}, problem.New(problem.Unavailable, "The identity service is not available. Try again.")
}

// contending is a table in which somebody else writes to the same record just
// before each of times writes, of which the first few are spared.
type contending struct {
	table.Table
	spared, times int
	meet          func() // called with each that is not
}

func (c *contending) Transact(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
	if c.spared > 0 {
		c.spared--
		return c.Table.Transact(ctx, writes...)
	}
	if c.times > 0 && writes[0].Kind == table.Put {
		c.times--
		if c.meet != nil {
			c.meet()
		}
		items, err := c.Get(ctx, writes[0].Key)
		if err != nil || items[0] == nil {
			return table.Outcome{}, fmt.Errorf("nothing to contend for: %w", err)
		}
		same := table.Write{
			Kind: table.Put, Key: items[0].Key, Schema: items[0].Schema, Body: items[0].Body,
			If: table.IfRevision(items[0].Revision),
		}
		if outcome, err := c.Table.Transact(ctx, same); err != nil || !outcome.OK() {
			return outcome, fmt.Errorf("contending failed: %w", err)
		}
	}
	return c.Table.Transact(ctx, writes...)
}
