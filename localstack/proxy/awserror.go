package proxy

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
)

// errCut ends the connection without a word.
var errCut = errors.New("proxy: the connection is cut")

// A refusal is an error in AWS's own form: JSON of DynamoDB, XML of S3.
type refusal struct {
	status  int
	code    string
	message string
	more    map[string]any // further members of DynamoDB's document
}

func (r *refusal) Error() string { return "proxy: " + r.code }

func (r *refusal) write(w http.ResponseWriter, in *http.Request, service Service) {
	w.Header().Set("X-Amzn-Requestid", "PROXY")
	var body []byte
	if service == S3 {
		w.Header().Set("Content-Type", "application/xml")
		body = r.xml()
	} else {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		body = r.json()
	}
	w.WriteHeader(r.status)
	if in.Method != http.MethodHead {
		_, _ = w.Write(body) // a caller that went away needs no answer
	}
}

func (r *refusal) xml() []byte {
	type document struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
	}
	body, err := xml.Marshal(document{Code: r.code, Message: r.message})
	if err != nil {
		panic(fmt.Sprintf("proxy: an error cannot be written: %v", err))
	}
	return append([]byte(xml.Header), body...)
}

func (r *refusal) json() []byte {
	document := map[string]any{"__type": "com.amazonaws.dynamodb.v20120810#" + r.code, "message": r.message}
	for name, value := range r.more {
		document[name] = value
	}
	body, err := json.Marshal(document)
	if err != nil {
		panic(fmt.Sprintf("proxy: an error cannot be written: %v", err))
	}
	return body
}

func refuseKey(service string) error {
	if service == "s3" {
		return &refusal{status: 403, code: "InvalidAccessKeyId", message: "The AWS Access Key Id you provided does not exist in our records."}
	}
	return &refusal{status: 400, code: "UnrecognizedClientException", message: "The security token included in the request is invalid."}
}

func refuseSignature[S ~string](service S) error {
	if service == "s3" {
		return &refusal{status: 403, code: "SignatureDoesNotMatch", message: "The request signature we calculated does not match the signature you provided."}
	}
	return &refusal{status: 400, code: "InvalidSignatureException", message: "The request signature we calculated does not match the signature you provided."}
}

func refuseSkew(service string) error {
	if service == "s3" {
		return &refusal{status: 403, code: "RequestTimeTooSkewed", message: "The difference between the request time and the current time is too large."}
	}
	return &refusal{status: 400, code: "InvalidSignatureException", message: "Signature expired."}
}

func refuseExpired() error {
	return &refusal{status: 403, code: "AccessDenied", message: "Request has expired"}
}

func refuseBoth() error {
	return &refusal{status: 400, code: "InvalidArgument", message: "Only one auth mechanism allowed."}
}

func refuseAnonymous(service Service) error {
	if service == S3 {
		return &refusal{status: 403, code: "AccessDenied", message: "Access Denied"}
	}
	return &refusal{status: 400, code: "MissingAuthenticationTokenException", message: "Request is missing Authentication Token"}
}

func refusePayloadKind() error {
	return &refusal{status: 501, code: "NotImplemented", message: "This proxy takes bodies with a hash, unsigned ones, and unsigned ones with a trailer."}
}

func refusePayload() error {
	return &refusal{status: 400, code: "XAmzContentSHA256Mismatch", message: "The provided 'x-amz-content-sha256' header does not match what was computed."}
}

func denied(u Use) error {
	r := &refusal{status: 400, code: "AccessDeniedException", message: fmt.Sprintf("%s is not authorized to perform: %s on resource: %s", u.Function, u.Action, u.Resource)}
	if u.service() == "s3" {
		r.status, r.code = 403, "AccessDenied"
	}
	return r
}

func unreachable(err error) *refusal {
	return &refusal{status: 502, code: "BadGateway", message: "The engine behind the proxy does not answer: " + err.Error()}
}
