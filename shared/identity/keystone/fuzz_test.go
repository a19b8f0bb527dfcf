package keystone

import (
	"testing"
)

// FuzzTokenBody holds that whatever answers in Keystone's place is either
// refused or somebody with an end and at most one scope.
func FuzzTokenBody(f *testing.F) {
	for _, fields := range []string{
		"", `"project":` + project + `,"roles":[{"name":"member"}]`, `"domain":{"id":"d"}`, `"system":{"all":true},"roles":[]`,
		`"application_credential":{"access_rules":[{"path":"/v2/**","method":"GET","service":"image"}]},"catalog":[{"type":"image"}]`,
		`"roles":[{"name":"admin"}]`, `"project":null,"is_admin_project":false`,
	} {
		f.Add([]byte(body(fields)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		token, err := readShown(text)
		if err != nil {
			return
		}
		verdict, err := token.verdict()
		if err != nil {
			return
		}
		who := verdict.Caller
		scopes := 0
		for _, id := range []string{who.ProjectID, who.DomainID, who.SystemScope} {
			if id != "" {
				scopes++
			}
		}
		if who.UserID == "" || who.ExpiresAt.IsZero() || scopes > 1 || scopes == 0 && len(who.Roles) > 0 {
			t.Errorf("%s is %+v", text, who)
		}
		if limited := token.limited(); limited != (verdict.AccessRules != nil) {
			t.Errorf("%s: access rules %t, %v", text, limited, verdict.AccessRules)
		}
	})
}
