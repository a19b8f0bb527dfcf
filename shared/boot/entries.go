package boot

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/httpapi"
)

// An entry is an address that the process listens on, with what it serves there.
type entry struct {
	listener net.Listener
	handler  http.Handler
}

// entries are opened and closed together: one server has them all, so that a signal
// to stop, and the time that it leaves, counts for requests through any of them.
type entries []entry

// entryKey is the context key of an entry's handler.
type entryKey struct{}

// enter marks what comes through an entry.
func (e entries) enter(l net.Listener) context.Context {
	ctx := context.Background()
	for _, one := range e {
		if one.listener == l {
			ctx = context.WithValue(ctx, entryKey{}, one.handler)
		}
	}
	return ctx
}

// throughEntries serves a request by the entry that its connection came through, and
// by no other.
func throughEntries(w http.ResponseWriter, r *http.Request) {
	r.Context().Value(entryKey{}).(http.Handler).ServeHTTP(w, r)
}

// listeners are those of gander serve.
type listeners struct {
	public   net.Listener
	internal net.Listener // nil: there is none
}

func openListeners(v setting.Values) (l listeners, err error) {
	if l.public, err = listen("GANDER_LISTEN", v.Listen, v); err != nil {
		return l, err
	}
	if v.Internal.Listen == "" {
		return l, nil
	}
	if l.internal, err = listen("GANDER_INTERNAL_LISTEN", v.Internal.Listen, v); err != nil {
		return listeners{}, errors.Join(err, l.close())
	}
	return l, nil
}

func (l listeners) close() error {
	err := l.public.Close()
	if l.internal != nil {
		err = errors.Join(err, l.internal.Close())
	}
	return err
}

// inside is the entry for callers inside: the same operations over the same images,
// decided by a policy of their own. URLs in its answers lead back to it: clients
// that look for the API at its root must not be sent out to the other one.
func (s *services) inside(one part, v setting.Values, l net.Listener) entry {
	api := *s.api
	api.PublicEndpoint = endpointAt(v.Internal.Endpoint, v.Internal.Listen, v, l)
	api.Log = s.log.With("listener", "internal")
	s.rule(&api, v.Internal.Policy)
	s.api.OtherPolicyState, api.OtherPolicyState = api.PolicyState, s.api.PolicyState
	s.log.Info("listening for callers inside", "internal_listen", l.Addr().String(), "internal_endpoint", api.PublicEndpoint)
	return entry{l, underBase(api.PublicEndpoint, httpapi.Handler(one.operations, &api))}
}
