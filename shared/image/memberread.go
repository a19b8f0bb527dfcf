package image

import (
	"context"
	"fmt"
	"iter"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// seesAllMembers reports whether c is shown every row of the image. A member is
// shown its own.
//
// Source: glance/db/sqlalchemy/api.py, _image_member_find.
func seesAllMembers(c caller.Caller, img *Image) bool { return c.Admin || owns(c, img) }

// Member returns the row of a project. It reads one item.
//
// Errors: Forbidden on an image that is not shared; NotFound where there is no
// row, or it is not the caller's to see.
func (s *Service) Member(ctx context.Context, g policy.Grant, c caller.Caller, img *Image, project string) (Member, error) {
	if err := permitsMembers(g, policy.GetMember, img); err != nil {
		return Member{}, err
	}
	if !seesAllMembers(c, img) && project != c.ProjectID {
		return Member{}, noMember(img, project)
	}
	m, err := s.readMember(ctx, img.ID, project)
	switch {
	case err != nil:
		return Member{}, err
	case m == nil:
		return Member{}, noMember(img, project)
	}
	return *m, nil
}

func noMember(img *Image, project string) error {
	return problem.New(problem.NotFound, "%s not found in the member list of the image %s.", project, img.ID)
}

// memberPage is how many rows are read at once.
const memberPage = 100

// Members returns the rows that c may see, in the order of the projects' ids. They
// are read as they are asked for, so that any number of them takes little memory;
// rows that come and go meanwhile may be among them or not.
//
// Errors: Forbidden on an image that is not shared; while they are read, the
// table's.
//
// Source: glance/api/v2/image_members.py, index.
func (s *Service) Members(ctx context.Context, g policy.Grant, c caller.Caller, img *Image) (iter.Seq2[Member, error], error) {
	if err := permitsMembers(g, policy.GetMembers, img); err != nil {
		return nil, err
	}
	if seesAllMembers(c, img) {
		return s.allMembers(ctx, img.ID), nil
	}
	return func(yield func(Member, error) bool) {
		m, err := s.readMember(ctx, img.ID, c.ProjectID)
		switch {
		case err != nil:
			yield(Member{}, err)
		case m != nil:
			yield(*m, nil)
		}
	}, nil
}

func (s *Service) allMembers(ctx context.Context, imageID string) iter.Seq2[Member, error] {
	return func(yield func(Member, error) bool) {
		q := table.Query{Partition: partition(imageID), Prefix: memberPrefix, Limit: memberPage}
		for {
			page, err := s.Table.Query(ctx, q)
			if err != nil {
				yield(Member{}, fmt.Errorf("reading members of image %s: %w", imageID, err))
				return
			}
			for i := range page.Items {
				m, err := decodeMember(&page.Items[i])
				if !yield(m, err) || err != nil {
					return
				}
			}
			if !page.More {
				return
			}
			q.After = page.Last
		}
	}
}
