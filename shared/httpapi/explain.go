package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// PolicyExplain tells why a rule lets somebody act or not.
var PolicyExplain = Operation{
	Name: "policy-explain", Methods: []string{"POST"}, Paths: []string{ownAPI + "/policy/explain"},
	Rules: []policy.Rule{policy.ExplainPolicy, policy.GetImage},
	Needs: Tokens | ReadTable, Body: JSONBody, Properties: true, Serve: policyExplain,
}

// policyExplain decides a rule for the caller, or for whom the caller describes,
// and answers with the rule's tree. Nothing is done about it.
//
// Who may ask about whom is the rule explain_policy's matter, whose target is the
// caller asked about. The image must be one that the asking caller sees.
func policyExplain(ctx context.Context, s *Services, r *Request) (*Response, error) {
	q, err := readQuestion(r.JSON)
	if err != nil {
		return nil, err
	}
	about := r.Caller
	if q.caller != nil {
		about = *q.caller
	}
	if _, err := s.Policy.Authorize(policy.ExplainPolicy, r.Caller, callerTarget{about}); err != nil {
		return nil, err
	}
	rules, ok := s.Policy.(*policy.Enforcer)
	if !ok {
		return nil, fmt.Errorf("a %T explains nothing", s.Policy)
	}
	if !rules.Has(q.rule) {
		return nil, problem.New(problem.Invalid, "There is no policy rule '%s'.", q.rule)
	}
	target, err := s.askedTarget(ctx, r, q, about)
	if err != nil {
		return nil, err
	}
	x, err := rules.Explain(q.rule, about, target)
	if err != nil {
		return nil, err
	}
	if err := s.conceal(&x, r, q); err != nil {
		return nil, err
	}
	return jsonAnswer(http.StatusOK, explanation{Rule: x.Rule, Allowed: x.Allowed, Text: x.Text, Tree: drawNode(x.Tree)}), nil
}

// askedTarget is what the rule is asked about: a stored image, what the question
// describes, or nothing.
func (s *Services) askedTarget(ctx context.Context, r *Request, q question, about caller.Caller) (policy.Target, error) {
	if q.imageID == "" {
		return q.target, nil
	}
	img, err := s.Images.Get(ctx, r.Caller, q.imageID)
	if err != nil {
		return nil, err
	}
	if _, err := s.authorize(policy.GetImage, r.Caller, img); err != nil {
		return nil, err
	}
	return image.Target(img, about), nil
}

// conceal takes from an explanation what would tell the value of a property that
// the asking caller may not read. Where the decision as such would tell it, it is
// given to those alone who could learn it by acting: about themselves, as they
// are, and a rule that operations ask. Administrators may know every decision.
func (s *Services) conceal(x *policy.Explanation, r *Request, q question) error {
	if q.imageID == "" {
		return nil
	}
	readable := s.protection(r.Caller)
	hidden := x.Hide(func(key string) bool {
		if _, attribute := emptyTarget.Attribute(key); attribute {
			return false
		}
		return slices.Contains(hiddenProperties, key) || readable != nil && !readable.MayRead(key)
	})
	if hidden && !r.Caller.Admin && (q.caller != nil || !askable[q.rule]) {
		return problem.New(problem.Forbidden, "The answer depends on a property that you may not read.")
	}
	return nil
}

// emptyTarget knows the attributes that every image has, and no property.
var emptyTarget = image.Target(&image.Image{}, caller.Caller{})

// askable are the rules that operations ask, which are no mere parts of others.
var askable = map[policy.Rule]bool{}

func init() { // after All, which leads here
	for _, op := range All {
		for _, rule := range op.Rules {
			askable[rule] = true
		}
	}
}

type explanation struct {
	Rule    policy.Rule `json:"rule"`
	Allowed bool        `json:"allowed"`
	Text    string      `json:"text"`
	Tree    *drawnNode  `json:"tree"`
}

// A drawnNode is a part of a rule as callers see it.
type drawnNode struct {
	Check    string        `json:"check"`
	Result   policy.Result `json:"result,omitempty"` // absent where it is hidden
	Hidden   bool          `json:"hidden,omitempty"`
	Skipped  bool          `json:"skipped,omitempty"`
	Children []*drawnNode  `json:"children"`
}

func drawNode(n *policy.Node) *drawnNode {
	drawn := &drawnNode{Check: n.Check, Result: n.Result, Hidden: n.Result == policy.ResultHidden, Skipped: n.Skipped, Children: []*drawnNode{}}
	for _, child := range n.Children {
		drawn.Children = append(drawn.Children, drawNode(child))
	}
	return drawn
}
