package identity

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/problem"
)

// fill gives every field below v a value of its own.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString("väl<>&\"ue " + strings.Repeat("x", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Struct:
		if _, isTime := v.Interface().(time.Time); isTime {
			v.Set(reflect.ValueOf(time.Unix(1_800_000_000, 123456000).UTC()))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	default:
		panic(v.Kind())
	}
}

// TestHandedCallersAreWhole: whatever a caller has, it has behind the gateway, but
// for what each request settles.
func TestHandedCallersAreWhole(t *testing.T) {
	var who caller.Caller
	fill(reflect.ValueOf(&who).Elem(), new(int))
	who.RequestID, who.Admin = "", false
	for _, c := range []caller.Caller{
		who,
		{UserID: "u", ExpiresAt: who.ExpiresAt},
	} {
		shown := Credentials{Token: "a", ServiceToken: "b", Method: "GET", Path: "/"}
		text, err := hand(c, shown, true)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Handed{Now: time.Now}.Authenticate(WithHanded(t.Context(), text), shown)
		if diff := cmp.Diff(c, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	}
}

// TestHandedCallersEnd: a gateway may remember for longer than a token lasts.
func TestHandedCallersEnd(t *testing.T) {
	end := time.Unix(1_800_000_000, 0)
	user, vouched := caller.Caller{UserID: "u", ExpiresAt: end}, caller.Caller{UserID: "u", ExpiresAt: end}
	vouched.Service.Roles = []string{"service"}
	for _, c := range []struct {
		who  caller.Caller
		now  time.Time
		want bool
	}{{user, end.Add(-1), true}, {user, end, false}, {vouched, end, true}} {
		text, err := hand(c.who, Credentials{}, false)
		if err != nil {
			t.Fatal(err)
		}
		h := Handed{Now: func() time.Time { return c.now }}
		if _, err := h.Authenticate(WithHanded(t.Context(), text), Credentials{}); (err == nil) != c.want || err != nil && !problem.Is(err, problem.Unauthorized) {
			t.Errorf("%+v at %v: %v", c.who, c.now, err)
		}
	}
}

// TestHandedBySomebodyElse: where no authorizer spoke there is no caller, and what
// is not understood lets nobody pass.
func TestHandedBySomebodyElse(t *testing.T) {
	h := Handed{Now: func() time.Time { return time.Unix(0, 0) }}
	for _, ctx := range []context.Context{t.Context(), WithHanded(t.Context(), "")} {
		if who, err := h.Authenticate(ctx, Credentials{Token: "a token"}); !problem.Is(err, problem.Unauthorized) {
			t.Errorf("%+v, %v", who, err)
		}
	}
	for _, text := range []string{
		"mia", "{}", "null", "[]", `"mia"`,
		`{"form":1}`,
		`{"form":1,"user_id":"mia"}`,
		`{"user_id":"mia","expires_at":"2036-01-01T00:00:00Z"}`,
		`{"form":2,"user_id":"mia","expires_at":"2036-01-01T00:00:00Z"}`,
		`{"form":1,"user_id":"mia","expires_at":"2036-01-01T00:00:00Z","only_for":["GET"]}`,
		`{"form":1,"user_id":"mia","expires_at":"2036-01-01T00:00:00Z","roles":"admin"}`,
	} {
		if who, err := h.Authenticate(WithHanded(t.Context(), text), Credentials{}); !problem.Is(err, problem.Unavailable) {
			t.Errorf("%s: %+v, %v", text, who, err)
		}
	}
}

// TestHandedForOtherRequests: what an authorizer said of some tokens, or of one
// call, is taken for no others, whatever the gateway remembers it by.
func TestHandedForOtherRequests(t *testing.T) {
	w := newWorld(Options{})
	rule := NewAccessRule("image", "GET", "/v2/images**")
	w.judge = func(token string, _ Ask) (Verdict, error) {
		who, err := w.validate(t.Context(), token)
		if token == "user-bound" {
			return Verdict{Caller: who, AccessRules: []AccessRule{rule}, Services: []string{"image"}}, err
		}
		return Verdict{Caller: who}, err
	}
	behind := Handed{Now: func() time.Time { return w.now }}
	for name, c := range map[string]struct {
		before, behind Credentials
		want           bool
	}{
		"the same":              {Credentials{"user", "service", "GET", "/v2/images"}, Credentials{"user", "service", "GET", "/v2/images"}, true},
		"another call":          {Credentials{"user", "", "GET", "/v2/images"}, Credentials{"user", "", "DELETE", "/v2/images/x"}, true},
		"another token":         {Credentials{"user", "", "GET", "/v2/images"}, Credentials{"user2", "", "GET", "/v2/images"}, false},
		"no token":              {Credentials{"user", "", "GET", "/v2/images"}, Credentials{"", "", "GET", "/v2/images"}, false},
		"no service token":      {Credentials{"user", "service", "GET", "/v2/images"}, Credentials{"user", "", "GET", "/v2/images"}, false},
		"another service token": {Credentials{"user", "", "GET", "/v2/images"}, Credentials{"user", "service", "GET", "/v2/images"}, false},
		"bound, the same":       {Credentials{"user-bound", "", "GET", "/v2/images"}, Credentials{"user-bound", "", "GET", "/v2/images"}, true},
		"bound, another method": {Credentials{"user-bound", "", "GET", "/v2/images"}, Credentials{"user-bound", "", "POST", "/v2/images"}, false},
		"bound, made to fit": {
			Credentials{"user-bound", "", "GET", "/v2/images\x00DELETE\x00/v2/images/x"}, Credentials{"user-bound", "\x00GET\x00/v2/images", "DELETE", "/v2/images/x"}, false,
		},
		"bound, another path": {Credentials{"user-bound", "", "GET", "/v2/images"}, Credentials{"user-bound", "", "GET", "/v2/images/x"}, false},
	} {
		_, text, err := w.front.Hand(t.Context(), c.before)
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := behind.Authenticate(WithHanded(t.Context(), text), c.behind); (err == nil) != c.want || err != nil && !problem.Is(err, problem.Unauthorized) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := w.front.Hand(t.Context(), Credentials{"user-bound", "", "POST", "/v2/images"}); !problem.Is(err, problem.Unauthorized) {
		t.Errorf("a call that the token is not for: %v", err)
	}
}

// TestImplausibleTokens: what no issuer makes is refused without asking anybody,
// and as a service token changes nothing.
func TestImplausibleTokens(t *testing.T) {
	for name, token := range map[string]string{
		"64 KB":          strings.Repeat("u", 64<<10),
		"just too long":  "user" + strings.Repeat("u", maxToken-3),
		"not UTF-8":      "user\xff\xfe",
		"not ASCII":      "userä",
		"a NUL":          "user\x00",
		"a line break":   "user\r\nX-Roles: admin",
		"two in one":     "user,user",
		"two in a list":  "user, user",
		"a scheme":       "Bearer user",
		"a final DEL":    "user\x7f",
		"nothing at all": " \t ",
	} {
		w := newWorld(Options{})
		if who, err := w.front.Authenticate(t.Context(), Credentials{Token: token}); !problem.Is(err, problem.Unauthorized) {
			t.Errorf("%s: %+v, %v", name, who, err)
		}
		w.wantAsked(t, 0)
		who, err := w.front.Authenticate(t.Context(), Credentials{Token: "user", ServiceToken: token})
		if err != nil || who.Service.Roles != nil {
			t.Errorf("%s, as a service token: %+v, %v", name, who, err)
		}
		w.wantAsked(t, 1)
	}
	w := newWorld(Options{})
	w.want(t, "user"+strings.Repeat("u", maxToken-4))
}
