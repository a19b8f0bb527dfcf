package scenarios

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// tokenless shows no token.
const tokenless = "tokenless"

// A matrixRow is a line of testdata/matrix.txt.
type matrixRow struct {
	op, call string
	images   []string          // "own:private"; "-" where the call is about none
	wanted   map[string]string // by person
	source   string            // section of the contract
}

// name is what the row's test is called.
func (r matrixRow) name() string {
	side, _, _ := strings.Cut(r.images[0], ":")
	return r.op + "/" + r.call + "/" + side + ":" + strings.Join(r.kinds(), ",")
}

func (r matrixRow) kinds() []string {
	var kinds []string
	for _, i := range r.images {
		_, kind, _ := strings.Cut(i, ":")
		kinds = append(kinds, kind)
	}
	return kinds
}

// readMatrix reads the table of what everybody is answered.
func readMatrix(t testing.TB) (people []string, rows []matrixRow) {
	t.Helper()
	text, err := os.ReadFile("testdata/matrix.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		cells := strings.Fields(line)
		switch {
		case len(cells) == 0 || strings.HasPrefix(line, "#"):
		case cells[0] == "operation":
			people = cells[3 : len(cells)-1]
		case len(cells) < 4+len(people):
			t.Fatalf("this line of the matrix is too short, or before its head: %s", line)
		default:
			rows = append(rows, readMatrixRow(people, cells))
		}
	}
	return people, rows
}

func readMatrixRow(people, cells []string) matrixRow {
	r := matrixRow{op: cells[0], call: cells[1], wanted: map[string]string{}, source: strings.Join(cells[3+len(people):], " ")}
	side, kinds, _ := strings.Cut(cells[2], ":")
	for kind := range strings.SplitSeq(kinds, ",") {
		r.images = append(r.images, side+":"+kind)
	}
	for i, who := range people {
		r.wanted[who] = cells[3+i]
	}
	return r
}

// TestMatrix asks everything as everybody, and wants what the table says.
func TestMatrix(t *testing.T) {
	people, rows := readMatrix(t)
	cells, shared := 0, sharedMatrix(t)
	for _, row := range rows {
		images := matrixImages(row.images)
		cells += len(images) * len(people)
		t.Run(row.name(), func(t *testing.T) {
			m := shared
			if m == nil {
				m = newMatrix(newWorld(t))
			}
			m.t = t
			for _, about := range images {
				for _, who := range people {
					m.hold(row, about, who)
				}
			}
		})
	}
	t.Logf("%d cells of operation × image × person", cells)
}

// hold holds one cell.
func (m *matrix) hold(row matrixRow, about, who string) {
	m.t.Helper()
	call, ok := matrixCalls[row.call]
	if !ok {
		m.t.Fatalf("nothing says what the call %s is", row.call)
	}
	s := m.subject(call, about, who)
	line, options := s.request(call, fmt.Sprintf("%s, %s image, %s", who, about, row.call), who)
	ask := m.call
	want, list := row.wanted[who], false
	if want == "in" || want == "out" {
		want, list = "200", true
	}
	if want >= "300" && holdsRefusals {
		ask = m.refused
	}
	got := ask(line, options...)
	status, _ := strconv.Atoi(want)
	if got.status != status && got.differs == nil {
		m.t.Errorf("%s: answered %d, but %s says %s: %s", got.line, got.status, row.source, want, got.body)
	} else if has := strings.Contains(string(got.body), `"id":"`+s.id+`"`); list && has != (row.wanted[who] == "in") {
		m.t.Errorf("%s: that the image is listed is %t, but %s says %s", got.line, has, row.source, row.wanted[who])
	}
	if got.status < 300 && !slices.Contains([]string{http.MethodGet, http.MethodHead}, strings.Fields(line)[0]) {
		m.forget(s)
	}
}
