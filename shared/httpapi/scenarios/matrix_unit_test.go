//go:build !cloud

package scenarios

import (
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/httpapi"
)

// matrixPeople are those for whom the matrix has a column.
var matrixPeople = []string{"admin", "manager", "member", "second", "reader", "service", "nobody", tokenless}

// TestMatrixIsWhole: each operation is tried, for everybody, on the caller's own
// images and on others', by requests that are its own.
func TestMatrixIsWhole(t *testing.T) {
	columns, rows := readMatrix(t)
	for _, who := range matrixPeople {
		if !slices.Contains(columns, who) {
			t.Errorf("%s has no column", who)
		}
		if _, known := people[who]; !known && who != tokenless {
			t.Errorf("%s is nobody", who)
		}
	}
	w := newInside(t)
	sides, called := map[string]string{}, map[string]bool{}
	for _, row := range rows {
		sides[row.op] += row.images[0] + " "
		called[row.call] = true
		if !strings.Contains(row.source, " ") {
			t.Errorf("%s: nothing says where its answers come from", row.name())
		}
		w.holdMatrixRow(row)
	}
	for _, op := range httpapi.All {
		tried := sides[op.Name]
		about := strings.Contains(op.Paths[0], "{image_id}") || strings.Contains(op.Paths[0], "{secret_id}") || strings.Contains(op.Paths[0], "{order_id}")
		if tried == "" || about && (!strings.Contains(tried, "own:") || !strings.Contains(tried, "other:")) {
			t.Errorf("%s: the matrix tries it on %q", op.Name, tried)
		}
	}
	for name := range matrixCalls {
		if !called[name] {
			t.Errorf("the call %s is in no row", name)
		}
	}
}

// holdMatrixRow: the request of a row reaches its operation, whatever that answers.
func (w *inside) holdMatrixRow(row matrixRow) {
	w.t.Helper()
	call, ok := matrixCalls[row.call]
	if !ok {
		w.t.Errorf("%s: nothing says what the call is", row.name())
		return
	}
	method, path, _ := strings.Cut(call.line, " ")
	path = strings.NewReplacer("{id}", noImage, "{me}", "demo", "{task}", noImage).Replace(path)
	line := &lockedBuffer{}
	w.services.Log = slog.New(slog.NewJSONHandler(line, nil))
	w.handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, path, nil))
	if row.call != "preflight" && !strings.Contains(line.String(), `"operation":"`+row.op+`"`) {
		w.t.Errorf("%s: its request is another's: %s", row.name(), line)
	}
}
