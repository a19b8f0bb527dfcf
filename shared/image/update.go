package image

import (
	"context"
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// An Ask decides whether the caller may do to the image, as it is stored, what
// the rule is about.
//
// Errors: Forbidden, or NotFound where the image is not for the caller to see.
type Ask func(policy.Rule) (policy.Grant, error)

// Update applies the changes, in their order, to one copy of the image, and
// saves it once: all of them happen or none. It touches nothing that they do not
// name. Without changes nothing is asked or saved; changes that leave the image
// as it was are saved, and move its updated_at.
//
// protection says what the caller may do with custom properties: those hidden
// from it are not there for it, and stay as they are.
//
// ask is asked for modify_image, and for publicize_image or communitize_image
// where the image is to be seen that widely, each once, when the first change
// needs it; a change before it that fails is told first.
//
// Errors: what ask answers; Forbidden for attributes that callers do not set,
// protected properties, formats of an image that has left the queue, and owners
// unless an admin sets them; Conflict for a property that is there, or is not; Invalid for values
// beyond the data model; TooLarge for too many properties or tags, and for a
// record that would be too large; Changed when another request was first.
//
// Source: glance/api/v2/images.py, ImagesController.update.
func (s *Service) Update(
	ctx context.Context, ask Ask, protection Protection, c caller.Caller, img *Image, changes []Change,
) (*Image, error) {
	if len(changes) == 0 {
		return img, nil
	}
	p := patch{service: s, ask: ask, protection: protection, caller: c, next: img.clone()}
	for _, change := range changes {
		if err := p.apply(change); err != nil {
			return nil, err
		}
	}
	if err := s.checkAdded(img, p.next); err != nil {
		return nil, err
	}
	if err := s.change(ctx, c, img, p.next); err != nil {
		return nil, err
	}
	return p.next, nil
}

// change saves what the caller made of before, where the caller may write to it.
func (s *Service) change(ctx context.Context, c caller.Caller, before, after *Image) error {
	if err := mayChange(before, c); err != nil {
		return err
	}
	if err := checkRoom(before, after); err != nil {
		return err
	}
	s.stamp(after, writerOf(c))
	return s.save(ctx, before, after)
}

// ServerPrefix begins the names of the properties that the service sets itself.
//
// Source: glance/api/common.py, GLANCE_RESERVED_NS.
const ServerPrefix = "os_glance"

// checkAdded holds an image that got a property it did not have to the limit of
// properties. An image that is beyond it, since it was lowered, may lose some.
//
// Source: glance/quota/__init__.py, ImageRepoProxy.save.
func (s *Service) checkAdded(before, after *Image) error {
	count, added := 0, false
	for name := range after.Properties {
		if _, had := before.Properties[name]; !had {
			added = true
		}
		if !strings.HasPrefix(name, ServerPrefix) {
			count++
		}
	}
	if !added {
		return nil
	}
	return s.checkPropertyCount(count)
}

// A patch is an update on its way: the image as far as it is changed.
type patch struct {
	service    *Service
	ask        Ask
	protection Protection
	caller     caller.Caller
	granted    []policy.Rule
	next       *Image
}

// permit asks for the rules that nobody asked for yet.
func (p *patch) permit(rules ...policy.Rule) error {
	for _, rule := range rules {
		if slices.Contains(p.granted, rule) {
			continue
		}
		grant, err := p.ask(rule)
		if err != nil {
			return err
		}
		if err := grant.Permits(rule); err != nil {
			return err
		}
		p.granted = append(p.granted, rule)
	}
	return nil
}

// apply makes one change.
func (p *patch) apply(ch Change) error {
	if ch.Name == "owner" && (ch.Op == Add || ch.Op == Replace) && !p.caller.Admin {
		return problem.New(problem.Forbidden, "Only an administrator can give the image to another owner.")
	}
	if err := p.permit(rulesOf(ch)...); err != nil {
		return err
	}
	if fixed[ch.Name] || strings.HasPrefix(ch.Name, ServerPrefix) {
		return problem.New(problem.Forbidden, "Attribute '%s' cannot be changed.", ch.Name)
	}
	set := setters[ch.Name]
	switch {
	case set == nil:
		return p.applyProperty(ch)
	case ch.Op == Remove:
		return problem.New(problem.Forbidden, "Attribute '%s' cannot be removed.", ch.Name)
	case ch.Op == AddAbsent:
		return errPresent(ch.Name)
	}
	return set(p, ch.Value)
}

// rulesOf are those that the change needs, in the order in which they are asked.
//
// Source: glance/api/v2/policy.py, ImageAPIPolicy.update_property.
func rulesOf(ch Change) []policy.Rule {
	if ch.Name == "visibility" {
		switch Visibility(deref(ch.Value.Text)) {
		case Public:
			return []policy.Rule{policy.PublicizeImage, policy.ModifyImage}
		case Community:
			return []policy.Rule{policy.CommunitizeImage, policy.ModifyImage}
		}
	}
	return []policy.Rule{policy.ModifyImage}
}

// applyProperty makes one change of a custom property. A property whose value
// becomes null is there no more.
func (p *patch) applyProperty(ch Change) error {
	_, present := p.next.Properties[ch.Name]
	if err := mayApply(p.protection, ch, present); err != nil {
		return err
	}
	if ch.Op == Remove || ch.Value.Text == nil {
		delete(p.next.Properties, ch.Name)
		return nil
	}
	if err := fits("A property's name", ch.Name); err != nil {
		return err
	}
	if p.next.Properties == nil {
		p.next.Properties = map[string]string{}
	}
	p.next.Properties[ch.Name] = *ch.Value.Text
	return nil
}

func errPresent(name string) error {
	return problem.New(problem.Conflict, "Property '%s' is already present.", name)
}
