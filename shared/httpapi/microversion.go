package httpapi

import (
	"context"
	"strconv"
	"strings"

	"github.com/gander-images/gander/shared/problem"
)

// Microversions of the key manager API are 1.0 to 1.2. From 1.1 on secrets are shown
// with their consumers. From 1.2 on clients expect that a secret with consumers is
// deleted by force alone; here that holds in every version.
const (
	withConsumers      = 1
	newestMicroversion = 2
)

const microversionHeader = "Openstack-Api-Version"

func microversionText(minor int) string { return "1." + strconv.Itoa(minor) }

// versioned has an operation of the key manager API answer in the version that the
// request asks for, and its answer tell which that was.
//
// Source: microversion_parse/middleware.py, which Barbican puts before its API.
func versioned(serve func(context.Context, *Services, *Request) (*Response, error)) func(context.Context, *Services, *Request) (*Response, error) {
	return func(ctx context.Context, s *Services, r *Request) (*Response, error) {
		minor, err := microversion(r.Header.Values(microversionHeader))
		if err != nil {
			return nil, err
		}
		r.microversion = minor
		said := "key-manager " + microversionText(minor)
		response, err := serve(ctx, s, r)
		if err != nil {
			return nil, withHeader(err, microversionHeader, said)
		}
		if response.Header == nil {
			response.Header = map[string][]string{}
		}
		response.Header.Set(microversionHeader, said)
		response.Header.Set("Vary", microversionHeader)
		return response, nil
	}
}

// microversion reads the header, in which each service has its part and the last one
// counts. Who asks for nothing gets the oldest.
//
// Source: microversion_parse/__init__.py, check_standard_header and extract_version.
func microversion(headers []string) (minor int, err error) {
	for part := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		fields := strings.Fields(part)
		if len(fields) < 2 || !strings.EqualFold(fields[0], "key-manager") {
			continue
		}
		asked := strings.Join(fields[1:], " ")
		if asked == "latest" {
			minor, err = newestMicroversion, nil
			continue
		}
		minor, err = parseMicroversion(asked)
	}
	return minor, err
}

func parseMicroversion(text string) (minor int, err error) {
	major, rest, _ := strings.Cut(text, ".")
	first, err1 := strconv.ParseUint(major, 10, 16)
	second, err2 := strconv.ParseUint(rest, 10, 16)
	switch {
	case err1 != nil || err2 != nil:
		return 0, problem.New(problem.Invalid, "Invalid microversion: '%s' is not of the form 1.2.", text)
	case first != 1 || second > newestMicroversion:
		return 0, problem.New(problem.NotAcceptable, "Invalid microversion: there are 1.0 to %s, not %s.", microversionText(newestMicroversion), text)
	}
	return int(second), nil
}
