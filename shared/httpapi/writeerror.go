package httpapi

import (
	"net/http"

	"github.com/gander-images/gander/shared/problem"
)

// WriteError answers r with err, in the form that r accepts. It is for what
// goes wrong before Handler is reached or after it answered.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	response := errorAnswer(err, &Request{Request: r})
	header := w.Header()
	for name, values := range response.Header {
		header[name] = values
	}
	header.Set("Cache-Control", "no-store")
	status, _ := problem.Status(err)
	setLength(header, status, int64(len(response.Body)))
	w.WriteHeader(status)
	_, _ = w.Write(response.Body) // whoever left needs no answer
}
