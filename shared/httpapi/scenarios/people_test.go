package scenarios

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/gander-images/gander/shared/identity/development"
)

// people are those who have tokens in scenarios, by what they are called there.
var people = map[string]struct{ user, project, scope string }{
	"member":  {user: "mia", project: "demo"},
	"reader":  {user: "rob", project: "demo"},
	"manager": {user: "max", project: "demo"},
	"second":  {user: "moe", project: "demo"}, // another member of the member's project
	"admin":   {user: "ada", project: "admin"},
	"other":   {user: "otto", project: "other"},
	"guest":   {user: "rita", project: "other"},
	"service": {user: "svc", project: "service"},
	"nobody":  {user: "norole", project: "demo"},

	// Whose roles imply no others.
	"legacy":  {user: "lea", project: "demo"}, // _member_, as old clouds have it
	"MemBer":  {user: "sue", project: "demo"}, // a role in another letter case, and reader
	"Manager": {user: "tim", project: "demo"},
	"robot":   {user: "bot", project: "service"}, // service alone

	// Whose tokens are of no project.
	"system":   {user: "ada", scope: `{"system":{"all":true}}`},
	"domain":   {user: "ada", scope: `{"domain":{"id":"default"}}`},
	"unscoped": {user: "ada", scope: `"unscoped"`},
}

// directory is where they stand. Ids are names, so that answers can be told.
const directory = `
domains: [{name: Default, id: default}]
projects:
  - {name: demo, id: demo}
  - {name: other, id: other}
  - {name: admin, id: admin}
  - {name: service, id: service}
roles:
  - {name: admin, implies: [manager]}
  - {name: manager, implies: [member]}
  - {name: member, implies: [reader]}
  - name: reader
  - name: service
  - name: nothing
  - name: _member_
  - name: MemBer
  - name: Manager
users:
  - {name: mia, id: mia, password: secret, roles: [{role: member, project: demo}]}
  - {name: max, id: max, password: secret, roles: [{role: manager, project: demo}]}
  - {name: moe, id: moe, password: secret, roles: [{role: member, project: demo}]}
  - {name: rob, id: rob, password: secret, roles: [{role: reader, project: demo}]}
  - {name: ada, id: ada, password: secret, roles: [{role: admin, project: admin}, {role: admin, system: all}, {role: admin, domain: Default}]}
  - {name: otto, id: otto, password: secret, roles: [{role: member, project: other}]}
  - {name: rita, id: rita, password: secret, roles: [{role: reader, project: other}]}
  - {name: svc, id: svc, password: secret, roles: [{role: service, project: service}, {role: member, project: service}]}
  - {name: lea, id: lea, password: secret, roles: [{role: _member_, project: demo}]}
  - {name: sue, id: sue, password: secret, roles: [{role: MemBer, project: demo}, {role: reader, project: demo}]}
  - {name: tim, id: tim, password: secret, roles: [{role: Manager, project: demo}]}
  - {name: bot, id: bot, password: secret, roles: [{role: service, project: service}]}
  - {name: norole, id: norole, password: secret, roles: [{role: nothing, project: demo}]}
`

// An issue is the tokens of all people, and the key that they are checked with.
type issue struct {
	tokens map[string]string
	key    string
}

// issued logs everybody in to a development identity, once.
var issued = sync.OnceValues(func() (issue, error) {
	dir, err := os.MkdirTemp("", "people")
	if err != nil {
		return issue{}, err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "identity.yaml"), []byte(directory), 0o600); err != nil {
		return issue{}, err
	}
	identity, err := development.Open(dir, development.Options{Endpoint: publicEndpoint})
	if err != nil {
		return issue{}, err
	}
	defer identity.Close()
	all := issue{tokens: map[string]string{}, key: identity.PublicKey()}
	for name, p := range people {
		scope := p.scope
		if scope == "" {
			scope = fmt.Sprintf(`{"project":{"id":%q}}`, p.project)
		}
		login := fmt.Sprintf(`{"auth":{"identity":{"methods":["password"],"password":{"user":{"id":%q,"password":"secret"}}},
			"scope":%s}}`, p.user, scope)
		out := httptest.NewRecorder()
		identity.Handler().ServeHTTP(out, httptest.NewRequest(http.MethodPost, development.Mount+"/v3/auth/tokens", strings.NewReader(login)))
		if out.Code != http.StatusCreated {
			return issue{}, fmt.Errorf("logging %s in: %d %s", name, out.Code, out.Body)
		}
		all.tokens[name] = out.Header().Get("X-Subject-Token")
	}
	return all, nil
})

// tokenOf returns the token of one of the people.
func tokenOf(who string) string {
	all, err := issued()
	if err != nil {
		panic(err)
	}
	if all.tokens[who] == "" {
		panic("nobody is called " + who)
	}
	return all.tokens[who]
}
