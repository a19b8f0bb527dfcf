package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/problem"
)

var (
	// small fits in one request, large takes two parts.
	small = bytes.Repeat([]byte("a small object. "), 100)
	large = bytes.Repeat([]byte("a large one "), few.part(1)/12+1000)
)

// put writes an object as the domain does.
func put(ctx context.Context, s *Store, name string, data []byte) (blob.Object, blob.Writer, error) {
	w, err := s.Create(ctx, name)
	if err != nil {
		return blob.Object{}, w, err
	}
	if _, err := io.Copy(w, bytes.NewReader(data)); err != nil {
		return blob.Object{}, w, err
	}
	o, err := w.Commit(ctx)
	return o, w, err
}

// on breaks the first so many requests of an operation.
func on(op string, times int, x fault) func(string, int) fault {
	return func(got string, nth int) fault {
		if got == op && nth <= times {
			return x
		}
		return fault{}
	}
}

// breakWith sets what goes wrong, and counts from here.
func (f *fake) breakWith(x func(string, int) fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = x
	clear(f.counts)
}

func (f *fake) count(op string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts[op]
}

// wantHeld checks that the object is there, with these bytes, and nothing else.
func (f *fake) wantHeld(o blob.Object, data []byte) {
	f.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	held := f.objects[o.Name]
	if held == nil || held.version != o.Version || !bytes.Equal(held.data, data) || o.Size != int64(len(data)) {
		f.Errorf("%+v is not held as it was written", o)
	}
	if len(f.uploads) > 0 {
		f.Errorf("%d uploads were left", len(f.uploads))
	}
}

// wantNothing checks that no upload was left, and no object but these.
func (f *fake) wantNothing(but ...string) {
	f.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if left := slices.Sorted(maps.Keys(f.objects)); !slices.Equal(left, but) || len(f.uploads) > 0 {
		f.Errorf("left are the objects %v and %d uploads; want %v and none", left, len(f.uploads), but)
	}
}

// wantUnknown checks that an error claims nothing, and is a 503.
func (f *fake) wantUnknown(err error) {
	f.Helper()
	for _, claim := range []error{blob.ErrExists, blob.ErrFull, blob.ErrBusy, blob.ErrNotFound} {
		if err == nil || errors.Is(err, claim) {
			f.Errorf("error %v, which claims to know", err)
		}
	}
	if status, _ := problem.Status(err); status != http.StatusServiceUnavailable {
		f.Errorf("error %v is a %d", err, status)
	}
}

// Every write broken, so that it did not happen, and so that it happened and the
// answer was lost. One repetition puts it right, whatever the repetition meets.
func TestEachWriteBrokenOnce(t *testing.T) {
	for _, c := range []struct {
		op   string
		data []byte
	}{
		{"PutObject", small},
		{"CreateMultipartUpload", large},
		{"UploadPart", large},
		{"CompleteMultipartUpload", large},
	} {
		for how, x := range map[string]fault{
			"cut": {cut: true}, "cut, landed": {cut: true, landed: true},
			"500": {status: 500, code: "InternalError"}, "500, landed": {status: 500, code: "InternalError", landed: true},
			"cut in the middle": {after: 30},
			"503":               {status: 503, code: "SlowDown"}, "409": {status: 409, code: "ConditionalRequestConflict"},
		} {
			if x.after > 0 && (c.op == "PutObject" || c.op == "UploadPart") {
				continue // their answers have no middle
			}
			t.Run(c.op+"/"+how, func(t *testing.T) {
				f := newFake(t)
				f.breakWith(on(c.op, 1, x))
				o, _, err := put(t.Context(), f.store(), "a", c.data)
				if err != nil {
					t.Fatal(err)
				}
				f.wantHeld(o, c.data)
				if n := f.count(c.op); n < 2 {
					t.Errorf("%d requests were made, none of them again", n)
				}
			})
		}
	}
}

// S3 begins the answer to a completion before it has completed.
func TestAnErrorInsideOf200(t *testing.T) {
	for _, landed := range []bool{false, true} {
		f := newFake(t)
		f.breakWith(on("CompleteMultipartUpload", 1, fault{status: 200, code: "InternalError", landed: landed}))
		o, _, err := put(t.Context(), f.store(), "a", large)
		if err != nil {
			t.Fatal(err)
		}
		f.wantHeld(o, large)
	}
	f := newFake(t)
	f.breakWith(on("CompleteMultipartUpload", 1, fault{status: 200, code: "PreconditionFailed"}))
	if _, _, err := put(t.Context(), f.store(), "a", large); !errors.Is(err, blob.ErrExists) {
		t.Errorf("error %v, want ErrExists", err)
	}
	f.wantNothing()
}

