package proxy

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// An attribute is a value of an item, as far as keys need it.
type attribute struct {
	S *string `json:"S"`
	N *string `json:"N"`
}

// item is one action of a transaction, or what a plain request says about its
// item.
type item struct {
	TableName string
	Key       map[string]attribute
	Item      map[string]attribute
}

// A request is what the proxy reads of any of DynamoDB's requests.
type request struct {
	item
	TransactItems []map[string]item
	RequestItems  map[string]json.RawMessage
	// Values of a Query are where its partition stands.
	ExpressionAttributeValues map[string]attribute
}

// readTable fills in what a request of DynamoDB does, and to what. The parts of a
// transaction count as the actions that they are: there is no permission for
// transactions.
//
// Source: Amazon DynamoDB Developer Guide, "IAM with transactions".
//
// The ARN of a table is prefix and name.
func (c *Call) readTable(prefix string) error {
	var r request
	if err := json.Unmarshal(c.body, &r); err != nil {
		return &refusal{status: 400, code: "SerializationException", message: "The request is no JSON."}
	}
	use := func(action, table string) {
		u := Use{Action: "dynamodb:" + action, Resource: tableARN(prefix, table)}
		if !slices.Contains(c.Uses, u) {
			c.Uses = append(c.Uses, u)
		}
	}
	switch {
	case c.Operation == "TransactWriteItems" || c.Operation == "TransactGetItems":
		for _, parts := range r.TransactItems {
			for kind, part := range parts {
				use(kind+"Item", part.TableName)
				c.name(part)
			}
		}
	case len(r.RequestItems) > 0:
		for _, table := range slices.Sorted(maps.Keys(r.RequestItems)) {
			use(c.Operation, table)
			c.nameBatch(r.RequestItems[table])
		}
	case r.TableName == "": // ListTables and the like
		c.Uses = append(c.Uses, Use{Action: "dynamodb:" + c.Operation, Resource: "*"})
	default:
		use(c.Operation, r.TableName)
		c.name(r.item)
		for _, name := range slices.Sorted(maps.Keys(r.ExpressionAttributeValues)) {
			if v := r.ExpressionAttributeValues[name]; v.S != nil && c.Operation == "Query" {
				c.Items = append(c.Items, *v.S+"/")
			}
		}
	}
	return nil
}

// name notes the key of an item: its parts in the order of their names, which
// for pk and sk is partition, then sort.
func (c *Call) name(i item) {
	key := i.Key
	if key == nil {
		key = map[string]attribute{}
		for _, name := range []string{"pk", "sk"} {
			if a, ok := i.Item[name]; ok {
				key[name] = a
			}
		}
	}
	if len(key) > 0 {
		c.Items = append(c.Items, keyText(key))
	}
}

func keyText(key map[string]attribute) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(key)) {
		switch a := key[name]; {
		case a.S != nil:
			parts = append(parts, *a.S)
		case a.N != nil:
			parts = append(parts, *a.N)
		}
	}
	return strings.Join(parts, "/")
}

// nameBatch notes the keys of BatchGetItem and BatchWriteItem.
func (c *Call) nameBatch(raw json.RawMessage) {
	var get struct{ Keys []map[string]attribute }
	if json.Unmarshal(raw, &get) == nil {
		for _, key := range get.Keys {
			c.Items = append(c.Items, keyText(key))
		}
	}
	var write []map[string]item
	if json.Unmarshal(raw, &write) == nil {
		for _, requests := range write {
			for _, part := range requests {
				c.name(part)
			}
		}
	}
}

// tableARN is the ARN of a table, which may be named by one already.
func tableARN(prefix, name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	return prefix + name
}
