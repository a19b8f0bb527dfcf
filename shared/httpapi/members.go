package httpapi

import (
	"context"
	"net/http"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

var (
	// MemberCreate shares an image with a project.
	MemberCreate = Operation{
		Name: "member-create", Methods: []string{"POST"}, Paths: []string{"/v2/images/{image_id}/members"},
		Rules: []policy.Rule{policy.AddMember, policy.GetImage},
		Needs: Tokens | ReadTable | WriteTable, Body: JSONBody, Serve: memberCreate,
	}
	// MemberList lists the projects that an image is shared with.
	MemberList = Operation{
		Name: "member-list", Methods: []string{"GET"}, Paths: []string{"/v2/images/{image_id}/members"},
		Rules: []policy.Rule{policy.GetMembers, policy.GetImage},
		Needs: Tokens | ReadTable | ListTable, Serve: memberList,
	}
	// MemberShow shows one project that an image is shared with.
	MemberShow = Operation{
		Name: "member-show", Methods: []string{"GET"}, Paths: []string{"/v2/images/{image_id}/members/{member_id}"},
		Rules: []policy.Rule{policy.GetMember, policy.GetImage},
		Needs: Tokens | ReadTable, Serve: memberShow,
	}
	// MemberUpdate accepts or rejects an image.
	MemberUpdate = Operation{
		Name: "member-update", Methods: []string{"PUT"}, Paths: []string{"/v2/images/{image_id}/members/{member_id}"},
		Rules: []policy.Rule{policy.ModifyMember, policy.GetMember, policy.GetImage},
		Needs: Tokens | ReadTable | WriteTable, Body: JSONBody, Serve: memberUpdate,
	}
	// MemberDelete stops sharing an image with a project.
	MemberDelete = Operation{
		Name: "member-delete", Methods: []string{"DELETE"}, Paths: []string{"/v2/images/{image_id}/members/{member_id}"},
		Rules: []policy.Rule{policy.DeleteMember, policy.GetMember, policy.GetImage},
		Needs: Tokens | ReadTable | WriteTable, Serve: memberDelete,
	}
)

// memberCreate shares an image with a project.
//
// Source: glance/api/v2/image_members.py, ImageMembersController.create.
func memberCreate(ctx context.Context, s *Services, r *Request) (*Response, error) {
	project, err := readMember(r.JSON)
	if err != nil {
		return nil, err
	}
	var m image.Member
	err = s.again(ctx, func() error {
		img, grant, err := s.membersOf(ctx, r, policy.AddMember)
		if err != nil {
			return err
		}
		m, err = s.Images.AddMember(ctx, grant, img, project)
		return err
	})
	if err != nil {
		return nil, err
	}
	return memberAnswer(m), nil
}

// memberList lists the projects that an image is shared with, as far as the
// caller may see them.
//
// Source: glance/api/v2/image_members.py, ImageMembersController.index.
func memberList(ctx context.Context, s *Services, r *Request) (*Response, error) {
	img, grant, err := s.membersOf(ctx, r, policy.GetMembers)
	if err != nil {
		return nil, err
	}
	// get_member is asked about the image, so its answer is the same for each row.
	may, err := s.Policy.Decide(policy.GetMember, r.Caller, image.Target(img, r.Caller))
	if err != nil {
		return nil, err
	}
	if !may {
		return membersAnswer(func(func(image.Member, error) bool) {})
	}
	members, err := s.Images.Members(ctx, grant, r.Caller, img)
	if err != nil {
		return nil, err
	}
	return membersAnswer(members)
}

// memberShow shows one project that an image is shared with. Whatever keeps it
// from the caller is told as its absence.
//
// Source: glance/api/v2/image_members.py, ImageMembersController.show.
func memberShow(ctx context.Context, s *Services, r *Request) (*Response, error) {
	_, m, err := s.lookUpMember(ctx, r)
	if problem.Is(err, problem.Forbidden) {
		_, message := problem.Status(err)
		err = problem.Because(err, problem.NotFound, "%s", message)
	}
	if err != nil {
		return nil, err
	}
	return memberAnswer(m), nil
}

// memberUpdate says what a project makes of an image. Which statuses there are
// is looked at last.
//
// Source: glance/api/v2/image_members.py, ImageMembersController.update.
func memberUpdate(ctx context.Context, s *Services, r *Request) (*Response, error) {
	status, err := readMemberStatus(r.JSON)
	if err != nil {
		return nil, err
	}
	var m image.Member
	err = s.again(ctx, func() error {
		img, row, err := s.lookUpMember(ctx, r)
		if err != nil {
			return err
		}
		grant, err := s.authorize(policy.ModifyMember, r.Caller, img)
		if err != nil {
			return err
		}
		m, err = s.Images.SetMemberStatus(ctx, grant, img, row, status)
		return err
	})
	if err != nil {
		return nil, err
	}
	return memberAnswer(m), nil
}

// memberDelete stops sharing an image with a project.
//
// Source: glance/api/v2/image_members.py, ImageMembersController.delete.
func memberDelete(ctx context.Context, s *Services, r *Request) (*Response, error) {
	err := s.again(ctx, func() error {
		img, m, err := s.lookUpMember(ctx, r)
		if err != nil {
			return err
		}
		grant, err := s.authorize(policy.DeleteMember, r.Caller, img)
		if err != nil {
			return err
		}
		return s.Images.RemoveMember(ctx, grant, img, m)
	})
	if err != nil {
		return nil, err
	}
	return &Response{Status: http.StatusNoContent}, nil
}

// membersOf returns an image that has members, and the grant of rule on it. As
// in Glance the image's own visibility comes first, then whether the caller sees
// it, then the rule.
//
// Source: glance/api/v2/policy.py, MemberAPIPolicy._enforce.
func (s *Services) membersOf(ctx context.Context, r *Request, rule policy.Rule) (img *image.Image, grant policy.Grant, err error) {
	if img, err = s.Images.Get(ctx, r.Caller, r.Params["image_id"]); err != nil {
		return nil, grant, err
	}
	if err := img.HasMembers(); err != nil {
		return nil, grant, err
	}
	if _, err := s.authorize(policy.GetImage, r.Caller, img); err != nil {
		return nil, grant, err
	}
	grant, err = s.authorize(rule, r.Caller, img)
	return img, grant, err
}

// lookUpMember returns an image and the row that the path names.
//
// Source: glance/api/v2/image_members.py, _lookup_member.
func (s *Services) lookUpMember(ctx context.Context, r *Request) (*image.Image, image.Member, error) {
	img, grant, err := s.membersOf(ctx, r, policy.GetMember)
	if err != nil {
		return nil, image.Member{}, err
	}
	m, err := s.Images.Member(ctx, grant, r.Caller, img, r.Params["member_id"])
	return img, m, err
}
