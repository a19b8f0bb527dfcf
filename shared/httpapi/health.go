package httpapi

import (
	"context"
	"net/http"

	"github.com/gander-images/gander/shared/problem"
)

// healthcheck answers load balancers.
//
// Source: oslo_middleware/healthcheck.
func healthcheck(ctx context.Context, s *Services, _ *Request) (*Response, error) {
	if s.Healthy != nil {
		if err := s.Healthy(ctx); err != nil {
			return nil, problem.Because(err, problem.Unavailable, "The service cannot serve requests now.")
		}
	}
	return &Response{
		Status: http.StatusOK,
		Header: http.Header{"Content-Type": {"text/plain; charset=UTF-8"}},
		Body:   []byte("OK"),
	}, nil
}
