//go:build cloud

package image

import (
	"crypto/sha512"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gander-images/gander/localstack/proxy"
	"github.com/gander-images/gander/shared/problem"
)

// largeSize is more than two parts.
const largeSize = 35 << 20

// large is an image's bytes, the same ones each time.
func large() io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{1}), largeSize) }

func sumOfLarge(t *testing.T) string {
	t.Helper()
	sum := sha512.New()
	if _, err := io.Copy(sum, large()); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// ---- P3: bytes are immutable, and those that the record names are there

func immutable(f *faulty) { f.bytesAreImmutable() }

// wholeInParts uploads an image in parts, and holds that record and download are
// its very bytes.
func wholeInParts(f *faulty) {
	f.t.Helper()
	img := f.create(raw())
	if err := f.upload(img, large()); err != nil {
		f.t.Fatal(err)
	}
	f.wantLarge(img.ID)
	if err := f.upload(f.mustGet(img.ID), strings.NewReader("others")); !problem.Is(err, problem.Conflict) {
		f.t.Errorf("a second upload answers %v", err)
	}
	f.wantLarge(img.ID)
}

func (w *world) wantLarge(id string) {
	w.t.Helper()
	img, want := w.mustGet(id), sumOfLarge(w.t)
	if img.Status != Active || img.Size == nil || *img.Size != largeSize || *img.HashValue != want {
		w.t.Fatalf("the record says %s, %+v", describe(img), img)
	}
	sum := sha512.Sum512([]byte(w.read(img)))
	if hex.EncodeToString(sum[:]) != want {
		w.t.Error("the bytes are not those that were sent")
	}
}

func TestP3Throttled(t *testing.T) {
	under(t, immutable, each(2, proxy.Throttled, anyPut), each(3, proxy.Throttled, anyTable))
}

func TestP3PartsThrottled(t *testing.T) {
	under(t, wholeInParts, each(2, proxy.RateLimited, anyPart), proxy.Rule{Match: anyEnding, Fault: proxy.Throttled})
}
func TestP3Conflicts(t *testing.T) { under(t, immutable, each(2, proxy.Conflicted, anyPut)) }
func TestP3EndingConflicts(t *testing.T) {
	under(t, wholeInParts, proxy.Rule{Match: anyEnding, Fault: proxy.Conflicted})
}
func TestP3PutAnswerLost(t *testing.T) { under(t, immutable, each(2, proxy.AnswerLost, anyPut)) }
func TestP3CompleteAnswerLost(t *testing.T) {
	under(t, wholeInParts, proxy.Rule{Match: anyEnding, Fault: proxy.AnswerLost})
}

func TestP3CompleteRejected(t *testing.T) {
	under(t, wholeInParts, proxy.Rule{Match: anyEnding, Fault: proxy.Rejected})
}

func TestP3RecordAnswerLost(t *testing.T) { under(t, immutable, each(2, proxy.AnswerLost, anyWrite)) }

func TestP3RecordAnswerSilent(t *testing.T) {
	under(t, immutable, each(5, proxy.AnswerSilent, anyWrite))
}

func TestP3ServerErrors(t *testing.T) {
	under(t, immutable, each(2, proxy.FailedAfter, anyPut))
}

func TestP3ServerErrorsInParts(t *testing.T) {
	under(t, wholeInParts, each(2, proxy.FailedAfter, anyPart), proxy.Rule{Match: anyEnding, Fault: proxy.FailedAfter},
		proxy.Rule{Match: proxy.Match{Operation: "CreateMultipartUpload"}, Fault: proxy.FailedAfter})
}

func TestP3ConnectionsCut(t *testing.T) {
	under(t, immutable, each(2, proxy.CutUpload, anyPut), each(3, proxy.CutBefore, anyTable))
}
func TestP3PartsHalfSent(t *testing.T) { under(t, wholeInParts, each(2, proxy.CutUpload, anyPart)) }

// TestP3DownloadCut breaks every download's connection half-way through what is
// left: the bytes come whole all the same.
func TestP3DownloadCut(t *testing.T) {
	under(t, wholeInParts, proxy.Rule{Match: proxy.Match{Operation: "GetObject"}, Fault: proxy.AnswerCut, Times: 4})
}

// TestP3EndingSwallowed loses the answer that completed an upload, and S3 with
// it: whether the object is there cannot be found out. The image must not be
// active without it, and nothing of it may stay.
func TestP3EndingSwallowed(t *testing.T) {
	f := newFaulty(t)
	img := f.create(raw())
	f.inject(proxy.Rule{Match: anyEnding, Fault: proxy.AnswerLost})
	f.inject(proxy.Rule{Match: anyEnding, Fault: proxy.CutBefore, Times: proxy.Always})
	f.inject(proxy.Rule{Match: proxy.Match{Operation: "HeadObject"}, Fault: proxy.CutBefore, Times: proxy.Always})
	if err := f.upload(img, large()); !problem.Is(err, problem.Unavailable) {
		t.Errorf("an upload of which nobody knows answers %v", err)
	}
	f.wantStatus(img.ID, Queued)
	f.settle()
	if err := f.upload(f.mustGet(img.ID), large()); err != nil {
		t.Fatal(err)
	}
	f.wantLarge(img.ID)
}

// ---- P6: every passing state ends

func ends(f *faulty) { f.passingStatesEnd() }

func TestP6Throttled(t *testing.T) {
	under(t, ends, each(3, proxy.Throttled, anyTable), each(4, proxy.PartThrottled, anyWrite), each(3, proxy.RateLimited, anyBytes))
}
func TestP6Conflicts(t *testing.T) { under(t, ends, each(2, proxy.Conflicted, anyWrite)) }
func TestP6AnswerLost(t *testing.T) {
	under(t, ends, each(2, proxy.AnswerLost, anyWrite), each(3, proxy.AnswerLost, anyBytes))
}
func TestP6AnswerSilent(t *testing.T) { under(t, ends, each(8, proxy.AnswerSilent, anyWrite)) }
func TestP6ServerErrors(t *testing.T) {
	under(t, ends, each(3, proxy.FailedAfter, anyWrite), each(4, proxy.Failed, anyTable), each(3, proxy.FailedAfter, anyBytes))
}

func TestP6ConnectionsCut(t *testing.T) {
	under(t, ends, each(3, proxy.CutBefore, anyTable), each(3, proxy.CutBefore, anyBytes))
}

// TestP6HalfFinishedMultipart leaves an upload by parts whose process is gone.
// When its lease has ended, the parts are, too, though S3 breaks while they are
// removed.
func TestP6HalfFinishedMultipart(t *testing.T) {
	f := newFaulty(t)
	img := f.create(raw())
	u, err := f.service.beginUpload(t.Context(), demo, img, UploadRequest{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := u.store.Blobs.Create(t.Context(), u.place.Name)
	if err != nil {
		t.Fatal(err)
	}
	sent := f.proxy.Inject(proxy.Rule{Match: anyPart, Skip: 1 << 30})
	if _, err := io.Copy(w, large()); err != nil {
		t.Fatal(err)
	}
	f.eventually("a part is sent", func() bool { return sent.Seen() > 0 })
	f.restart() // nobody knows of the writer any more
	f.inject(proxy.Rule{Match: proxy.Match{Operation: "ListMultipartUploads"}, Fault: proxy.Throttled})
	f.inject(proxy.Rule{Match: proxy.Match{Operation: "AbortMultipartUpload"}, Fault: proxy.AnswerLost})
	f.inject(proxy.Rule{Match: proxy.Match{Operation: "AbortMultipartUpload"}, Fault: proxy.FailedAfter})
	f.advance(f.service.Lease + 1)
	f.sweep()
	f.sweep()
	f.wantStatus(img.ID, Queued)
	f.wantNothingHidden()
	f.settle()
}

// TestP6UploadCut cuts the connection in the middle of every part, and does not
// let the parts be removed. The image is queued at once, the owner can read why,
// and what is left goes when S3 is back.
func TestP6UploadCut(t *testing.T) {
	f := newFaulty(t)
	img := f.create(raw())
	f.inject(proxy.Rule{Match: anyPart, Fault: proxy.CutUpload, Skip: 1, Times: proxy.Always})
	f.inject(proxy.Rule{Match: proxy.Match{Operation: "AbortMultipartUpload"}, Fault: proxy.Failed, Times: proxy.Always})
	if err := f.upload(img, large()); err == nil {
		t.Error("an upload that S3 did not take is answered as done")
	}
	f.wantStatus(img.ID, Queued)
	if tasks := f.tasks(img.ID); len(tasks) != 1 || tasks[0].Message == "" {
		t.Errorf("the owner reads %+v", tasks)
	}
	f.audit() // what is left is due for removal
	f.settle()
	if err := f.upload(f.mustGet(img.ID), large()); err != nil {
		t.Fatal(err)
	}
	f.wantLarge(img.ID)
}

// TestP6Outage takes both engines away while an upload runs. It fails, and when
// they are back its lease ends and the image is queued.
func TestP6Outage(t *testing.T) {
	f := newFaulty(t)
	f.restart(hasty)
	img := f.create(raw())
	f.inject(proxy.Rule{Match: anyPart, Fault: proxy.CutBefore, Times: proxy.Always})
	f.inject(proxy.Rule{Match: proxy.Match{Service: proxy.DynamoDB}, Skip: 1, Fault: proxy.Failed, Times: proxy.Always})
	if err := f.upload(img, large()); err == nil {
		t.Error("an upload without engines is answered as done")
	}
	f.heal()
	f.wantStatus(img.ID, Saving)
	f.advance(f.service.Lease + 1)
	f.sweep()
	f.wantStatus(img.ID, Queued)
	f.settle()
}
