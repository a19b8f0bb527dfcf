package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/key"
	keyorder "github.com/gander-images/gander/shared/key/order"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

const ordersPath = keyManager + "/v1/orders"

var (
	// OrderCreate has a key made.
	OrderCreate = Operation{
		Name: "order-create", Methods: []string{"POST"}, Paths: []string{ordersPath},
		Rules: []policy.Rule{policy.OrdersPost},
		Needs: Tokens | ReadTable | WriteTable | WriteSecrets, Body: JSONBody, Media: jsonAlone, Serve: versioned(orderCreate),
	}
	// OrderList lists the orders of the caller's project.
	OrderList = Operation{
		Name: "order-list", Methods: []string{"GET"}, Paths: []string{ordersPath},
		Rules: []policy.Rule{policy.SecretGet},
		Needs: Tokens | ReadTable | ReadItems | ListTable, Body: Ignored, Serve: versioned(orderList),
	}
	// OrderShow shows an order.
	OrderShow = Operation{
		Name: "order-show", Methods: []string{"GET"}, Paths: []string{ordersPath + "/{order_id}"},
		Rules: []policy.Rule{policy.SecretGet},
		Needs: Tokens | ReadTable, Body: Ignored, Serve: versioned(orderShow),
	}
	// OrderDelete deletes an order, not what it made.
	OrderDelete = Operation{
		Name: "order-delete", Methods: []string{"DELETE"}, Paths: []string{ordersPath + "/{order_id}"},
		Rules: []policy.Rule{policy.OrderDelete, policy.SecretGet},
		Needs: Tokens | ReadTable | WriteTable, Body: Ignored, Serve: versioned(orderDelete),
	}
)

// orderCreate has a key made. The key is there when the order is answered; clients look
// at the order all the same.
//
// Source: barbican/api/controllers/orders.py, OrdersController.on_post.
func orderCreate(ctx context.Context, s *Services, r *Request) (*Response, error) {
	metadata, meta, err := readOrder(r.JSON, time.Now())
	if err != nil {
		return nil, err
	}
	grant, err := s.Policy.Authorize(policy.OrdersPost, r.Caller, ownProject(r))
	if err != nil {
		return nil, err
	}
	placed, err := s.orders().Place(ctx, grant, key.New{Owner: r.Caller.ProjectID, Creator: r.Caller.UserID, Metadata: metadata}, meta)
	if err != nil {
		return nil, err
	}
	ref := s.orderRef(placed)
	response := jsonAnswer(http.StatusAccepted, map[string]string{"order_ref": ref})
	response.Header = http.Header{"Location": {ref}}
	return response, nil
}

// orders are those of the keys.
func (s *Services) orders() keyorder.Service { return keyorder.Service{Keys: s.Keys} }

func (s *Services) orderRef(o *keyorder.Order) string {
	return s.PublicEndpoint + ordersPath + "/" + o.ID
}

// orderMeta is what an order says of the key, in the words and the order in which it is
// shown again. Clients refuse other words.
//
// Source: barbicanclient/v1/orders.py, KeyOrder._validMeta.
type orderMeta struct {
	Name        *string `json:"name,omitempty"`
	Algorithm   string  `json:"algorithm"`
	BitLength   int     `json:"bit_length"`
	Mode        *string `json:"mode,omitempty"`
	Expiration  string  `json:"expiration,omitempty"`
	ContentType string  `json:"payload_content_type"`
}

// orderAlgorithms are those whose keys are nothing but random bits.
//
// Source: barbican/plugin/interface/secret_store.py, KeyAlgorithm.
var orderAlgorithms = []string{"aes", "des", "desede", "hmacsha1", "hmacsha256", "hmacsha384", "hmacsha512"}

// maxOrderBits bounds the length of a key that is made.
const maxOrderBits = 4096

// readOrder reads the body of order-create.
//
// Source: barbican/common/validators.py, TypeOrderValidator.
func readOrder(body []byte, now time.Time) (m key.Metadata, meta json.RawMessage, err error) {
	var kind, form string
	var asked json.RawMessage
	err = readFields(body, "", map[string]func(json.RawMessage) error{
		"type": func(v json.RawMessage) error { return readAs(v, "type", "text", &kind) },
		"meta": func(v json.RawMessage) error { asked = v; return nil },
	})
	switch {
	case err != nil:
		return m, nil, err
	case kind != "key":
		return m, nil, problem.New(problem.Invalid, "'type' is not valid: orders of the type 'key' alone are taken here.")
	case asked == nil:
		return m, nil, problem.New(problem.Invalid, "'meta' is missing.")
	}
	readers := metadataReaders("meta.", &m, now)
	delete(readers, "secret_type")
	readers["payload_content_type"] = shortText("meta.payload_content_type", &form)
	if err := readFields(asked, "meta.", readers); err != nil {
		return m, nil, err
	}
	if err := checkOrder(m, form); err != nil {
		return m, nil, err
	}
	shown := orderMeta{Name: orNull(m.Name), Algorithm: m.Algorithm, BitLength: m.BitLength, Mode: orNull(m.Mode), ContentType: octetStream}
	if m.Expires != nil {
		shown.Expiration = momentText(*m.Expires)
	}
	m.Type, m.ContentType = "symmetric", octetStream
	meta, err = json.Marshal(shown)
	return m, meta, err
}

