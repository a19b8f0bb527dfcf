package proxy

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// A Service is one of those the proxy understands.
type Service string

// The services.
const (
	DynamoDB Service = "dynamodb"
	Streams  Service = "streams" // DynamoDB's change streams
	S3       Service = "s3"
	Secrets  Service = "secretsmanager"
)

// A Call is one request, as far as rules and records need to know it.
type Call struct {
	Function  string
	Service   Service
	Operation string   // as the API names it: TransactWriteItems, UploadPart
	Items     []string // "partition/sort" of every item it names, or "bucket/key" of the object
	Uses      []Use    // what IAM would look at

	body   []byte // of DynamoDB and its streams
	stream string // ARN of the stream that is read
	shard  int    // likewise: which of Config.Shards

	iterator string // as the proxy handed it out
}

// maxBody bounds what is read whole: 4 MB of a transaction, more in base64.
const maxBody = 16 << 20

const (
	tableTarget  = "DynamoDB_20120810."
	streamTarget = "DynamoDBStreams_20120810."
	secretTarget = "secretsmanager."
)

func serviceOf(r *http.Request) Service {
	switch target := r.Header.Get("X-Amz-Target"); {
	case strings.HasPrefix(target, tableTarget):
		return DynamoDB
	case strings.HasPrefix(target, streamTarget):
		return Streams
	case strings.HasPrefix(target, secretTarget):
		return Secrets
	}
	return S3
}

// read finds out what the request asks for. The body of S3's requests is held
// against its hash when it ends; of the others it was part of the signature.
func (p *Proxy) read(r *http.Request, payload string) (Call, error) {
	service := serviceOf(r)
	if service == S3 {
		if err := guardBody(r, payload); err != nil {
			return Call{Service: S3}, err
		}
		return readS3(r), nil
	}
	body, err := readBody(r)
	if err != nil {
		return Call{Service: service}, err
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	call := Call{Service: service, Operation: operation, body: body}
	switch place := regionOf(r) + ":" + p.config.Account; service {
	case Streams:
		err = call.readStream()
	case Secrets:
		err = call.readSecret("arn:aws:secretsmanager:" + place + ":secret:")
	default:
		err = call.readTable("arn:aws:dynamodb:" + place + ":table/")
	}
	return call, err
}

// readBody reads the body whole and leaves it to be read again.
func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("reading a request: %w", err)
	}
	if len(body) > maxBody {
		return nil, &refusal{status: 413, code: "RequestEntityTooLarge", message: "The request is too large."}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}

// regionOf is the region that the request was signed for.
func regionOf(r *http.Request) string {
	c, err := claimOf(r)
	if err != nil {
		return ""
	}
	return c.region
}

// drain reads what is left of a body, so that the answer reaches a caller that
// is still sending.
func drain(r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // a caller that went away gets no answer anyway
}
