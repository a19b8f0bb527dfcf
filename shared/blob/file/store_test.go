package file

import (
	"io"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w, err := s.Create(t.Context(), "images/a/b")
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, "hello")
	o, err := w.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Open(t.Context(), o.Name, o.Version, 1, 3)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	r.Close()
	if string(b) != "ell" || err != nil {
		t.Fatal(string(b), err)
	}
	c, err := s.Copy(t.Context(), o.Name, o.Version, "images/a/b/c")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), c.Name, c.Version); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), o.Name, o.Version); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Stat(t.Context(), o.Name); err == nil {
		t.Fatal("still there")
	}
}
