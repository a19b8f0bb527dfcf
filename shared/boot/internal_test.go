package boot

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestComputeHostsGetWhatUsersMayNot: the same user with the same token is refused
// an image's bytes at the first listener, and given them at the second.
func TestComputeHostsGetWhatUsersMayNot(t *testing.T) {
	users, hosts := serveHosts(t, policyFile(t, "{}"))
	admin, member, reader := users.token("gander-admin"), users.token("gander"), users.token("gander-reader")
	id := users.coded(admin)
	for _, c := range []struct{ line, asks, given string }{
		{"GET /v2/images/" + id + "/file", "Accept: */*", "0123456789"},
		{"GET /v2/images/" + id + "/file", "Range: bytes=2-4", "234"},
		{"GET /v1/images/" + id, "Accept: */*", "0123456789"},
	} {
		for name, to := range map[string]*running{"users": users, "hosts": hosts} {
			status := map[string]int{"Accept: */*": 200, "Range: bytes=2-4": 206}[c.asks]
			if _, body := to.asked(admin, c.line, "", status, c.asks); body != c.given {
				t.Errorf("%s, admin: %s is %q", name, c.line, body)
			}
			if to == users {
				status = 403
			}
			if _, body := to.asked(member, c.line, "", status, c.asks); (body == c.given) != (to == hosts) {
				t.Errorf("%s, member: %s is %q", name, c.line, body)
			}
			to.asked(reader, c.line, "", 403, c.asks) // by the default rule, inside
			to.asked("", c.line, "", 401, c.asks)
		}
	}
	if log := users.stderr.String(); !strings.Contains(log, `"listener":"internal"`) {
		t.Errorf("the log does not tell through which listener a request came:\n%s", log)
	}
}

// TestSecondListenerIsTheSameService: what is written through one is read through
// the other; URLs in answers lead to where they were asked for; and the development
// identity stays outside.
func TestSecondListenerIsTheSameService(t *testing.T) {
	users, hosts := serveHosts(t, policyFile(t, "{}"))
	token := users.token("gander")
	for to, other := range map[*running]*running{users: hosts, hosts: users} {
		header, body := to.asked(token, "POST /v2/images", `{"name":"n"}`, 201)
		var image struct{ ID string }
		if err := json.Unmarshal([]byte(body), &image); err != nil || header.Get("Location") != "http://"+to.address+"/v2/images/"+image.ID {
			t.Errorf("%v, %s", err, header.Get("Location"))
		}
		other.call(token, "GET", "/v2/images/"+image.ID, "", 200)
		if list := other.call(token, "GET", "/v2/images", "", 200); !strings.Contains(list, image.ID) {
			t.Errorf("not listed: %s", list)
		}
		other.call(token, "DELETE", "/v2/images/"+image.ID, "", 204)
		to.call(token, "GET", "/v2/images/"+image.ID, "", 404)
		if versions := to.call("", "GET", "/versions", "", 200); !strings.Contains(versions, to.address) || strings.Contains(versions, other.address) {
			t.Errorf("at %s: %s", to.address, versions)
		}
		if header, _ := to.asked("", "GET /v2/images", "", 401); !strings.Contains(header.Get("Www-Authenticate"), users.address+"/identity") {
			t.Errorf("at %s: %v", to.address, header)
		}
		to.call("", "GET", "/healthcheck", "", 200)
	}
	hosts.call(token, "GET", "/identity/v3", "", 300)
	named := serve(t, "GANDER_INTERNAL_LISTEN=127.0.0.1:0", "GANDER_INTERNAL_ENDPOINT=http://hosts.example.org/image/",
		"GANDER_INTERNAL_POLICY_FILE="+policyFile(t, ""), "GANDER_PUBLIC_ENDPOINT=https://images.example.org")
	if versions := named.hosts().call("", "GET", "/image/versions", "", 200); !strings.Contains(versions, `"http://hosts.example.org/image/v2/"`) {
		t.Errorf("%s", versions)
	}
}

// TestPoliciesOfBothListenersAreFollowed: each listener's file, and no other,
// changes what it decides.
func TestPoliciesOfBothListenersAreFollowed(t *testing.T) {
	inside := policyFile(t, "{}")
	users, hosts := serveHosts(t, inside, "GANDER_POLICY_RELOAD=10ms")
	member := users.token("gander")
	id := users.coded(users.token("gander-admin"))
	line := "GET /v2/images/" + id + "/file"
	hosts.asked(member, line, "", 200)
	if err := os.WriteFile(inside, []byte(`"download_image": "rule:context_is_admin"`), 0o600); err != nil {
		t.Fatal(err)
	}
	hosts.becomes(member, line, 403)
	if err := os.WriteFile(inside, []byte(`"download_image": [`), 0o600); err != nil {
		t.Fatal(err)
	}
	users.says("the changed policy is not taken")
	users.degraded("the policy files of the other listener are not in force: ", "policy", "restricted-download.yaml", "other_policy", "policy.yaml")
	hosts.degraded("the policy files are not in force: ", "policy", "policy.yaml", "other_policy", "restricted-download.yaml")
	users.call("", "GET", "/healthcheck", "", 200)
	hosts.asked(member, line, "", 403)
	users.asked(member, line, "", 403)
	if err := os.WriteFile(inside, []byte(`{}`), 0o600); err != nil {
		t.Fatal(err)
	}
	hosts.becomes(member, line, 200)
	users.asked(member, line, "", 403)
	if health := users.call(users.token("gander-admin"), "GET", "/gander/v1/health", "", 200); !strings.Contains(health, `"degraded":false`) {
		t.Errorf("health: %s", health)
	}
}

