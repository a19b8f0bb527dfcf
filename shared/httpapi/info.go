package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/policy"
)

type importInfo struct {
	Description string   `json:"description"`
	Type        string   `json:"type"`
	Value       []string `json:"value"`
}

// infoImport tells which import methods work here.
//
// Source: glance/api/v2/discovery.py, get_image_import.
func infoImport(_ context.Context, s *Services, _ *Request) (*Response, error) {
	methods := append([]string{}, s.ImportMethods...)
	return jsonAnswer(http.StatusOK, map[string]importInfo{
		"import-methods": {Description: "Import methods available.", Type: "array", Value: methods},
	}), nil
}

type storeInfo struct {
	ID          string `json:"id"`
	Description string `json:"description,omitempty"`
	Default     string `json:"default,omitempty"`   // "true" or absent
	ReadOnly    string `json:"read-only,omitempty"` // likewise
}

type storeDetail struct {
	storeInfo
	Type       string         `json:"type"`
	Properties map[string]any `json:"properties"`
	Weight     int            `json:"weight"`
}

// infoStores lists the stores that callers may choose.
//
// Source: glance/api/v2/discovery.py, get_stores.
func infoStores(_ context.Context, s *Services, _ *Request) (*Response, error) {
	list := []storeInfo{}
	for i, store := range s.stores() {
		if shown(store) {
			list = append(list, describe(store, i == 0))
		}
	}
	return jsonAnswer(http.StatusOK, map[string]any{"stores": list}), nil
}

// infoStoresDetail is infoStores with what operators want to know.
//
// Source: glance/api/v2/discovery.py, get_stores_detail.
func infoStoresDetail(_ context.Context, s *Services, r *Request) (*Response, error) {
	if _, err := s.Policy.Authorize(policy.StoresInfoDetail, r.Caller, policy.Attributes{}); err != nil {
		return nil, err
	}
	list := []storeDetail{}
	for i, store := range s.stores() {
		if !shown(store) {
			continue
		}
		detail := storeDetail{
			storeInfo: describe(store, i == 0), Type: store.Type, Properties: store.Properties, Weight: store.Weight,
		}
		if detail.Properties == nil {
			detail.Properties = map[string]any{}
		}
		list = append(list, detail)
	}
	return jsonAnswer(http.StatusOK, map[string]any{"stores": list}), nil
}

// shown reports whether callers may know the store: internal ones stay hidden.
func shown(store image.Store) bool { return !strings.HasPrefix(store.ID, image.ServerPrefix+"_") }

func describe(store image.Store, first bool) storeInfo {
	info := storeInfo{ID: store.ID, Description: store.Description}
	if first {
		info.Default = "true"
	}
	if store.ReadOnly {
		info.ReadOnly = "true"
	}
	return info
}
