package event

import "encoding/json"

// CallerKey is what an authorizer calls the caller in the context of its answer.
const CallerKey = "caller"

// caller is what the gateway's authorizer said of the caller; empty where there is
// no authorizer of ours. A client has no part in requestContext: the gateway makes
// it. A load balancer has no authorizer, and nothing is taken from its events.
//
// Source: API Gateway Developer Guide, "Input format of a Lambda function for
// proxy integration" and "Lambda proxy integrations for HTTP APIs", payload format
// version 2.0: there, what a Lambda authorizer said is one level further down.
func (g *gateway) caller(shape Shape) string {
	var said struct {
		Caller json.RawMessage `json:"caller"`
		Lambda struct {
			Caller json.RawMessage `json:"caller"`
		} `json:"lambda"`
	}
	if shape.isALB() || json.Unmarshal(g.Context.Authorizer, &said) != nil {
		return ""
	}
	from := said.Caller
	if shape == HTTP {
		from = said.Lambda.Caller
	}
	var text string
	if json.Unmarshal(from, &text) != nil {
		return ""
	}
	return text
}
