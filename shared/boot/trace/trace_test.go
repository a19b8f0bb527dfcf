package main

import (
	"slices"
	"strings"
	"testing"
)

// meta is how strace writes the beginning of one of bbolt's meta pages.
const meta = `\0\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0\355\332\f\355`

// good is a trace as strace writes it, cut to what counts: a start over a new
// folder, a create, an upload, and a PATCH. Each line has a name of ours before it.
const good = `
folder          10 1.0 mkdirat(AT_FDCWD</>, "/srv/data", 0700) = 0
folder-sync     10 1.0 fsync(3</srv>) = 0
key             10 1.0 openat(AT_FDCWD</>, "/srv/data/.identity-1.tmp", O_RDWR|O_CREAT|O_EXCL, 0600) = 6</srv/data/.identity-1.tmp>
key-sync        10 1.0 fsync(6</srv/data/.identity-1.tmp>) = 0
key-rename      10 1.0 renameat(AT_FDCWD</>, "/srv/data/.identity-1.tmp", AT_FDCWD</>, "/srv/data/identity.key") = 0
key-name        10 1.0 fsync(6</srv/data>) = 0
table           10 1.0 openat(AT_FDCWD</>, "/srv/data/table.db", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 5</srv/data/table.db>
table-name      10 1.0 fsync(6</srv/data>) = 0
table-grow      10 1.0 ftruncate(5</srv/data/table.db>, 4222976) = 0
table-grown     10 1.0 fsync(5</srv/data/table.db>) = 0
images          10 1.0 mkdirat(AT_FDCWD</>, "/srv/data/images", 0700) = 0
objects         10 1.0 mkdirat(12</srv/data/images>, "objects", 0700) = 0
images-sync     10 1.0 fsync(6</srv/data>) = 0
objects-sync    10 1.0 fsync(6</srv/data/images>) = 0
ask-create-1    11 2.0 read(7<TCP:[127.0.0.1:1->127.0.0.1:2]>, "P", 1) = 1
ask-create-2    11 2.0 read(7<TCP:[127.0.0.1:1->127.0.0.1:2]>, "OST /v2/images HTTP/1.1\r\n\r\n{\"name\":\"mark-1\"}", 4096) = 45
create-page     12 2.1 pwrite64(5</srv/data/table.db>, "\3\0image#01234567-89ab-cdef-0123-456789abcdef\0\"mark-1\"", 4096, 8192 <unfinished ...>
other           13 2.1 read(8<TCP:[127.0.0.1:1->127.0.0.1:3]>, 0xc000, 4096) = -1 EAGAIN (Resource temporarily unavailable)
create-wrote    12 2.1 <... pwrite64 resumed>) = 4096
create-sync     12 2.2 fdatasync(5</srv/data/table.db>) = 0
create-meta     12 2.3 pwrite64(5</srv/data/table.db>, "` + meta + `", 4096, 0) = 4096
create-synced   12 2.4 fdatasync(5</srv/data/table.db> <unfinished ...>
signal          13 2.4 --- SIGURG {si_signo=SIGURG, si_code=SI_TKILL, si_pid=10, si_uid=0} ---
create-done     12 2.5 <... fdatasync resumed>) = 0
create-told     11 2.6 write(7<TCP:[127.0.0.1:1->127.0.0.1:2]>, "HTTP/1.1 201 Created\r\n\r\n{}", 26) = 26
ask-upload      11 3.0 read(7<TCP:[127.0.0.1:1->127.0.0.1:2]>, "PUT /v2/images/01234567-89ab-cdef-0123-456789abcdef/file HTTP/1.1\r\n\r\n", 4096) = 70
data            11 3.1 openat(6</srv/data/images/unfinished/w/images/01234567-89ab-cdef-0123-456789abcdef/u@>, "data", O_WRONLY|O_CREAT|O_EXCL, 0600) = 16</srv/data/images/unfinished/w/images/01234567-89ab-cdef-0123-456789abcdef/u@/data>
data-1          11 3.1 write(16</srv/data/images/unfinished/w/images/01234567-89ab-cdef-0123-456789abcdef/u@/data>, "some", 4) = 4
data-2          11 3.1 write(16</srv/data/images/unfinished/w/images/01234567-89ab-cdef-0123-456789abcdef/u@/data>, "more", 4) = 4
data-sync       11 3.2 fsync(16</srv/data/images/unfinished/w/images/01234567-89ab-cdef-0123-456789abcdef/u@/data>) = 0
version         11 3.3 renameat(15</srv/data/images/unfinished/w/images/01234567-89ab-cdef-0123-456789abcdef/u@>, "data", 15</srv/data/images/unfinished/w/images/01234567-89ab-cdef-0123-456789abcdef/u@>, "aaaa-8") = 0
version-sync    11 3.3 fsync(15</srv/data/images/unfinished/w/images/01234567-89ab-cdef-0123-456789abcdef/u@>) = 0
place           11 3.4 renameat(16</srv/data/images/unfinished/w/images/01234567-89ab-cdef-0123-456789abcdef>, "u@", 17</srv/data/images/objects/images/01234567-89ab-cdef-0123-456789abcdef>, "u@") = 0
place-1         11 3.4 fsync(15</srv/data/images/objects/images/01234567-89ab-cdef-0123-456789abcdef>) = 0
place-2         11 3.4 fsync(15</srv/data/images/objects/images>) = 0
place-3         11 3.4 fsync(15</srv/data/images/objects>) = 0
active-page     12 3.5 pwrite64(5</srv/data/table.db>, "image#01234567-89ab-cdef-0123-456789abcdef active aaaa-8", 4096, 12288) = 4096
active-sync     12 3.6 fdatasync(5</srv/data/table.db>) = 0
active-meta     12 3.7 pwrite64(5</srv/data/table.db>, "` + meta + `", 4096, 4096) = 4096
active-synced   12 3.8 fdatasync(5</srv/data/table.db>) = 0
active-told     11 3.9 write(7<TCP:[127.0.0.1:1->127.0.0.1:2]>, "HTTP/1.1 204 No Content\r\n\r\n", 27) = 27
ask-patch       11 4.0 read(7<TCP:[127.0.0.1:1->127.0.0.1:2]>, "PATCH /v2/images/01234567-89ab-cdef-0123-456789abcdef HTTP/1.1\r\n\r\n[\"mark-2\"]", 4096) = 70
patch-page      12 4.1 pwrite64(5</srv/data/table.db>, "image#01234567-89ab-cdef-0123-456789abcdef mark-2", 4096, 8192) = 4096
patch-sync      12 4.2 fdatasync(5</srv/data/table.db>) = 0
patch-meta      12 4.3 pwrite64(5</srv/data/table.db>, "` + meta + `", 4096, 0) = 4096
patch-synced    12 4.4 fdatasync(5</srv/data/table.db>) = 0
patch-told      11 4.5 write(7<TCP:[127.0.0.1:1->127.0.0.1:2]>, "HTTP/1.1 200 OK\r\n\r\n{}", 21) = 21
`

