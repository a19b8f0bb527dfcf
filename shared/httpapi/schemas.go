package httpapi

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/task"
)

const uuidPattern = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"

// A property is one entry of a JSON schema.
type property struct {
	Type                 any                  `json:"type,omitempty"` // a name, or several
	Description          string               `json:"description,omitempty"`
	ReadOnly             bool                 `json:"readOnly,omitempty"`
	WriteOnly            bool                 `json:"writeOnly,omitempty"`
	IsBase               *bool                `json:"is_base,omitempty"` // false on the site's own
	MinLength            int                  `json:"minLength,omitempty"`
	MaxLength            int                  `json:"maxLength,omitempty"`
	Pattern              string               `json:"pattern,omitempty"`
	Enum                 []any                `json:"enum,omitempty"`
	Items                any                  `json:"items,omitempty"`
	Properties           map[string]*property `json:"properties,omitempty"`
	AdditionalProperties any                  `json:"additionalProperties,omitempty"`
	Required             []string             `json:"required,omitempty"`
}

// A schema is one document below /v2/schemas.
type schema struct {
	Name                 string               `json:"name"`
	Properties           map[string]*property `json:"properties"`
	AdditionalProperties any                  `json:"additionalProperties,omitempty"`
	Links                []link               `json:"links,omitempty"`
}

// locationProperties describe one element of locations.
var locationProperties = map[string]*property{
	"url":      {Type: "string", MaxLength: 255},
	"metadata": {Type: "object"},
	"validation_data": {
		Type: "object", WriteOnly: true, AdditionalProperties: false, Required: []string{"os_hash_algo", "os_hash_value"},
		Description: "Hashes to take over as the image's own; those of an image with data must be the same",
		Properties: map[string]*property{
			"checksum":      {Type: "string", MinLength: 32, MaxLength: 32},
			"os_hash_algo":  {Type: "string", MaxLength: 64},
			"os_hash_value": {Type: "string", MaxLength: 128},
		},
	},
}

// memberProperties and taskProperties describe what the calls of these families
// answer.
//
// Source: glance/api/v2/image_members.py and tasks.py.
var (
	memberProperties = map[string]*property{
		"member_id":  {Type: "string", Description: "The project that the image is shared with"},
		"image_id":   {Type: "string", Description: "The image's identifier", Pattern: uuidPattern},
		"created_at": {Type: "string", Description: "When the image was shared"},
		"updated_at": {Type: "string", Description: "When the membership last changed"},
		"status":     {Type: "string", Description: "What the project thinks of it", Enum: texts("pending", "accepted", "rejected")},
		"schema":     {Type: "string", ReadOnly: true},
	}
	taskProperties = map[string]*property{
		"id":         {Type: "string", Description: "The task's identifier", Pattern: uuidPattern},
		"type":       {Type: "string", Description: "What the task does", Enum: texts("import", "api_image_import", "location_import", task.TypeUpload)},
		"status":     {Type: "string", Description: "Where the task stands", Enum: texts("pending", "processing", "success", "failure")},
		"input":      {Type: nullOr("object"), Description: "What the task was given"},
		"result":     {Type: nullOr("object"), Description: "What the task made"},
		"owner":      {Type: "string", Description: "The project that the task belongs to"},
		"message":    {Type: "string", Description: "What there is to say, mostly why the task failed"},
		"image_id":   {Type: "string", Description: "The image that the task works on"},
		"request_id": {Type: "string", Description: "The request that began the task"},
		"user_id":    {Type: "string", Description: "The user who began the task"},
		"expires_at": {Type: nullOr("string"), Description: "When the task will be forgotten"},
		"created_at": {Type: "string", Description: "When the task was made"},
		"updated_at": {Type: "string", Description: "When the task last changed"},
		"self":       {Type: "string", ReadOnly: true},
		"schema":     {Type: "string", ReadOnly: true},
	}
)

// schemas are the documents, written out once.
var schemas = writeSchemas()

// writeSchemas makes the documents. Images have the full form, with the links of
// their entries and what else is allowed; the others have the short one.
//
// Source: glance/schema.py, raw and minimal; glance/api/v2/schemas.py.
func writeSchemas() map[string][]byte {
	entry := schema{
		Name: "image", Properties: imageProperties(), AdditionalProperties: property{Type: "string"},
		Links: []link{{"self", "{self}"}, {"enclosure", "{file}"}, {"describedby", "{schema}"}},
	}
	list := collection("images", entry)
	list.Properties["first"], list.Properties["next"] = &property{Type: "string"}, &property{Type: "string"}
	list.Links = []link{{"first", "{first}"}, {"next", "{next}"}, {"describedby", "{schema}"}}
	member := schema{Name: "member", Properties: memberProperties}
	task := schema{Name: "task", Properties: taskProperties}
	stub := schema{Name: "task", Properties: map[string]*property{}}
	for name, p := range taskProperties {
		switch name {
		case "input", "result", "message":
		default:
			stub.Properties[name] = p
		}
	}
	documents := map[string][]byte{}
	for _, doc := range []schema{entry, list, member, collection("members", member), task, collection("tasks", stub)} {
		body, err := json.Marshal(doc)
		if err != nil {
			panic(err) // ours alone
		}
		documents[doc.Name] = body
	}
	return documents
}

func collection(name string, entry schema) schema {
	return schema{
		Name: name,
		Properties: map[string]*property{
			name:     {Type: "array", Items: entry},
			"schema": {Type: "string"},
		},
		Links: []link{{"describedby", "{schema}"}},
	}
}

// imageProperties is the attribute table in the words of JSON Schema.
func imageProperties() map[string]*property {
	properties := make(map[string]*property, len(attributes))
	site := false
	for name, a := range attributes {
		p := a.property()
		if !a.base {
			p.IsBase = &site
		}
		properties[name] = p
	}
	return properties
}

func (a *attribute) property() *property {
	p := &property{Description: a.about, ReadOnly: a.locked, MaxLength: a.max, Properties: a.details, Required: a.required}
	names := a.kinds.names()
	p.Type = names
	if len(names) == 1 {
		p.Type = names[0]
	}
	if a.uuid {
		p.Pattern = uuidPattern
	}
	if a.enum != nil {
		p.Enum = texts(a.enum...)
		if a.kinds&isNull != 0 {
			p.Enum = append([]any{nil}, p.Enum...)
		}
	}
	if a.items != nil {
		p.Items = a.items.property()
	}
	return p
}

func (k kind) names() []string {
	var names []string
	for i, name := range []string{"null", "string", "integer", "boolean", "array", "object"} {
		if k&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

func nullOr(name string) []string { return []string{"null", name} }

func texts(values ...string) []any {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	return list
}

// schemaShow serves the schemas that are known.
func schemaShow(_ context.Context, _ *Services, r *Request) (*Response, error) {
	body, ok := schemas[r.Params["schema_name"]]
	if !ok {
		return nil, problem.New(problem.NotFound, "")
	}
	return &Response{Status: http.StatusOK, Body: body}, nil
}