// Where no try is answered, the object under the name decides, if it is there.
func TestNoTryOfCommitIsAnswered(t *testing.T) {
	for op, data := range map[string][]byte{"PutObject": small, "CompleteMultipartUpload": large} {
		t.Run(op+"/landed", func(t *testing.T) {
			f := newFake(t)
			f.breakWith(on(op, 100, fault{cut: true, landed: true}))
			o, _, err := put(t.Context(), f.store(), "a", data)
			if err != nil {
				t.Fatal(err)
			}
			f.wantHeld(o, data)
		})
		t.Run(op+"/not landed", func(t *testing.T) {
			f := newFake(t)
			f.breakWith(on(op, 100, fault{cut: true}))
			_, w, err := put(t.Context(), f.store(), "a", data)
			f.wantUnknown(err)
			if n := f.count(op); n != maxAttempts {
				t.Errorf("%d tries, want %d", n, maxAttempts)
			}
			if err := w.Abort(t.Context()); err != nil {
				t.Error(err)
			}
			f.wantNothing()
		})
		t.Run(op+"/nobody can look", func(t *testing.T) {
			f := newFake(t)
			f.breakWith(func(got string, _ int) fault {
				if got == op {
					return fault{cut: true, landed: true}
				}
				return on("HeadObject", 100, fault{cut: true})(got, 1)
			})
			_, w, err := put(t.Context(), f.store(), "a", data)
			f.wantUnknown(err)
			f.wantNothing("a")
			if err := w.Abort(t.Context()); err == nil {
				t.Error("Abort claims to have removed what it cannot see")
			}
			f.breakWith(nil)
			for range 2 {
				if err := w.Abort(t.Context()); err != nil {
					t.Error(err)
				}
			}
			f.wantNothing()
		})
		t.Run(op+"/another's object", func(t *testing.T) {
			f := newFake(t)
			s := f.store()
			other, _, err := put(t.Context(), s, "a", []byte("other"))
			if err != nil {
				t.Fatal(err)
			}
			f.breakWith(on(op, 100, fault{cut: true, landed: true}))
			_, w, err := put(t.Context(), s, "a", data)
			if !errors.Is(err, blob.ErrExists) {
				t.Errorf("error %v, want ErrExists", err)
			}
			if err := w.Abort(t.Context()); err != nil {
				t.Error(err)
			}
			f.wantHeld(other, []byte("other"))
		})
	}
}