// TestPolicyOfUsersIsFollowedBesideAnother: a second listener keeps nobody from
// looking at the first one's file.
func TestPolicyOfUsersIsFollowedBesideAnother(t *testing.T) {
	outside := policyFile(t, "{}")
	users := serve(t, "GANDER_POLICY_RELOAD=10ms", "GANDER_POLICY_FILE="+outside, "GANDER_INTERNAL_LISTEN=127.0.0.1:0", "GANDER_INTERNAL_POLICY_FILE="+policyFile(t, "{}"))
	member := users.token("gander")
	users.asked(member, "GET /v2/images", "", 200)
	if err := os.WriteFile(outside, []byte(`"get_images": "!"`), 0o600); err != nil {
		t.Fatal(err)
	}
	users.becomes(member, "GET /v2/images", 403)
	users.hosts().asked(member, "GET /v2/images", "", 200)
}

// TestBothListenersStopTogether: an upload through the second ends well after the
// signal; then nobody listens on either.
func TestBothListenersStopTogether(t *testing.T) {
	users, hosts := serveHosts(t, policyFile(t, "{}"))
	token := users.token("gander")
	var image struct{ ID string }
	if err := json.Unmarshal([]byte(users.call(token, "POST", "/v2/images", `{"disk_format":"raw","container_format":"bare"}`, 201)), &image); err != nil {
		t.Fatal(err)
	}
	conn := dial(t, hosts)
	fmt.Fprintf(conn, "PUT /v2/images/%s/file HTTP/1.1\r\nHost: x\r\nX-Auth-Token: %s\r\nContent-Type: application/octet-stream\r\nContent-Length: 10\r\n\r\n12345", image.ID, token)
	for end := time.Now().Add(longWait); !strings.Contains(users.call(token, "GET", "/v2/images/"+image.ID, "", 200), `"saving"`); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the upload does not begin")
		}
	}
	users.signals <- syscall.SIGTERM
	users.says(`"msg":"stopping`)
	refusing(t, users)
	refusing(t, hosts)
	fmt.Fprint(conn, "67890")
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || answer.StatusCode != http.StatusNoContent {
		t.Errorf("%v, %v", answer, err)
	}
	if code := users.wait(); code != 0 || strings.Contains(users.stderr.String(), "cut off") {
		t.Errorf("exit %d: %s", code, users.stderr)
	}
}

// TestBothListenersSpeakTLS: one certificate is for both.
func TestBothListenersSpeakTLS(t *testing.T) {
	certFile, keyFile := writeCertificate(t)
	users, hosts := serveHosts(t, policyFile(t, "{}"), "GANDER_TLS_CERT="+certFile, "GANDER_TLS_KEY="+keyFile)
	text, err := os.ReadFile(certFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	for _, to := range []*running{users, hosts} {
		answer, err := client.Get("https://" + to.address + "/versions")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode != 200 || answer.ProtoMajor != 2 || !strings.Contains(string(body), `"https://`+to.address+`/v2/"`) {
			t.Errorf("%s %s %s", answer.Proto, answer.Status, body)
		}
		if answer, err := http.Get("http://" + to.address + "/versions"); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode < http.StatusBadRequest {
				t.Error("plain HTTP was answered:", answer.Status)
			}
		}
	}
}

// TestSecondAddressInUse: a start that gets one of its addresses lets go of it.
func TestSecondAddressInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	first := net.JoinHostPort("127.0.0.1", freePort(t))
	var stderr strings.Builder
	p := &process{
		args: []string{
			"serve", "-listen", first, "-data", t.TempDir(), "-internal-listen", taken.Addr().String(), "-internal-policy-file", policyFile(t, "{}"),
		},
		stdout: io.Discard, stderr: &stderr, patience: usualPatience,
	}
	if code := p.command(); code != 1 || !strings.Contains(stderr.String(), "GANDER_INTERNAL_LISTEN: listen tcp "+taken.Addr().String()) {
		t.Errorf("exit %d: %s", code, &stderr)
	}
	again, err := net.Listen("tcp", first)
	if err != nil {
		t.Fatalf("the first address is still held: %v", err)
	}
	_ = again.Close()
}

// TestServicesVouchForTheirUsers is the way with one listener: the same user's
// token opens an image where a service's own comes beside it.
func TestServicesVouchForTheirUsers(t *testing.T) {
	text, err := os.ReadFile(restricted)
	if err != nil {
		t.Fatal(err)
	}
	var rules []string
	for line := range strings.Lines(string(text)) {
		offered := strings.HasPrefix(line, `#"download_image"`) && strings.Contains(line, "service_roles:service")
		if offered || !strings.HasPrefix(line, `"download_image"`) {
			rules = append(rules, strings.TrimPrefix(line, map[bool]string{true: "#"}[offered]))
		}
	}
	r := serve(t, "GANDER_POLICY_FILE="+policyFile(t, strings.Join(rules, "")))
	member, service, other := r.token("gander"), r.token("gander-service"), r.token("gander-other")
	id := r.coded(r.token("gander-admin"))
	for _, line := range []string{"GET /v2/images/" + id + "/file", "GET /v1/images/" + id} {
		r.asked(member, line, "", 403)
		r.asked(member, line, "", 200, "X-Service-Token: "+service)
		r.asked(member, line, "", 403, "X-Service-Token: "+other)
		r.asked(member, line, "", 403, "X-Service-Token: "+member)
		r.asked(member, line, "", 403, "X-Service-Token: "+service+"x")
		r.asked(member, line, "", 403, "X-Service-Token: ")
		r.asked(member, line, "", 403, "X-Service-Roles: service", "X-Roles: admin", "X-Identity-Status: Confirmed")
	}
}
