package blobtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/problem"
)

// A Presigner is a store under test that hands out URLs.
type Presigner struct {
	Store

	// URLs is the store itself.
	URLs blob.Presigner

	// Past is the store on a machine whose clock is an hour late: its URLs have
	// run out when they are made.
	Past blob.Presigner

	// Client fetches the URLs.
	Client *http.Client

	// Forge changes a URL as somebody would who wants something else than was
	// signed; by what that is.
	Forge map[string]func(u *url.URL, query url.Values)
}

// RunPresigner holds a store to what blob.Presigner promises beyond blob.Store.
func RunPresigner(t *testing.T, open func(t *testing.T) Presigner) {
	for _, name := range slices.Sorted(maps.Keys(presignTests)) {
		t.Run(name, func(t *testing.T) {
			signer := open(t)
			w := newWorld(t, func(*testing.T) Store { return signer.Store })
			w.skipLacking("Presign/" + name)
			presignTests[name](&presigning{w, signer})
		})
	}
}

// A presigning is one test with its store.
type presigning struct {
	*world
	signer Presigner
}

var presignTests = map[string]func(*presigning){
	"a URL gives the bytes, whole and in part": func(p *presigning) {
		data := noise(18, p.Large)
		o, size := p.put("a", data), p.Large
		for _, c := range []struct {
			ranged string
			status int
			want   []byte
		}{
			{"", http.StatusOK, data},
			{"bytes=0-", http.StatusPartialContent, data},
			{"bytes=0-0", http.StatusPartialContent, data[:1]},
			{"bytes=7-4096", http.StatusPartialContent, data[7:4097]},
			{"bytes=-5", http.StatusPartialContent, data[size-5:]},
			{fmt.Sprintf("bytes=%d-", size-3), http.StatusPartialContent, data[size-3:]},
		} {
			status, header, got := p.fetch(http.MethodGet, p.sign(p.signer.URLs, o), c.ranged)
			if status != c.status || !bytes.Equal(got, c.want) {
				p.Errorf("range %q: status %d and %d bytes, or others; want %d and %d", c.ranged, status, len(got), c.status, len(c.want))
			}
			if told := header.Get("Content-Type"); told != "application/octet-stream" {
				p.Errorf("range %q: the content type is %q", c.ranged, told)
			}
			if told := header.Get("Cache-Control"); told != "no-store" {
				p.Errorf("range %q: caches are told %q", c.ranged, told)
			}
		}
		if status, _, _ := p.fetch(http.MethodGet, p.sign(p.signer.URLs, o), fmt.Sprintf("bytes=%d-", size)); status != http.StatusRequestedRangeNotSatisfiable {
			p.Errorf("a range behind the last byte: status %d", status)
		}
	},
	"a URL outlives neither its object nor its life": func(p *presigning) {
		o := p.put("a", []byte("bytes"))
		if status, _, _ := p.fetch(http.MethodGet, p.sign(p.signer.Past, o), ""); status != http.StatusForbidden {
			p.Errorf("a URL of an hour ago: status %d, want 403", status)
		}
		signed := p.sign(p.signer.URLs, o)
		if err := p.Blobs.Delete(p.ctx, o.Name, o.Version); err != nil {
			p.Fatal(err)
		}
		second := p.put("a", []byte("other"))
		if status, _, got := p.fetch(http.MethodGet, signed, ""); status != http.StatusNotFound {
			p.Errorf("the URL of a version that is gone: status %d, %q; want 404", status, got)
		}
		if _, _, got := p.fetch(http.MethodGet, p.sign(p.signer.URLs, second), ""); string(got) != "other" {
			p.Errorf("the URL of the version that is there gives %q", got)
		}
	},
	"a URL gives nothing else": func(p *presigning) {
		o := p.put("a", []byte("bytes"))
		_ = p.put("b", []byte("secret"))
		signed := p.sign(p.signer.URLs, o)
		for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPost} {
			if status, _, _ := p.fetch(method, signed, ""); status < http.StatusBadRequest {
				p.Errorf("%s: status %d", method, status)
			}
		}
		for what, change := range p.signer.Forge {
			if status, _, got := p.fetch(http.MethodGet, p.forge(signed, change), ""); status != http.StatusForbidden {
				p.Errorf("%s: status %d, %q; want 403", what, status, got)
			}
		}
		p.wantHeld(o, []byte("bytes"))
	},
	"names and versions that cannot be": func(p *presigning) {
		if _, err := p.signer.URLs.Presign(p.ctx, "../a", "v", time.Minute); !problem.Is(err, problem.Invalid) {
			p.Errorf("error %v, want problem.Invalid", err)
		}
		if _, err := p.signer.URLs.Presign(p.ctx, p.name("a"), "", time.Minute); !errors.Is(err, blob.ErrNotFound) {
			p.Errorf("no version: error %v, want ErrNotFound", err)
		}
	},
}

func (p *presigning) sign(s blob.Presigner, o blob.Object) string {
	p.Helper()
	signed, err := s.Presign(p.ctx, o.Name, o.Version, time.Minute)
	if err != nil {
		p.Fatal(err)
	}
	return signed
}

func (p *presigning) forge(signed string, change func(*url.URL, url.Values)) string {
	p.Helper()
	u, err := url.Parse(signed)
	if err != nil {
		p.Fatal(err)
	}
	query := u.Query()
	change(u, query)
	u.RawQuery = query.Encode()
	return u.String()
}

// fetch makes a request as somebody who has nothing but the URL.
func (p *presigning) fetch(method, signed, ranged string) (status int, header http.Header, body []byte) {
	p.Helper()
	request, err := http.NewRequestWithContext(p.ctx, method, signed, strings.NewReader(""))
	if err != nil {
		p.Fatal(err)
	}
	if ranged != "" {
		request.Header.Set("Range", ranged)
	}
	response, err := p.signer.Client.Do(request)
	if err != nil {
		p.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }() // it was only read
	if body, err = io.ReadAll(response.Body); err != nil {
		p.Error(err)
	}
	return response.StatusCode, response.Header, body
}