// What S3 refuses for sure says so, and leaves nothing.
func TestRefusals(t *testing.T) {
	for op, data := range map[string][]byte{"PutObject": small, "UploadPart": large, "CompleteMultipartUpload": large, "CreateMultipartUpload": large} {
		for _, c := range []struct {
			status int
			code   string
			tries  int
			want   error
		}{
			{503, "SlowDown", 6, blob.ErrBusy},
			{409, "ConditionalRequestConflict", 6, blob.ErrBusy},
			{403, "AccessDenied", 1, blob.ErrBusy},
			{403, "QuotaExceeded", 1, blob.ErrFull},
			{507, "InsufficientStorage", 1, blob.ErrFull},
		} {
			t.Run(op+"/"+c.code, func(t *testing.T) {
				f := newFake(t)
				f.breakWith(on(op, 100, fault{status: c.status, code: c.code}))
				_, w, err := put(t.Context(), f.store(), "a", data)
				if !errors.Is(err, c.want) {
					t.Errorf("error %v, want %v", err, c.want)
				}
				if n := f.count(op); n != c.tries {
					t.Errorf("%d tries, want %d", n, c.tries)
				}
				if _, again := w.Commit(t.Context()); again == nil {
					t.Error("a second Commit succeeded")
				}
				f.wantNothing()
				if err := w.Abort(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// A failure whose rest cannot be removed must not claim that there is none.
func TestAbortThatFails(t *testing.T) {
	f := newFake(t)
	f.breakWith(func(op string, nth int) fault {
		if op == "CompleteMultipartUpload" {
			return fault{status: 403, code: "AccessDenied"}
		}
		return on("AbortMultipartUpload", 100, fault{status: 500, code: "InternalError"})(op, nth)
	})
	_, w, err := put(t.Context(), f.store(), "a", large)
	f.wantUnknown(err)
	if err := w.Abort(t.Context()); err == nil {
		t.Error("Abort claims to have removed what it could not")
	}
	f.breakWith(nil)
	if err := w.Abort(t.Context()); err != nil {
		t.Error(err)
	}
	f.wantNothing()
}

// An upload whose beginning was not answered has an id that nobody knows.
func TestUploadWhoseIDWasLost(t *testing.T) {
	for _, tries := range []int{1, 100} {
		for _, commit := range []bool{true, false} {
			t.Run(fmt.Sprintf("%d/commit=%t", tries, commit), func(t *testing.T) {
				f := newFake(t)
				f.breakWith(on("CreateMultipartUpload", tries, fault{cut: true, landed: true}))
				w, err := f.store().Create(t.Context(), "a")
				if err != nil {
					t.Fatal(err)
				}
				_, err = w.Write(large)
				if (err != nil) != (tries > 1) {
					t.Errorf("Write: %v", err)
				}
				if commit && tries == 1 {
					if _, err := w.Commit(t.Context()); err != nil {
						t.Error(err)
					}
					f.wantNothing("a")
					return
				}
				if err := w.Abort(t.Context()); err != nil {
					t.Error(err)
				}
				f.wantNothing()
			})
		}
	}
}

func TestUploadDiscardedMeanwhile(t *testing.T) {
	f := newFake(t)
	s := f.store()
	w, err := s.Create(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(large); err != nil {
		t.Fatal(err)
	}
	s.flights.Wait()
	if err := s.Discard(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(t.Context()); !errors.Is(err, blob.ErrBusy) {
		t.Errorf("error %v, want ErrBusy", err)
	}
	f.wantNothing()
}

func TestCopyBroken(t *testing.T) {
	for _, op := range []string{"CreateMultipartUpload", "UploadPartCopy", "CompleteMultipartUpload"} {
		for _, landed := range []bool{false, true} {
			f := newFake(t)
			s := f.store()
			o, _, err := put(t.Context(), s, "a", small)
			if err != nil {
				t.Fatal(err)
			}
			f.breakWith(on(op, 1, fault{cut: true, landed: landed}))
			c, err := s.Copy(t.Context(), o.Name, o.Version, "b")
			if err != nil {
				t.Errorf("%s, landed %t: %v", op, landed, err)
			}
			f.wantHeld(c, small)
			f.breakWith(on(op, 100, fault{status: 403, code: "AccessDenied"}))
			if _, err := s.Copy(t.Context(), o.Name, o.Version, "c"); !errors.Is(err, blob.ErrBusy) {
				t.Errorf("%s: error %v, want ErrBusy", op, err)
			}
			f.wantNothing("a", "b")
		}
	}
}

func TestDeleteAndDiscardBroken(t *testing.T) {
	for _, landed := range []bool{false, true} {
		f := newFake(t)
		s := f.store()
		o, _, err := put(t.Context(), s, "a", small)
		if err != nil {
			t.Fatal(err)
		}
		begun, err := s.Create(t.Context(), "b")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := begun.Write(large); err != nil {
			t.Fatal(err)
		}
		s.flights.Wait()
		f.breakWith(func(op string, nth int) fault {
			if nth == 1 && (op == "DeleteObject" || op == "AbortMultipartUpload") {
				return fault{cut: true, landed: landed}
			}
			return fault{}
		})
		if err := errors.Join(s.Delete(t.Context(), o.Name, o.Version), s.Discard(t.Context(), "b")); err != nil {
			t.Error(err)
		}
		f.wantNothing()
	}
}

// A bucket that keeps no versions is a mistake that shows at the first write.
func TestBucketWithoutVersions(t *testing.T) {
	f := newFake(t)
	f.unversioned = true
	_, _, err := put(t.Context(), f.store(), "a", small)
	if !errors.Is(err, blob.ErrBusy) {
		t.Errorf("error %v, want ErrBusy", err)
	}
	f.wantNothing()
}
