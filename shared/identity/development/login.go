package development

import (
	"crypto/sha256"
	"crypto/subtle"
	"slices"
)

// login proves who asks, by every method that was named, and returns a session
// without a scope. from is the session of the token that was shown, if one was.
//
// Source: keystone/auth/core.py and keystone/api/_shared/authentication.py.
func (i *Identity) login(asked identityRequest) (s, from *session, err error) {
	s = &session{}
	for _, method := range asked.Methods {
		var proven *user
		switch method {
		case "password":
			proven, err = i.byPassword(asked)
		case "token":
			if from, err = i.byToken(asked); err == nil {
				proven = from.user
				s.methods = append(s.methods, from.methods...)
			}
		default:
			err = unauthorized()
		}
		if err != nil {
			return nil, nil, err
		}
		if s.user != nil && s.user != proven {
			return nil, nil, unauthorized()
		}
		s.user = proven
		s.methods = append(s.methods, method)
	}
	if s.user == nil {
		return nil, nil, unauthorized()
	}
	slices.Sort(s.methods)
	s.methods = slices.Compact(s.methods)
	return s, from, nil
}

func (i *Identity) byPassword(asked identityRequest) (*user, error) {
	if asked.Password == nil {
		return nil, missing("password")
	}
	login := asked.Password.User
	switch {
	case login == nil:
		return nil, missing("user")
	case login.Password == nil:
		return nil, missing("password")
	case login.ID == "" && login.Name == "":
		return nil, badRequest("A user must be given by id, or by name and domain.")
	case login.ID == "" && !login.Domain.given():
		return nil, missing("domain")
	}
	var found *user
	if login.ID != "" {
		found = i.directory.userByID(login.ID)
	} else if in := i.domain(login.Domain); in != nil {
		found = i.directory.userByName(in, login.Name)
	}
	if !i.passwordIs(found, *login.Password) || !found.enabled() {
		return nil, unauthorized()
	}
	return found, nil
}

// passwordIs takes as long for a user who does not exist, and whatever the
// lengths, as for a wrong password.
func (i *Identity) passwordIs(u *user, given string) bool {
	kept := ""
	if u != nil {
		kept = u.password
	}
	want, got := sha256.Sum256([]byte(kept)), sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1 && u != nil
}

func (i *Identity) byToken(asked identityRequest) (*session, error) {
	if asked.Token == nil {
		return nil, missing("token")
	}
	if asked.Token.ID == "" {
		return nil, missing("id")
	}
	from, err := i.session(asked.Token.ID)
	if err != nil {
		return nil, unauthorized()
	}
	return from, nil
}

func (r *reference) given() bool { return r != nil && (r.ID != "" || r.Name != "") }

func (i *Identity) domain(by *reference) *domain {
	switch {
	case by == nil:
		return nil
	case by.ID != "":
		return i.directory.domainByID(by.ID)
	}
	return i.directory.domainByName(by.Name)
}

// choose gives s the scope that was asked for. Without a wish it is the user's
// default project, or none where the user has no role on that.
func (i *Identity) choose(s *session, asked *scopeRequest) error {
	if asked == nil {
		s.scopeTo(scope{project: s.user.defaultProject})
		return nil
	}
	if asked.Unscoped != nil {
		return nil
	}
	on, err := i.wanted(asked)
	if err != nil {
		return err
	}
	if !s.scopeTo(on) {
		return unauthorized()
	}
	return nil
}

// wanted finds what a scope names; the zero scope when there is no such thing.
func (i *Identity) wanted(asked *scopeRequest) (scope, error) {
	switch {
	case asked.System != nil:
		return scope{system: true}, nil
	case asked.Domain != nil:
		if !asked.Domain.given() {
			return scope{}, badRequest("A domain must be given by id or name.")
		}
		return scope{domain: i.domain(asked.Domain)}, nil
	}
	p := asked.Project
	switch {
	case p.ID != "":
		return scope{project: i.directory.projectByID(p.ID)}, nil
	case p.Name == "":
		return scope{}, badRequest("A project must be given by id, or by name and domain.")
	case !p.Domain.given():
		return scope{}, missing("domain")
	}
	in := i.domain(p.Domain)
	if in == nil {
		return scope{}, nil
	}
	return scope{project: i.directory.projectByName(in, p.Name)}, nil
}