func checkOrder(m key.Metadata, form string) error {
	switch {
	case m.Algorithm == "":
		return problem.New(problem.Invalid, "'meta.algorithm' is required for an order of the type 'key'.")
	case !slices.Contains(orderAlgorithms, strings.ToLower(m.Algorithm)):
		return problem.New(problem.Invalid, "'meta.algorithm' is not one of %s.", strings.Join(orderAlgorithms, ", "))
	case m.BitLength == 0:
		return problem.New(problem.Invalid, "'meta.bit_length' is required for an order of the type 'key'.")
	case m.BitLength%8 != 0 || m.BitLength > maxOrderBits:
		return problem.New(problem.Invalid, "'meta.bit_length' is not valid: a multiple of 8 up to %d needed.", maxOrderBits)
	case form != "" && form != octetStream:
		return problem.New(problem.Invalid, "'meta.payload_content_type' is not valid: a key that is made here is %s.", octetStream)
	}
	return nil
}

// orderDocument is an order as callers see it.
//
// Source: barbican/model/models.py, Order.
func (s *Services) orderDocument(o *keyorder.Order) map[string]any {
	moment := momentText(o.CreatedAt)
	document := map[string]any{
		"created": moment, "updated": moment, "status": o.State, "type": "key", "meta": o.Meta, "creator_id": o.Creator,
		"order_ref": s.orderRef(o),
	}
	switch o.State {
	case keyorder.Active:
		document["secret_ref"] = s.secretRef(o.Key)
	case keyorder.Failed:
		document["error_status_code"], document["error_reason"] = "500", "The key could not be made."
	}
	return document
}

// orderList answers a page of the orders of the caller's project, less those that the
// caller may not see.
//
// Source: barbican/api/controllers/orders.py, OrdersController.on_get.
func orderList(ctx context.Context, s *Services, r *Request) (*Response, error) {
	grant, err := s.Policy.Authorize(policy.SecretGet, r.Caller, ownProject(r))
	if err != nil {
		return nil, err
	}
	limit, offset := pageOf(r.Query)
	page, err := s.orders().List(ctx, grant, r.Caller.ProjectID, limit, offset, func(o *keyorder.Order) (bool, error) {
		return s.Policy.Decide(policy.SecretGet, r.Caller, orderTarget(o))
	})
	if err != nil {
		return nil, err
	}
	documents := make([]any, len(page.Orders))
	for i, o := range page.Orders {
		documents[i] = s.orderDocument(o)
	}
	answer := map[string]any{"orders": documents}
	s.addPage(answer, r, ordersPath, len(documents), page.Total)
	return jsonAnswer(http.StatusOK, answer), nil
}

func orderShow(ctx context.Context, s *Services, r *Request) (*Response, error) {
	found, _, err := s.order(ctx, r, policy.SecretGet)
	if err != nil {
		return nil, err
	}
	return jsonAnswer(http.StatusOK, s.orderDocument(found)), nil
}

func orderDelete(ctx context.Context, s *Services, r *Request) (*Response, error) {
	err := s.again(ctx, func() error {
		found, grant, err := s.order(ctx, r, policy.OrderDelete)
		if err != nil {
			return err
		}
		return s.orders().Cancel(ctx, grant, found)
	})
	if err != nil {
		return nil, err
	}
	return &Response{Status: http.StatusNoContent}, nil
}

// order returns the request's order and the grant of a rule about it. Who may not see
// it is told that there is none.
func (s *Services) order(ctx context.Context, r *Request, rule policy.Rule) (found *keyorder.Order, grant policy.Grant, err error) {
	found, err = s.orders().Find(ctx, r.Params["order_id"])
	if err != nil {
		return nil, grant, err
	}
	grant, err = s.authorizeSecret(rule, r.Caller, orderTarget(found))
	if problem.Is(err, problem.NotFound) {
		err = problem.Because(err, problem.NotFound, "%s", orderNotFoundText)
	}
	return found, grant, err
}

// orderTarget is what policy may read about an order.
func orderTarget(o *keyorder.Order) policy.Target {
	return policy.Attributes{"id": o.ID, "project_id": o.Owner, "creator_id": o.Creator, "reader": false}
}
