package development

import (
	"slices"
	"strconv"
)

type links struct {
	Self     string  `json:"self"`
	Previous *string `json:"previous"`
	Next     *string `json:"next"`
}

type selfLink struct {
	Self string `json:"self"`
}

// listLinks names the list itself; a list is always given whole, or cut by
// limit and marker as the caller said.
func (i *Identity) listLinks(c *call) links {
	self := i.options.Endpoint + c.URL.EscapedPath()
	if c.URL.RawQuery != "" {
		self += "?" + c.URL.RawQuery
	}
	return links{Self: self}
}

func (i *Identity) self(kind, id string) selfLink {
	return selfLink{Self: i.endpoint + "/v3/" + kind + "/" + id}
}

// seesAll is whether the caller may look at everybody: an administrator, a
// service, or anyone with a role on the system.
//
// Source: Keystone's defaults for identity:list_projects and its sisters, and
// the service role, which Keystone's operators usually add to them.
func (s *session) seesAll() bool { return s.on.system || s.has("admin") || s.has("service") }

// sees is whether the caller may look at something of this domain; own is what
// belongs to the caller itself.
func (s *session) sees(in *domain, own bool) bool {
	return own || s.seesAll() || s.on.domain != nil && s.on.domain == in
}

// page answers a list with those of all that the caller may see and that the
// query's filters leave.
//
// Keystone refuses such lists to ordinary callers. Here they see what is their
// own, so that names resolve; where nothing is left they are refused as there,
// which makes the clients take the text they were given for an id.
func page[T any](c *call, all []*T, sees, matches func(*T) bool, id func(*T) string) ([]*T, error) {
	var left []*T
	hidden := false
	for _, one := range all {
		switch {
		case !sees(one):
			hidden = true
		case matches(one):
			left = append(left, one)
		}
	}
	if len(left) == 0 && hidden {
		return nil, forbidden()
	}
	return cut(c, left, id)
}

// cut applies marker and limit.
func cut[T any](c *call, all []*T, id func(*T) string) ([]*T, error) {
	if marker := c.query.Get("marker"); marker != "" {
		at := slices.IndexFunc(all, func(one *T) bool { return id(one) == marker })
		if at < 0 {
			return nil, badRequest("Marker could not be found.")
		}
		all = all[at+1:]
	}
	if text := c.query.Get("limit"); text != "" {
		limit, err := strconv.Atoi(text)
		if err != nil || limit < 0 {
			return nil, badRequest("The limit must be a number.")
		}
		if limit > 0 && limit < len(all) {
			all = all[:limit]
		}
	}
	return all, nil
}

// is reports whether the query's filter, if there is one, lets a value pass.
func (c *call) is(filter, value string) bool {
	return !c.query.Has(filter) || c.query.Get(filter) == value
}

// isTrue is is for a boolean; as Keystone does it, all but "false" and "0" is
// true.
func (c *call) isTrue(filter string, value bool) bool {
	if !c.query.Has(filter) {
		return true
	}
	return truth(c.query.Get(filter)) == value
}

func truth(text string) bool {
	switch text {
	case "0", "false", "False", "FALSE":
		return false
	}
	return true
}
