package image

import (
	"context"
	"fmt"

	"github.com/gander-images/gander/shared/table"
)

// Where a list looks for images is wider than what it shows: entries may be
// older than the records, which decide.

// scopes returns the lists in which all that the caller may list, and wants,
// can be found, but for what others share with it; an image may stand in several
// of them.
func (l *listing) scopes() []scope {
	scopes := l.openScopes()
	if l.query.filter.hidden {
		for i, sc := range scopes {
			scopes[i] = sc.apart()
		}
	}
	return scopes
}

func (l *listing) openScopes() []scope {
	f, c := &l.query.filter, l.caller
	switch {
	case f.nothing:
		return nil
	case f.owner != nil && (c.Admin || l.wantsOwn()):
		return []scope{ownScope(*f.owner)}
	case f.visibility == Public:
		return []scope{publicScope}
	case f.visibility == Community:
		return []scope{communityScope}
	case c.Admin:
		return []scope{allScope}
	}
	var scopes []scope
	if l.wantsOwn() {
		scopes = append(scopes, ownScope(c.ProjectID))
	}
	switch f.visibility {
	case "":
		scopes = append(scopes, publicScope)
	case anyVisibility:
		scopes = append(scopes, publicScope, communityScope)
	}
	return scopes
}

// wantsOwn reports whether the caller's own images can be among those it asks for.
func (l *listing) wantsOwn() bool {
	owner, project := l.query.filter.owner, l.caller.ProjectID
	return project != "" && (owner == nil || *owner == project)
}

// mirrors returns the lists of what others share with the caller, as far as it
// is wanted. An admin needs none: it lists everything.
//
// Source: glance/db/sqlalchemy/api.py, _select_images_query.
func (l *listing) mirrors() []scope {
	f, c := &l.query.filter, l.caller
	switch {
	case f.nothing, c.Admin, c.ProjectID == "":
		return nil
	case f.owner != nil && *f.owner == c.ProjectID: // what it shares with itself is its own
		return nil
	case f.visibility != "" && f.visibility != anyVisibility && f.visibility != Shared:
		return nil
	}
	scopes := make([]scope, len(f.memberStatuses))
	for i, status := range f.memberStatuses {
		scopes[i] = sharedScope(c.ProjectID, status)
	}
	return scopes
}

// belongs reports whether the record, as it is now, is in the list. member tells
// whether the caller's project has a member row of a status that was asked for.
//
// Source: glance/db/sqlalchemy/api.py, _select_images_query and image_get_all.
func (l *listing) belongs(img *Image, member bool) bool {
	c := l.caller
	own := owns(c, img)
	switch {
	case !listed(img.Status):
		return false
	case img.Visibility == Community && l.query.filter.visibility == "" && !own:
		return false
	case c.Admin, own, img.Visibility == Public, img.Visibility == Community, img.Visibility == Shared && member:
		return l.query.filter.passes(img)
	}
	return false // one that nobody owns is seen by its id alone
}

// join finds out which of the candidates, that were asked for by id, are shared
// with the caller.
func (l *listing) join(ctx context.Context, found []candidate, images []*Image) error {
	if l.mirrors() == nil {
		return nil
	}
	var keys []table.Key
	var asking []*candidate
	for i, img := range images {
		if img != nil && img.Visibility == Shared && !owns(l.caller, img) {
			keys = append(keys, memberKey(img.ID, l.caller.ProjectID))
			asking = append(asking, &found[i])
		}
	}
	if keys == nil {
		return nil
	}
	items, err := l.service.Table.Get(ctx, keys...)
	if err != nil {
		return fmt.Errorf("reading members of %d images: %w", len(keys), err)
	}
	for i, item := range items {
		if item == nil {
			continue
		}
		member, err := decodeMember(item)
		if err != nil {
			return err
		}
		asking[i].shared = l.query.filter.wantsMember(member.Status)
	}
	return nil
}
