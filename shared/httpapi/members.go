package httpapi

import (
	"context"

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

func memberCreate(context.Context, *Services, *Request) (*Response, error) {
	return nil, problem.New(problem.Internal, "to be written")
}

func memberList(context.Context, *Services, *Request) (*Response, error) {
	return nil, problem.New(problem.Internal, "to be written")
}

func memberShow(context.Context, *Services, *Request) (*Response, error) {
	return nil, problem.New(problem.Internal, "to be written")
}

func memberUpdate(context.Context, *Services, *Request) (*Response, error) {
	return nil, problem.New(problem.Internal, "to be written")
}

func memberDelete(context.Context, *Services, *Request) (*Response, error) {
	return nil, problem.New(problem.Internal, "to be written")
}
