package development

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func (w *world) read(file string) string {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, file))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

func (w *world) write(file, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, file), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// TestFileModes holds that secrets are their owner's alone, also after
// somebody opened them to others.
func TestFileModes(t *testing.T) {
	w := newWorld(t)
	for round := range 2 {
		entries, err := os.ReadDir(w.dir)
		if err != nil || len(entries) != 12 {
			t.Fatalf("%d files, %v", len(entries), err)
		}
		for _, entry := range entries {
			info, err := entry.Info()
			if err != nil {
				t.Fatal(err)
			}
			want := os.FileMode(0o600)
			if entry.Name() == publicFile {
				want = 0o644
			}
			if info.Mode() != want {
				t.Errorf("round %d: %s has mode %s", round, entry.Name(), info.Mode())
			}
			if entry.Name() != lockFile { // it holds nothing
				if err := os.Chmod(filepath.Join(w.dir, entry.Name()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
		w.restart()
	}
}

// TestFirstStartsDiffer holds that passwords and keys are nobody else's.
func TestFirstStartsDiffer(t *testing.T) {
	one, two := newWorld(t), newWorld(t)
	seen := map[string]bool{one.PublicKey(): true, two.PublicKey(): true}
	for _, w := range []*world{one, two} {
		for _, u := range w.directory.users {
			if len(u.password) < 22 {
				t.Errorf("the password of %s has %d letters", u.name, len(u.password))
			}
			seen[u.password] = true
		}
	}
	if len(seen) != 2+2*6 {
		t.Errorf("%d different secrets", len(seen))
	}
}

// TestOneProcessAtATime refuses a second one in a sentence, and not a third
// when the first has gone.
func TestOneProcessAtATime(t *testing.T) {
	w := newWorld(t)
	if _, err := Open(w.dir, Options{Endpoint: endpoint}); err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("a second process: %v", err)
	}
	w.restart()
}

// TestCutRevocation is a crash within the last line, which nobody was told of;
// any other damage stops the start.
func TestCutRevocation(t *testing.T) {
	w := newWorld(t)
	first, second := w.token("demo", ""), w.token("demo", "")
	w.revoke(first)
	whole := w.read(revokedFile)
	w.write(revokedFile, whole+"Zm9vYmFy 18000")
	w.restart()
	if w.works(first) || !w.works(second) || w.read(revokedFile) != whole {
		t.Errorf("after the crash: %q", w.read(revokedFile))
	}
	w.revoke(second)
	w.restart()
	if w.works(first) || w.works(second) {
		t.Error("the record does not go on after a cut line")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w.write(revokedFile, "nonsense\n"+whole)
	if _, err := Open(w.dir, Options{Endpoint: endpoint}); err == nil || !strings.Contains(err.Error(), revokedFile+":1:") {
		t.Errorf("nonsense: %v", err)
	}
	w.write(revokedFile, "")
	w.open()
}

// TestFailedRevocation is a disk that takes nothing: the caller is told, and
// nothing of the cause.
func TestFailedRevocation(t *testing.T) {
	w := newWorld(t)
	token := w.token("demo", "")
	if err := w.revoked.close(); err != nil {
		t.Fatal(err)
	}
	r := w.ask(asking{call: "DELETE /v3/auth/tokens", headers: []string{"X-Auth-Token", token, "X-Subject-Token", token}})
	if r.status != 500 || strings.Contains(r.text, "revo") || strings.Contains(r.text, "file") {
		t.Errorf("%d %s", r.status, r.text)
	}
	w.lock.Close()
	w.open()
}

// TestLeftovers holds that what a crash left half written goes.
func TestLeftovers(t *testing.T) {
	w := newWorld(t)
	w.write(".identity-123.tmp", "a password")
	w.restart()
	if left, _ := filepath.Glob(filepath.Join(w.dir, ".*")); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// TestBadKeyFile is refused without showing it.
func TestBadKeyFile(t *testing.T) {
	w := newWorld(t)
	good := w.read(keyFile)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "hunter2", good[:len(good)/2]} {
		w.write(keyFile, text)
		_, err := Open(w.dir, Options{Endpoint: endpoint})
		if err == nil || !strings.Contains(err.Error(), keyFile) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", text, err)
		}
	}
	w.write(keyFile, good)
	w.open()
}

// TestLogsTellNoSecrets reads the whole log of good and bad calls.
func TestLogsTellNoSecrets(t *testing.T) {
	w := newWorld(t)
	var log bytes.Buffer
	w.options.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	token, password := w.token("demo", onDemo), w.password("demo")
	w.ask(asking{call: "POST /v3/auth/tokens", body: byPassword(password, password+"!", "")})
	w.get(token, "/v3/projects?name="+token)
	w.get(token, "/v3/projects/"+token)
	w.get(token, "/v3/auth/tokens/"+token)
	w.show(token + "x")
	w.revoke(token)
	if lines := strings.Count(log.String(), "identity request"); lines != 7 {
		t.Errorf("%d lines for 7 requests:\n%s", lines, log.String())
	}
	for _, secret := range []string{password, token[:20], token[len(token)-20:]} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log tells %q:\n%s", secret, log.String())
		}
	}
}

// TestEndpoint refuses what no client could follow, before anything is made.
func TestEndpoint(t *testing.T) {
	for _, address := range []string{"", "127.0.0.1:9292", "/identity", "http://"} {
		dir := filepath.Join(t.TempDir(), "data")
		if _, err := Open(dir, Options{Endpoint: address}); err == nil || !strings.Contains(err.Error(), "not an absolute URL") {
			t.Errorf("%q: %v", address, err)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%q: a folder was made", address)
		}
	}
}

// TestCheckListen holds which addresses are loopback.
func TestCheckListen(t *testing.T) {
	for address, good := range map[string]bool{
		"127.0.0.1:9292": true, "127.8.8.8:0": true, "[::1]:9292": true, "localhost:9292": true,
		":9292": false, "0.0.0.0:9292": false, "[::]:9292": false, "10.0.0.1:9292": false, "localhost.example:1": false,
		"127.0.0.1": false, "": false, "[::ffff:127.0.0.1]:1": true, "[::ffff:10.0.0.1]:1": false,
	} {
		if err := CheckListen(address); (err == nil) != good {
			t.Errorf("%s: %v", address, err)
		}
	}
}
