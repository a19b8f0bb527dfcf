//go:build !cloud

package httpapi

import (
	"bytes"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// kernel is a server's writer that notes what it is asked to copy.
type kernel struct {
	*httptest.ResponseRecorder
	files int
	bytes int64
}

func (k *kernel) ReadFrom(src io.Reader) (int64, error) {
	if limited, ok := src.(*io.LimitedReader); ok {
		if _, ok := limited.R.(*os.File); ok {
			k.files++
		}
	}
	n, err := io.Copy(k.ResponseRecorder, src)
	k.bytes += n
	return n, err
}

// The server's writer gets the file itself, in a form that the kernel can copy,
// and so does the network below it.
func TestFilesReachTheKernel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	data := bytes.Repeat([]byte("0123456789"), pieceSize/4) // two pieces and a half
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, length := range []int64{int64(len(data)), pieceSize, pieceSize + 1, 2 * pieceSize, 1, 0} {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		k := &kernel{ResponseRecorder: httptest.NewRecorder()}
		w := newAnswerWriter(k, 0)
		n, err := io.Copy(w, &io.LimitedReader{R: file, N: length})
		if err != nil || n != length || w.bytes != length || k.bytes != length || !bytes.Equal(k.Body.Bytes(), data[:length]) {
			t.Errorf("%d bytes: copied %d, counted %d, sent %d, %v", length, n, w.bytes, k.bytes, err)
		}
		if pieces := int(max(1, (length+pieceSize-1)/pieceSize)); k.files != pieces {
			t.Errorf("%d bytes: %d pieces by the kernel, want %d", length, k.files, pieces)
		}
		_ = file.Close()
	}
}
