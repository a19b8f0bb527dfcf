package gateway

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
)

// dataPaths are what the CDN in front of a deployment sends to the data plane,
// in its own notation: a star stands for anything, slashes too. dataplane.yaml
// has the same; a test holds them together.
var dataPaths = []string{"/v2/images/*/file", "/v1/images/*"}

// front sends image data past the gateway, where there is a data plane.
func (g *Gateway) front(api http.Handler) http.Handler {
	if g.dataPlane == nil {
		return api
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = g.dataPlane.Scheme, g.dataPlane.Host
			r.Out.Host = r.In.Host
			r.SetXForwarded()
		},
		FlushInterval: -1,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			g.log.ErrorContext(r.Context(), "the data plane does not answer", "error", err)
			writeJSON(w, http.StatusBadGateway, "Bad Gateway")
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path, _ := requestTarget(r); isData(path) {
			proxy.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
}

// isData reports whether a path is one of the data plane's.
func isData(path string) bool {
	for _, p := range dataPaths {
		before, after, _ := strings.Cut(p, "*")
		if len(path) >= len(before)+len(after) && strings.HasPrefix(path, before) && strings.HasSuffix(path, after) {
			return true
		}
	}
	return false
}

// readDataPlane reads the data plane's URL; nil where there is none.
func readDataPlane(c Config) (*url.URL, error) {
	if c.DataPlane == "" {
		return nil, nil
	}
	return url.Parse(c.DataPlane)
}
