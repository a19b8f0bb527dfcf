// Package event turns what a gateway hands a Lambda into an HTTP request, and
// the answer back into what the gateway expects. It reads payload 1.0 (REST
// APIs, and HTTP APIs set to it), payload 2.0 (HTTP APIs and function URLs)
// and the event of an Application Load Balancer.
package event

import (
	"encoding/json"
	"errors"
	"fmt"
)

// A Shape is a form of event.
type Shape int

// The shapes.
const (
	REST     Shape = iota + 1 // payload 1.0
	HTTP                      // payload 2.0
	ALB                       // a load balancer's target group
	ALBMulti                  // likewise, with multi-value headers switched on
)

func (s Shape) isALB() bool { return s == ALB || s == ALBMulti }

// gateway is the union of the three shapes.
//
// Source: API Gateway Developer Guide, "Set up Lambda proxy integrations" and
// "Working with AWS Lambda proxy integrations for HTTP APIs"; Elastic Load
// Balancing User Guide, "Lambda functions as targets".
type gateway struct {
	Version    string `json:"version"`
	HTTPMethod string `json:"httpMethod"`
	Resource   string `json:"resource"`
	Path       string `json:"path"`

	RawPath        string   `json:"rawPath"`
	RawQueryString string   `json:"rawQueryString"`
	Cookies        []string `json:"cookies"`

	Headers           map[string]string   `json:"headers"`
	MultiValueHeaders map[string][]string `json:"multiValueHeaders"`
	Query             map[string]string   `json:"queryStringParameters"`
	MultiValueQuery   map[string][]string `json:"multiValueQueryStringParameters"`

	Context struct {
		Stage    string          `json:"stage"`
		ELB      json.RawMessage `json:"elb"`
		Identity struct {
			SourceIP string `json:"sourceIp"`
		} `json:"identity"`
		HTTP struct {
			Method   string `json:"method"`
			SourceIP string `json:"sourceIp"`
		} `json:"http"`
		Authorizer json.RawMessage `json:"authorizer"`
	} `json:"requestContext"`

	Body            string `json:"body"`
	IsBase64Encoded bool   `json:"isBase64Encoded"`
}

// errUnknown says that the payload is none of the shapes.
var errUnknown = errors.New("event: this is not an HTTP event of an API gateway or a load balancer")

func parse(payload []byte) (*gateway, Shape, error) {
	var g gateway
	if err := json.Unmarshal(payload, &g); err != nil {
		return nil, 0, fmt.Errorf("%w: %w", errUnknown, err)
	}
	switch {
	case g.Version == "2.0" && g.Context.HTTP.Method != "" && g.RawPath != "":
		return &g, HTTP, nil
	case g.HTTPMethod == "" || g.Path == "" && g.Resource == "":
		return nil, 0, errUnknown
	case g.Context.ELB != nil && g.MultiValueHeaders != nil:
		return &g, ALBMulti, nil
	case g.Context.ELB != nil:
		return &g, ALB, nil
	}
	return &g, REST, nil
}
