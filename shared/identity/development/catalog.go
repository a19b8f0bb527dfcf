package development

// A Service is one entry of the catalogue. It has one address, public,
// internal and for administration alike.
type Service struct {
	Type string // image
	Name string // glance
	URL  string
}

// OwnServices are the catalogue's entries for what this program serves at an endpoint:
// images, and the keys that they are encrypted with.
func OwnServices(endpoint string) []Service {
	return []Service{
		{Type: "image", Name: "glance", URL: endpoint},
		{Type: "key-manager", Name: "barbican", URL: endpoint + "/key-manager"},
	}
}

type catalogEntry struct {
	ID        string            `json:"id"`
	Type      string            `json:"type"`
	Name      string            `json:"name"`
	Endpoints []catalogEndpoint `json:"endpoints"`
}

type catalogEndpoint struct {
	ID        string `json:"id"`
	Interface string `json:"interface"`
	Region    string `json:"region"`
	RegionID  string `json:"region_id"`
	URL       string `json:"url"`
}

// catalog is what every scoped token carries.
func (i *Identity) catalog() []catalogEntry {
	own := Service{Type: "identity", Name: "keystone", URL: i.endpoint + "/v3"}
	var entries []catalogEntry
	for _, service := range append([]Service{own}, i.options.Services...) {
		entry := catalogEntry{
			ID:   stableID("service", "", service.Type),
			Type: service.Type, Name: service.Name,
		}
		for _, side := range []string{"public", "internal", "admin"} {
			entry.Endpoints = append(entry.Endpoints, catalogEndpoint{
				ID:        stableID("endpoint", service.Type, side),
				Interface: side, Region: Region, RegionID: Region, URL: service.URL,
			})
		}
		entries = append(entries, entry)
	}
	return entries
}
