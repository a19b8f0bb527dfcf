// Package httpapi is the operation table: one row for each call of the API,
// the wire form of requests and answers, and the one order in which a request
// can fail.
//
// A new operation is a row, beside the function that serves it, in the file named
// after what it is about, and its name in All. Below /v2 these are images.go,
// members.go, tags.go, tasks.go and their like; below /key-manager the files that begin
// with secret, orders.go and keymanager.go; below /gander/v1 snapshot.go, deleted.go,
// keys.go, keyaudit.go, consumers.go, explain.go and healthshow.go. The rest is what all
// share: order.go has the checks before an operation, route.go finds its row, grants.go
// asks policy and tries lost writes again, errors.go and handler.go answer.
package httpapi

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/identity"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/protect"
)

// An Operation is everything the service knows about one API call.
type Operation struct {
	Name    string // folder under functions/; image-delete is ImageDeleteFunction in the template
	Methods []string
	Paths   []string      // API Gateway syntax: /v2/images/{image_id}
	Rules   []policy.Rule // those it may ask; empty where Glance checks none
	Needs   Needs         // clients that boot builds, and all that the template may grant
	Body    BodyKind      // which request body it takes
	Media   []string      // media types of that body; empty: any
	Public  bool          // answers without a token
	Serve   func(context.Context, *Services, *Request) (*Response, error)

	// Gate is a rule about the caller alone, which is asked before body and query
	// are looked at; empty where there is none.
	Gate policy.Rule

	// Properties says that it shows, filters by or sets custom properties, which
	// may be protected.
	Properties bool

	// Unlisted says that other methods on its paths are answered as unknown paths
	// are, and not by a list of those that work.
	Unlisted bool
}

// Needs names what an operation uses, and so which clients are built for it,
// which variables it reads and which permissions the template grants.
type Needs uint

// The needs.
const (
	ReadTable Needs = 1 << iota // one item at a time
	WriteTable
	ReadBytes
	WriteBytes
	DeleteBytes
	Tokens     // validates callers' tokens
	ReadItems  // several items at once
	ListTable  // whole partitions of the table
	EndUploads // by parts, which nobody begins whose bodies are as small as a Lambda's

	ReadSecrets     // the values of keys
	WriteSecrets    // makes secrets
	DescribeSecrets // how secrets stand, never their values; and the vault's epoch
	DeleteSecrets   // schedules their deletion
	RestoreSecrets  // takes that back
	ListSecrets     // all of the deployment
	RaiseEpoch      // of the vault

	CheckItems // holds others to what they were, beside what it writes
	PutItems   // and removes none
)

// A BodyKind says what an operation does with a request body.
type BodyKind int

// The kinds of body.
const (
	NoBody   BodyKind = iota // one is refused
	Ignored                  // one is not looked at
	JSONBody                 // needed, read whole, limited
	RawBody                  // streamed, application/octet-stream
)

// Services are what operations work with. Boot builds those that the
// operation's Needs name, and leaves the others nil.
type Services struct {
	Images   *image.Service
	Keys     *key.Service
	Policy   policy.Decider
	Protect  *protect.Rules // of custom properties; nil: none is protected
	Identity Authenticator
	Log      *slog.Logger // nil: slog.Default

	// PublicEndpoint is the absolute URL, without a final slash, that answers
	// name; it never comes from a request.
	PublicEndpoint string

	// IdentityEndpoint is where callers get a token; a 401 names it. Empty: the
	// public endpoint stands in.
	IdentityEndpoint string

	// Stores are the places for bytes in the operator's order, the default
	// first. Their Blobs may be nil here. Nil: those of Images.
	Stores []image.Store

	// ImportMethods are those that work here.
	ImportMethods []string

	// Redirect has downloads answered with a URL of the store, where it has such,
	// in place of the bytes.
	Redirect bool

	// StallTimeout is how long a client may take for the next piece of a body,
	// in either direction, and for the whole of a JSON body. 0: no limit.
	StallTimeout time.Duration

	// UploadPlaces holds one element for each upload that runs: its capacity is
	// how many may run at once. Nil: any number.
	UploadPlaces chan struct{}

	// PolicyState tells which rules Policy goes by; nil: ones that never change.
	PolicyState func() policy.State

	// OtherPolicyState is that of the process's other listener; nil: there is none.
	OtherPolicyState func() policy.State

	// Version is that of the program.
	Version string

	// Lag is for how long the oldest of what must happen later has been due; nil
	// where that cannot be read.
	Lag func(context.Context) (time.Duration, error)

	// KeyDecisions counts what this process decided about keys, by the state that
	// they came to; nil where somebody else counts.
	KeyDecisions func() map[string]int64

	// Healthy reports what keeps the service from serving; nil when it serves.
	Healthy func(context.Context) error
}

func (s *Services) stores() []image.Store {
	if s.Stores == nil && s.Images != nil {
		return s.Images.Stores
	}
	return s.Stores
}

// An Authenticator turns what a request shows into a caller. A bad service token
// is ignored. Errors: problem.Unauthorized, problem.Unavailable.
type Authenticator interface {
	Authenticate(ctx context.Context, shown identity.Credentials) (caller.Caller, error)
}

// A Request is one call on its way to its operation.
type Request struct {
	*http.Request // as it came; Body is already limited
	Caller        caller.Caller
	ID            string            // request id
	Params        map[string]string // path variables, decoded
	Query         url.Values        // decoded; repeated parameters in order
	JSON          []byte            // the body of a JSONBody operation: valid JSON, object or array

	route        route
	gate         policy.Grant // of the operation's Gate
	microversion int          // of the key manager API: 1.microversion
}

