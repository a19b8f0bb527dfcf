// Package protect keeps property protections: which callers may create, read,
// update and delete the custom properties of images, by the properties' names.
//
// Source: glance/common/property_utils.py.
package protect

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
)

// An operation is one of the four that a section of the file has an option for.
type operation int

const (
	create operation = iota
	read
	update
	remove
	operations // how many there are
)

// options are the names of the operations in the file.
var options = [operations]string{create: "create", read: "read", update: "update", remove: "delete"}

// Rules are a file of property protections. They never change, and are safe for
// concurrent use.
type Rules struct {
	sections []section
	places   places
}

// A section says who may do what with the properties whose names its expression
// is found in.
type section struct {
	header  string
	line    int
	matches matcher
	may     [operations]permission
}

// A permission is who may do one operation. The zero one is nobody's.
type permission struct {
	everybody bool
	roles     []string    // in lower case; any of them is enough
	rule      policy.Rule // of the format policies; empty: none
}

// serverPrefix begins the names of properties that the service sets itself. No
// caller sets them, and no file hides them.
//
// Source: glance/common/property_utils.py, PropertyRules._inject_os_glance_section.
const serverPrefix = "os_glance"

// nobodys is the place of a name that no section is for.
const nobodys = -1

// place returns the index of the section that decides about the name. The first
// one in the file whose expression is found anywhere in the name does.
//
// A name with a line break is nobody's. What Python and Go find at the end of a
// line differs, and a name that means one thing to Glance and another to Gander
// must not slip past a section.
func (r *Rules) place(name string) int {
	if strings.ContainsRune(name, '\n') {
		return nobodys
	}
	return r.places.of(name, func() int {
		for i := range r.sections {
			if r.sections[i].matches(name) {
				return i
			}
		}
		return nobodys
	})
}

// For returns what the caller may do with properties. decider answers for the
// rules that the format policies names; log is told which of them could not be
// decided, which denies. The Caller is for one request, and for one goroutine at
// a time.
func (r *Rules) For(c caller.Caller, decider policy.Decider, log *slog.Logger) *Caller {
	return &Caller{rules: r, caller: c, decider: decider, log: log, known: make([]verdict, len(r.sections)*int(operations))}
}

// A Caller is what one caller may do with properties. It implements
// image.Protection.
type Caller struct {
	rules   *Rules
	caller  caller.Caller
	decider policy.Decider
	log     *slog.Logger
	known   []verdict // of each section and operation; what is open was not asked yet
}

type verdict uint8

const (
	open verdict = iota
	denied
	allowed
)

// MayCreate reports whether the caller may give an image a property of the name.
func (c *Caller) MayCreate(name string) bool { return c.may(create, name) }

// MayRead reports whether the caller is shown properties of the name.
func (c *Caller) MayRead(name string) bool { return c.may(read, name) }

// MayUpdate reports whether the caller may change the value of such a property.
func (c *Caller) MayUpdate(name string) bool { return c.may(update, name) }

// MayDelete reports whether the caller may take such a property off an image.
func (c *Caller) MayDelete(name string) bool { return c.may(remove, name) }

// Protects reports whether there is anything that not everybody may do with such a
// property, whatever this caller may.
func (c *Caller) Protects(name string) bool {
	if strings.HasPrefix(name, serverPrefix) {
		return false
	}
	at := c.rules.place(name)
	if at == nobodys {
		return true
	}
	return slices.ContainsFunc(c.rules.sections[at].may[:], func(p permission) bool { return !p.everybody })
}

func (c *Caller) may(op operation, name string) bool {
	if strings.HasPrefix(name, serverPrefix) {
		return true
	}
	at := c.rules.place(name)
	if at == nobodys {
		return false
	}
	known := &c.known[at*int(operations)+int(op)]
	if *known == open {
		*known = denied
		if c.decide(&c.rules.sections[at], op) {
			*known = allowed
		}
	}
	return *known == allowed
}

func (c *Caller) decide(s *section, op operation) bool {
	p := s.may[op]
	switch {
	case p.everybody:
		return true
	case p.rule == "":
		return hasOne(p.roles, c.caller.Roles) || hasOne(p.roles, c.caller.Service.Roles)
	}
	ok, err := c.decider.Decide(p.rule, c.caller, policy.Attributes(nil))
	if err != nil {
		c.log.LogAttrs(context.Background(), slog.LevelError, "a property protection cannot be decided, and denies",
			slog.String("section", s.header), slog.String("operation", options[op]), slog.Any("error", err), slog.String("request", c.caller.RequestID))
	}
	return ok && err == nil
}

// hasOne reports whether one of the roles that somebody has, in lower case, is
// among those wanted.
func hasOne(wanted, has []string) bool {
	for _, role := range has {
		role = strings.ToLower(role)
		for _, w := range wanted {
			if w == role {
				return true
			}
		}
	}
	return false
}
