package s3

import (
	"slices"
	"testing"

	"github.com/gander-images/gander/shared/blob"
)

// begun begins an upload of a name, as a process that is killed leaves it.
func (f *fake) begun(s *Store, name string) {
	f.Helper()
	w := s.begin(f.Context(), name)
	if _, err := w.Write(large); err != nil {
		f.Fatal(err)
	}
	s.flights.Wait()
}

func (f *fake) walk(s *Store, prefix string) (names []string) {
	f.Helper()
	if err := s.Walk(f.Context(), prefix, func(o blob.Object) error {
		names = append(names, o.Name)
		return nil
	}); err != nil {
		f.Error(err)
	}
	return names
}

// Uploads that were left are found over any number of pages, and discarded by
// their very name.
func TestUploadsThatWereLeft(t *testing.T) {
	f := newFake(t)
	f.page = 1
	s := f.store()
	for _, name := range []string{"a", "a", "ab", "a", "b"} {
		f.begun(s, name)
	}
	if got := f.walk(s, "a"); !slices.Equal(got, []string{"a", "a", "ab", "a"}) {
		t.Errorf("Walk shows %v", got)
	}
	if err := s.Discard(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	if n := f.count("AbortMultipartUpload"); n != 3 {
		t.Errorf("%d uploads were aborted, want 3", n)
	}
	if got := f.walk(s, ""); !slices.Equal(got, []string{"ab", "b"}) {
		t.Errorf("after Discard, Walk shows %v", got)
	}
}

// What somebody else keeps in the bucket is none of the port's.
func TestForeignNames(t *testing.T) {
	f := newFake(t)
	s := f.store()
	o := f.held(s, small)
	f.objects["not a name"] = &fakeObject{version: "id1"}
	f.objects["folder/"] = &fakeObject{version: "id2"}
	f.uploads["x"] = &fakeUpload{key: "neither?", id: "x"}
	if got := f.walk(s, ""); !slices.Equal(got, []string{o.Name}) {
		t.Errorf("Walk shows %v", got)
	}
}

// A list that breaks off in the middle is asked for again.
func TestListsCutInTheMiddle(t *testing.T) {
	for _, op := range []string{"ListObjectVersions", "ListMultipartUploads"} {
		f := newFake(t)
		s := f.store()
		_ = f.held(s, small)
		f.begun(s, "b")
		f.breakWith(on(op, 1, fault{after: 60}))
		if got := f.walk(s, ""); !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("%s: Walk shows %v", op, got)
		}
		if n := f.count(op); n != 2 {
			t.Errorf("%s: %d requests, want 2", op, n)
		}
	}
}