// A Response is an operation's answer. Body and Stream exclude each other.
type Response struct {
	Status int
	Header http.Header
	Body   []byte        // application/json unless Header says otherwise
	Stream io.ReadCloser // closed by whoever writes the answer
	Length int64         // bytes of Stream, or unknownLength; without one, of what GET would be answered, for HEAD

	buffer *[]byte // Body's, to be used again
}

// All lists the operations in the order of the Image API reference. Nothing
// else decides what is served.
var All = []Operation{
	VersionList,
	ImageCreate, ImageList, ImageShow, ImageUpdate, ImageDelete,
	ImageTagAdd, ImageTagDelete,
	ImageDeactivate, ImageReactivate,
	ImageDataUpload, ImageDataDownload,
	MemberCreate, MemberList, MemberShow, MemberUpdate, MemberDelete,
	ImageTaskList, TaskShow,
	ImageDeletedList, ImageRestore,
	ImageSnapshot,
	ImageV1Show,
	KeyManagerVersionList,
	SecretCreate, SecretList, SecretShow, SecretPayloadShow, SecretPayloadSet, SecretDelete,
	OrderCreate, OrderList, OrderShow, OrderDelete,
	SecretConsumerList, SecretConsumerCreate, SecretConsumerDelete,
	SecretACLShow, SecretACLSet, SecretACLDelete,
	KeyList, KeyShow, KeyRestore, KeyAudit, KeyDeletionsShow, KeyDeletionsSet,
	ConsumerList, ConsumerRetry,
	PolicyExplain, HealthShow,
	SchemaShow,
	InfoImport, InfoStores, InfoStoresDetail,
	Healthcheck,
	Fallback,
}

// The operations. Their sources are the routes of glance/api/v2/router.py,
// glance/api/versions.py and oslo.middleware's healthcheck.
var (
	VersionList = Operation{
		Name: "version-list", Methods: []string{"GET"}, Paths: []string{"/", "/versions"},
		Body: Ignored, Public: true, Serve: versionList,
	}
	ImageCreate = Operation{
		Name: "image-create", Methods: []string{"POST"}, Paths: []string{"/v2/images"},
		Rules: []policy.Rule{policy.AddImage, policy.PublicizeImage, policy.CommunitizeImage},
		Needs: Tokens | ReadTable | ReadItems | WriteTable, Body: JSONBody, Properties: true, Serve: imageCreate,
	}
	ImageShow = Operation{
		Name: "image-show", Methods: []string{"GET"}, Paths: []string{"/v2/images/{image_id}"},
		Rules: []policy.Rule{policy.GetImage},
		Needs: Tokens | ReadTable, Properties: true, Serve: imageShow,
	}
	ImageDelete = Operation{
		Name: "image-delete", Methods: []string{"DELETE"}, Paths: []string{"/v2/images/{image_id}"},
		Rules: []policy.Rule{policy.DeleteImage, policy.GetImage},
		Needs: Tokens | ReadTable | WriteTable, Serve: imageDelete,
	}
	ImageDataUpload = Operation{
		Name: "image-data-upload", Methods: []string{"PUT"}, Paths: []string{"/v2/images/{image_id}/file"},
		Rules: []policy.Rule{policy.UploadImage, policy.GetImage},
		Needs: Tokens | ReadTable | ReadItems | WriteTable | WriteBytes | DeleteBytes, Body: RawBody, Media: []string{octetStream},
		Serve: imageDataUpload,
	}
	ImageDataDownload = Operation{
		Name: "image-data-download", Methods: []string{"GET"}, Paths: []string{"/v2/images/{image_id}/file"},
		Rules: []policy.Rule{policy.DownloadImage, policy.GetImage},
		Needs: Tokens | ReadTable | ReadBytes, Serve: imageDataDownload,
	}
	SchemaShow = Operation{
		Name: "schema-show", Methods: []string{"GET"}, Paths: []string{"/v2/schemas/{schema_name}"},
		Needs: Tokens, Serve: schemaShow,
	}
	InfoImport = Operation{
		Name: "info-import", Methods: []string{"GET"}, Paths: []string{"/v2/info/import"},
		Needs: Tokens, Serve: infoImport,
	}
	InfoStores = Operation{
		Name: "info-stores", Methods: []string{"GET"}, Paths: []string{"/v2/info/stores"},
		Needs: Tokens, Serve: infoStores,
	}
	InfoStoresDetail = Operation{
		Name: "info-stores-detail", Methods: []string{"GET"}, Paths: []string{"/v2/info/stores/detail"},
		Rules: []policy.Rule{policy.StoresInfoDetail},
		Needs: Tokens, Serve: infoStoresDetail,
	}
	Healthcheck = Operation{
		Name: "healthcheck", Methods: []string{"GET", "HEAD"}, Paths: []string{"/healthcheck"},
		Body: Ignored, Public: true, Serve: healthcheck,
	}
	// Fallback is what no other row names. Behind a gateway it also gets the
	// other methods of every row's path.
	Fallback = Operation{
		Name: "fallback", Methods: []string{"ANY"}, Paths: []string{"/", "/{proxy+}"},
		Needs: Tokens, Body: Ignored, Serve: fallback,
	}
)
