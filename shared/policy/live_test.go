package policy

import (
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/problem"
)

// opened starts with the rules of paths.
func opened(t *testing.T, from Source) *Live {
	t.Helper()
	if from.Now == nil {
		from.Now = time.Now
	}
	doc, _ := Read(from.Paths...)
	e, findings := Compile(doc, from.Mode)
	if e == nil {
		t.Fatal(findings)
	}
	return NewLive(from, doc, e)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// mayDelete asks for what the files below decide about.
func mayDelete(t *testing.T, d Decider) bool {
	t.Helper()
	ok, err := d.Decide(DeleteImage, member, Attributes{"project_id": "p1"})
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func TestReload(t *testing.T) {
	file, now := filepath.Join(t.TempDir(), "policy.yaml"), time.Unix(1e9, 0)
	write(t, file, "delete_image: '!'\n")
	past := time.Unix(1e8, 0)
	if err := os.Chtimes(file, past, past); err != nil {
		t.Fatal(err)
	}
	live := opened(t, Source{Paths: []string{file}, Now: func() time.Time { return now }})
	first := live.State()
	if mayDelete(t, live) || first.Degraded() || !first.LoadedAt.Equal(now) || len(first.Files) != 1 || first.Version == "" {
		t.Errorf("at the start %v", first)
	}
	now = now.Add(time.Hour)
	if changed, _ := live.Reload(); changed || !live.State().LoadedAt.Equal(first.LoadedAt) {
		t.Error("the same files are taken for others")
	}

	// A rule that is gone has its default again; the times of the file do not count.
	write(t, file, "upload_image: '!'\n")
	if err := os.Chtimes(file, past, past); err != nil {
		t.Fatal(err)
	}
	changed, findings := live.Reload()
	if s := live.State(); !changed || findings.Err() != nil || !mayDelete(t, live) || s.Version == first.Version || !s.LoadedAt.Equal(now) {
		t.Errorf("after an edit: %v %v %v", changed, findings, s)
	}

	// What cannot be taken changes nothing but the state, and is told once.
	good := live.State()
	write(t, file, "delete_image: '!'\nupload_image: !\nget_image: 'rule:nobody'\n")
	for i, want := range []bool{true, false} {
		now = now.Add(time.Hour)
		changed, findings = live.Reload()
		s := live.State()
		if changed != want || !mayDelete(t, live) || !s.Degraded() || s.Version != good.Version || !s.LoadedAt.Equal(good.LoadedAt) {
			t.Errorf("broken, look %d: %v %v %v", i, changed, findings, s)
		}
		for _, rule := range []string{"upload_image"} {
			if !strings.Contains(s.Faults.Error(), rule) {
				t.Errorf("the faults %v do not name %s", s.Faults, rule)
			}
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if changed, _ = live.Reload(); !changed || !mayDelete(t, live) || !strings.Contains(live.State().Faults.Error(), "no such file") {
		t.Errorf("without its file: %v %v", changed, live.State())
	}
	write(t, file, "delete_image: '!'\n")
	if changed, _ = live.Reload(); !changed || mayDelete(t, live) || live.State().Degraded() || live.State().Version != first.Version {
		t.Errorf("put right: %v %v", changed, live.State())
	}
}

func TestReloadKeepsWhatOthersAskFor(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	write(t, file, "keeper: 'role:keeper'\ndelete_image: '!'\n")
	live := opened(t, Source{Paths: []string{file}, Needs: []Rule{"keeper", GetImage}})
	write(t, file, "delete_image: '@'\n")
	if changed, _ := live.Reload(); !changed || mayDelete(t, live) || !strings.Contains(live.State().Faults.Error(), `rule "keeper"`) {
		t.Errorf("got %v", live.State())
	}
	write(t, file, "keeper: '!'\ndelete_image: '@'\n")
	if changed, findings := live.Reload(); !changed || !mayDelete(t, live) || live.State().Degraded() || len(findings) > 0 {
		t.Errorf("got %v %v", live.State(), findings)
	}
}

func TestReloadOfADirectory(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), "delete_image: '!'\n")
	live := opened(t, Source{Paths: []string{dir}})
	write(t, filepath.Join(dir, "b.yaml"), "delete_image: '@'\n")
	if changed, _ := live.Reload(); !changed || !mayDelete(t, live) || len(live.State().Files) != 2 {
		t.Errorf("with another file: %v", live.State())
	}
	if err := os.Remove(filepath.Join(dir, "b.yaml")); err != nil {
		t.Fatal(err)
	}
	if changed, _ := live.Reload(); !changed || mayDelete(t, live) || live.State().Degraded() {
		t.Errorf("without the other file: %v", live.State())
	}
	if err := os.Remove(filepath.Join(dir, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	if changed, _ := live.Reload(); !changed || mayDelete(t, live) || !live.State().Degraded() {
		t.Errorf("an empty folder turned the rules back: %v", live.State())
	}
}

// A file that lost all it had is one that somebody failed to write.
func TestReloadOfAnEmptiedFile(t *testing.T) {
	dir := t.TempDir()
	file, idle := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "b.yaml")
	write(t, file, "delete_image: '!'\n")
	write(t, idle, "")
	live := opened(t, Source{Paths: []string{dir}})
	for _, text := range []string{"", " \n\n"} {
		write(t, file, text)
		if changed, _ := live.Reload(); !changed || mayDelete(t, live) || !live.State().Degraded() {
			t.Errorf("%q turned the rules back: %v", text, live.State())
		}
	}
	for _, text := range []string{"{}", "# none\n"} {
		write(t, file, text)
		if changed, _ := live.Reload(); !changed || !mayDelete(t, live) || live.State().Degraded() {
			t.Errorf("%q is not taken: %v", text, live.State())
		}
	}
	write(t, filepath.Join(dir, "c.yaml"), "")
	if changed, _ := live.Reload(); !changed || live.State().Degraded() {
		t.Errorf("another empty file is not taken: %v", live.State())
	}
}

// A folder that vanishes is told, though it had no file.
func TestReloadWithoutAFolder(t *testing.T) {
	file, dir := filepath.Join(t.TempDir(), "policy.yaml"), t.TempDir()
	write(t, file, "delete_image: '!'\n")
	live := opened(t, Source{Paths: []string{file, dir}})
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if changed, _ := live.Reload(); !changed || mayDelete(t, live) || !live.State().Degraded() {
		t.Errorf("got %v", live.State())
	}
}

// A file that somebody is writing is left alone until it holds still: half of it
// would be a valid file with fewer rules.
func TestReloadWaitsForWhoeverWrites(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	const whole = "upload_image: '@'\ndelete_image: '!'\n"
	write(t, file, "delete_image: '!'\n")
	var parts []string
	var live *Live
	live = opened(t, Source{Paths: []string{file}, Pause: func() {
		if mayDelete(t, live) {
			t.Error("half a file is in force")
		}
		if len(parts) > 0 {
			write(t, file, parts[0])
			parts = parts[1:]
		}
	}})
	was := live.State().Version
	write(t, file, "")
	parts = []string{"upload_image: '@'\n", whole}
	if changed, _ := live.Reload(); !changed || mayDelete(t, live) || live.State().Version == was {
		t.Errorf("got %v %v", changed, live.State())
	}

	// Who never ends is looked at again later.
	write(t, file, "")
	for i := range maxReadings + 5 {
		parts = append(parts, strings.Repeat("\n", i+1))
	}
	if changed, _ := live.Reload(); changed || mayDelete(t, live) {
		t.Error("a file that keeps changing is taken")
	}
	parts = nil
	if changed, _ := live.Reload(); !changed {
		t.Error("a file that came to rest is never taken")
	}
}

func TestLiveWithoutFiles(t *testing.T) {
	live := opened(t, Source{})
	if changed, _ := live.Reload(); changed || live.State().Version != "defaults" || !mayDelete(t, live) {
		t.Errorf("got %v", live.State())
	}
}

// versions are two policies that agree in no rule. Whoever mixed them would allow
// get_images, or find no image where both would say something else.
var versions = []string{
	"left: '@'\nright: '!'\nget_images: 'rule:left and rule:right'\ndelete_image: '!'\nget_image: '@'\n",
	"left: '!'\nright: '@'\nget_images: 'rule:left and rule:right'\ndelete_image: '@'\nget_image: '!'\n",
}

// A thousand edits under load: every decision, and every pair of decisions that
// belong together, is by one whole version.
func TestSwapsUnderLoad(t *testing.T) {
	const swaps, askers = 1000, 2
	file := filepath.Join(t.TempDir(), "policy.yaml")
	write(t, file, versions[0])
	live := opened(t, Source{Paths: []string{file}})
	stop := make(chan struct{})
	var asking sync.WaitGroup
	var seen [askers]map[string]int
	for i := range askers {
		seen[i] = map[string]int{}
		asking.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					runtime.Gosched()
					seen[i][askBoth(live)]++
				}
			}
		})
	}
	for i := range swaps {
		write(t, file, versions[(i+1)%2])
		if changed, findings := live.Reload(); !changed || findings.Err() != nil {
			t.Fatalf("swap %d: %v %v", i, changed, findings)
		}
	}
	close(stop)
	asking.Wait()
	for _, answers := range seen {
		for answer, times := range answers {
			if answer != "403" && answer != "allowed" {
				t.Errorf("%d times %s, which no version says", times, answer)
			}
		}
	}
}

func askBoth(live *Live) string {
	if ok, err := live.Decide(GetImages, member, Attributes{}); ok || err != nil {
		return "get_images"
	}
	e := live.Current()
	x, err := e.Explain(GetImages, member, Attributes{})
	if err != nil || x.Allowed {
		return "an explanation of both"
	}
	_, err = AuthorizeImage(live, DeleteImage, member, Attributes{})
	switch status, _ := problem.Status(err); {
	case err == nil:
		return "allowed"
	case status == http.StatusForbidden:
		return "403"
	default:
		return "404"
	}
}