type lines []string

func (l lines) index(name string) int {
	i := slices.IndexFunc(l, func(s string) bool { return strings.HasPrefix(s, name+" ") })
	if i < 0 {
		panic("the trace has no line " + name)
	}
	return i
}

func (l lines) without(names ...string) lines {
	for _, name := range names {
		l = slices.Delete(l, l.index(name), l.index(name)+1)
	}
	return l
}

func (l lines) swap(a, b string) lines {
	i, j := l.index(a), l.index(b)
	l[i], l[j] = l[j], l[i]
	return l
}

func (l lines) change(name, from, to string) lines {
	i := l.index(name)
	if !strings.Contains(l[i], from) {
		panic(name + " has no " + from)
	}
	l[i] = strings.ReplaceAll(l[i], from, to)
	return l
}

// historyOf reads a trace.
func historyOf(t *testing.T, l lines) *history {
	t.Helper()
	var text strings.Builder
	for _, line := range l {
		_, line, _ = strings.Cut(line, " ")
		text.WriteString(strings.TrimLeft(line, " ") + "\n")
	}
	calls, err := parse(strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	return read(calls, "/srv/data")
}

// faultsOf reads a trace and returns what is wrong with it.
func faultsOf(t *testing.T, l lines) (answers int, faults string) {
	t.Helper()
	h := historyOf(t, l)
	var found []string
	for _, f := range h.faults() {
		found = append(found, f.Error())
	}
	return len(h.answers), strings.Join(found, "\n")
}

func goodLines() lines { return strings.Split(strings.TrimSpace(good), "\n") }

// TestTraceIsHeldToItsSyncs spoils a good trace, each time in one way.
func TestTraceIsHeldToItsSyncs(t *testing.T) {
	if answers, faults := faultsOf(t, goodLines()); answers != 3 || faults != "" {
		t.Fatalf("a good trace has %d answers and the faults\n%s", answers, faults)
	}
	for _, test := range []struct {
		name  string
		spoil func(lines) lines
		fault string
	}{
		{"no sync of the page", func(l lines) lines { return l.without("create-sync") }, "pwrite64 of the table's file was not synced before the meta page"},
		{"sync of another file", func(l lines) lines { return l.change("create-sync", "table.db", "table.db2") }, "POST /v2/images 201"},
		{"sync that failed", func(l lines) lines { return l.change("create-sync", "= 0", "= -1 EIO (Input/output error)") }, "POST /v2/images 201"},
		{"no meta page", func(l lines) lines { return l.without("create-meta") }, "no meta page made the page count"},
		{"no sync of the meta page", func(l lines) lines { return l.without("create-synced", "create-done") }, "the meta page was not synced"},
		{"answer before the sync ended", func(l lines) lines { return l.swap("create-done", "create-told") }, "the meta page was not synced"},
		{"sync that began before the page was there", func(l lines) lines { return l.swap("create-sync", "create-wrote") }, "POST /v2/images 201"},
		{"other bytes", func(l lines) lines { return l.change("create-page", "mark-1", "mark-0") }, "no page with mark-1"},
		{"PATCH of another image", func(l lines) lines { return l.change("patch-page", "01234567-", "11234567-") }, "PATCH"},
		{"PATCH answered too early", func(l lines) lines { return l.swap("patch-told", "patch-synced") }, "PATCH"},
		{"meta page before the pages", func(l lines) lines { return l.swap("patch-sync", "patch-meta") }, "was not synced before the meta page"},
		{"file not synced after it grew", func(l lines) lines { return l.without("table-grown", "create-sync") }, "ftruncate of the table's file was not synced"},
		{"data not synced", func(l lines) lines { return l.without("data-sync") }, "the file was not synced after its last byte"},
		{"data synced before its last byte", func(l lines) lines { return l.swap("data-2", "data-sync") }, "the file was not synced after its last byte"},
		{"another file's data synced", func(l lines) lines { return l.change("data-sync", "/w/", "/v/") }, "the file was not synced after its last byte"},
		{"fewer bytes than its version says", func(l lines) lines { return l.without("data-2") }, "version aaaa-8 has 4 bytes"},
		{"folder of the file not synced", func(l lines) lines { return l.without("version-sync") }, "the folder with the file was not synced"},
		{"place not synced", func(l lines) lines { return l.without("place-1") }, "cdef was not synced before the record named the data"},
		{"folder above not synced", func(l lines) lines { return l.without("place-2") }, "/images was not synced before the record named the data"},
		{"place synced after the record", func(l lines) lines { return l.swap("place-3", "active-page") }, "was not synced before the record named the data"},
		{"never moved into place", func(l lines) lines { return l.without("place") }, "the object was not moved into place"},
		{"record without the data", func(l lines) lines { return l.change("active-page", "aaaa-8", "aaaa-9") }, "no page with"},
		{"upload answered too early", func(l lines) lines { return l.swap("active-synced", "active-told") }, "/file 204: the meta page was not synced"},
		{"name of the data folder not synced", func(l lines) lines { return l.without("folder-sync") }, "the name of /srv/data was not synced"},
		{"name of the table not synced", func(l lines) lines { return l.without("table-name", "images-sync") }, "the name of /srv/data/table.db was not synced"},
		{"name of the objects not synced", func(l lines) lines { return l.without("objects-sync") }, "the name of /srv/data/images/objects was not synced"},
		{"key not synced", func(l lines) lines { return l.without("key-sync") }, "identity.key was not synced before it got its name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, faults := faultsOf(t, test.spoil(goodLines())); !strings.Contains(faults, test.fault) {
				t.Errorf("the faults are %q, want %q among them", faults, test.fault)
			}
		})
	}
}

