//go:build !cloud

package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/identity"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/table"
)

// crowded is a world with one image that has n members of long names.
func crowded(t *testing.T, n int) (w *inside, id string) {
	t.Helper()
	w = newInside(t)
	w.services.Images.Limits.Members = -1
	id = w.made(`{}`)
	for i := range n {
		w.call("POST /v2/images/"+id+"/members", body(fmt.Sprintf(`{"member":"%04d%s"}`, i, strings.Repeat("🐧", 250)))).want(200)
	}
	return w, id
}

// A list of members that is longer than one piece is sent while it is read: memory
// does not grow with it.
func TestP11ManyMembers(t *testing.T) {
	w, id := crowded(t, 600)
	got := w.call("GET /v2/images/"+id+"/members").want(200).has("Content-Length", "").has("Content-Type", "application/json")
	var list struct {
		Members []struct {
			ID string `json:"member_id"`
		}
		Schema string
	}
	got.into(&list)
	if len(list.Members) != 600 || list.Schema != "/v2/schemas/members" {
		t.Fatalf("%d members are listed, schema %q", len(list.Members), list.Schema)
	}
	for i, m := range list.Members {
		if m.ID[:4] != fmt.Sprintf("%04d", i) {
			t.Fatalf("member %d is %s", i, m.ID[:4])
		}
	}
	meter := table.NewMeter(w.table)
	w.services.Images.Table = meter
	c, err := w.services.Identity.Authenticate(t.Context(), identity.Credentials{Token: tokenOf("member")})
	if err != nil {
		t.Fatal(err)
	}
	r := &httpapi.Request{Request: &http.Request{}, Caller: c, Params: map[string]string{"image_id": id}}
	answer, err := httpapi.MemberList.Serve(t.Context(), w.services, r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Stream.Close()
	first := meter.Total().Queries
	largest := 0
	for buf := make([]byte, 1<<20); ; { // more than a piece
		n, err := answer.Stream.Read(buf)
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil || n == 0 {
			t.Fatal(n, err)
		}
		largest = max(largest, n)
	}
	if all := meter.Total().Queries; first > 3 || all != 6 || largest > 2*maxPiece {
		t.Errorf("%d queries were made before the answer began, %d in all; a piece has %d bytes", first, all, largest)
	}
}

// failing is a table whose queries fail after some.
type failing struct {
	table.Table
	after int
}

func (f *failing) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if f.after--; f.after < 0 {
		return table.Page{}, table.ErrBusy
	}
	return f.Table.Query(ctx, q)
}

// A list that cannot be read to its end is refused, or breaks off where its
// beginning was sent: never a short list that looks whole.
func TestBrokenMemberLists(t *testing.T) {
	w, id := crowded(t, 400)
	whole := w.table
	w.services.Images.Table = &failing{Table: whole}
	w.call("GET /v2/images/" + id + "/members").want(503)
	w.services.Images.Table = &failing{Table: whole, after: 3}
	r, err := http.NewRequest(http.MethodGet, w.server.URL+"/v2/images/"+id+"/members", nil)
	if err != nil {
		t.Fatal(err)
	}
	as("member")(r)
	response, err := w.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err == nil || json.Valid(got) || response.StatusCode != 200 {
		t.Errorf("a list that broke off is answered %d, %d bytes, %v", response.StatusCode, len(got), err)
	}
}

// Member changes that lose to other writes are tried again, decided anew each
// time, up to five times; then the caller is told.
func TestLosingMemberChangesTryAgain(t *testing.T) {
	for _, c := range []struct {
		line, sent string
		rule       policy.Rule
		status     int
	}{
		{"POST /members", `{"member":"new"}`, policy.AddMember, 200},
		{"PUT /members/other", `{"status":"accepted"}`, policy.ModifyMember, 200},
		{"DELETE /members/other", "", policy.DeleteMember, 204},
	} {
		for _, lost := range []int{0, 1, 5, 6} {
			w := newInside(t)
			id := w.shared("other")
			rules := &countingPolicy{w.services.Policy, map[policy.Rule]int{}}
			w.services.Images.Table, w.services.Policy = &contending{Table: w.table, times: lost}, rules
			method, path, _ := strings.Cut(c.line, " ")
			want, asked := c.status, lost+1
			if lost > retries {
				want, asked = 409, retries+1
			}
			options := []option{as("admin")}
			if c.sent != "" {
				options = append(options, body(c.sent))
			}
			w.call(method+" /v2/images/"+id+path, options...).want(want)
			if rules.asked[c.rule] != asked {
				t.Errorf("%s, lost %d times: policy was asked %d times, want %d", c.line, lost, rules.asked[c.rule], asked)
			}
		}
	}
}
