package key_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/key/order"
	"github.com/gander-images/gander/shared/policy"
)

// TestPlaceBroken breaks each write of an order, in each way. No key is there without
// its order, and no order stays pending.
func TestPlaceBroken(t *testing.T) {
	all := func(*order.Order) (bool, error) { return true, nil }
	plays := 0
	for _, how := range breakages {
		for at, more := 1, true; more; at++ {
			t.Run(fmt.Sprintf("%s/%d", how, at), func(t *testing.T) {
				w := newWorld(t)
				g := &gate{at: at, how: how}
				n := key.New{Owner: owner.ProjectID, Creator: owner.UserID, Metadata: key.Metadata{BitLength: 256, ContentType: "x/y"}}
				grant := w.grant(policy.OrdersPost, owner, owner.ProjectID)
				_, err := order.Service{Keys: w.under(g).keys}.Place(w.ctx(), grant, n, json.RawMessage(`{}`))
				if more = g.seen >= at; more {
					plays++
				}
				w.sound("at once")
				early, listErr := order.Service{Keys: w.keys}.List(w.ctx(), w.grant(policy.SecretGet, owner, owner.ProjectID), owner.ProjectID, 10, 0, all)
				w.must(listErr)
				for _, o := range early.Orders {
					if (o.State == order.Active) != (len(w.value(o.Key)) == 32) {
						t.Errorf("at once an order is %s, its key has %d bytes", o.State, len(w.value(o.Key)))
					}
				}
				w.quiet()
				w.sound("in the end")
				page, listErr := order.Service{Keys: w.keys}.List(w.ctx(), w.grant(policy.SecretGet, owner, owner.ProjectID), owner.ProjectID, 10, 0, all)
				w.must(listErr)
				secrets, listErr := w.keys.List(w.ctx(), w.grant(policy.SecretGet, owner, owner.ProjectID), owner.ProjectID,
					key.ListQuery{Limit: 10}, func(*key.Secret) (bool, error) { return true, nil })
				w.must(listErr)
				made := 0
				for _, o := range page.Orders {
					switch {
					case o.State == order.Active && len(w.value(o.Key)) == 32:
						made++
					case o.State != order.Failed:
						t.Errorf("in the end an order is %s, its key has %d bytes", o.State, len(w.value(o.Key)))
					}
				}
				if secrets.Total != made || page.Total > 1 || err == nil && made != 1 {
					t.Errorf("answered %v, there are %d secrets, %d orders, %d of them with a key", err, secrets.Total, page.Total, made)
				}
			})
		}
	}
	if plays < 8 {
		t.Errorf("only %d writes were broken", plays)
	}
}