// TestParseTakesWhatStraceWrites reads forms that the good trace does not have.
func TestParseTakesWhatStraceWrites(t *testing.T) {
	calls, err := parse(strings.NewReader(strings.Join([]string{
		`7 1.0 writev(3<TCPv6:[[::1]:1->[::1]:2]>, [{iov_base="a, (b\"]", iov_len=7}, {iov_base="c", iov_len=1}], 2) = 8`,
		`7     1.0 write(4</a/b,c>, "\1\12\1234\t\\\"é\0", 9) = 9`,
		`7 1.0 openat(AT_FDCWD</>, "/x", O_RDONLY) = -1 ENOENT (No such file or directory)`,
		`7 1.0 read(5<pipe:[12]>,  <unfinished ...>`,
		`8 1.0 +++ killed by SIGKILL +++`,
		`7 1.0 <... read resumed> <unfinished ...>) = ?`,
	}, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	if len(calls) != 2 || calls[0].path() != "TCPv6:[[::1]:1->[::1]:2]" || calls[0].result != 8 || calls[1].path() != "/a/b,c" {
		t.Fatalf("the calls are %+v", calls)
	}
	if got, want := calls[1].data(), "\x01\nS4\t\\\"é\x00"; got != want {
		t.Errorf("the data is %q, want %q", got, want)
	}
	for _, bad := range []string{`7 1.0 <... read resumed>) = 0`, `7 1.0 write(1, "a`, `7 1.0 what`} {
		if _, err := parse(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}
