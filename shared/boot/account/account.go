// Package account is what the clients of AWS have to know of a process: its
// region, its credentials, where the services are, and how to connect to them.
//
// It reads the environment alone, which is all that a Lambda or a container has.
// Whatever else the SDK knows of, profiles, single sign-on and the metadata of
// machines, is in package chain, which functions do not link: it would make each
// of them a sixth larger.
package account

import (
	"context"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// NoRegion is the fault of a process that is told no region.
const NoRegion = "AWS_REGION: it is missing; it says where the table and the bucket are"

// FromEnvironment reads the variables that the SDK knows. What is missing or
// malformed is told as "NAME: ...", without the value: it may be a secret. It
// calls nobody.
//
// Source: AWS SDKs and Tools Reference Guide, "Environment variables list".
func FromEnvironment(environ []string) (aws.Config, []string) {
	e := environment(environ)
	client, faults := e.client()
	cfg := aws.Config{
		Region:                     e.first("AWS_REGION", "AWS_DEFAULT_REGION"),
		HTTPClient:                 client,
		ConfigSources:              []any{e},
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
	}
	if url := e.get("AWS_ENDPOINT_URL"); url != "" && !e.ignoresEndpoints() {
		cfg.BaseEndpoint = aws.String(url)
	}
	switch {
	case cfg.Region == "":
		faults = append(faults, NoRegion)
	case !region.MatchString(cfg.Region):
		faults = append(faults, "AWS_REGION: this is not the name of a region")
	}
	provider, fault := e.credentials()
	if fault != "" {
		faults = append(faults, fault)
	}
	cfg.Credentials = aws.NewCredentialsCache(provider)
	return cfg, faults
}

// region is what may stand in a host name.
var region = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// An environment is a list of NAME=value. As one of a configuration's sources it
// answers what a service's client asks for.
type environment []string

func (e environment) get(name string) string {
	for _, pair := range e {
		if n, value, _ := strings.Cut(pair, "="); n == name {
			return value
		}
	}
	return ""
}

func (e environment) first(names ...string) string {
	for _, name := range names {
		if value := e.get(name); value != "" {
			return value
		}
	}
	return ""
}

// GetServiceBaseEndpoint tells where another engine stands in for a service.
func (e environment) GetServiceBaseEndpoint(_ context.Context, service string) (url string, found bool, err error) {
	url = e.get("AWS_ENDPOINT_URL_" + strings.ToUpper(strings.ReplaceAll(service, " ", "_")))
	return url, url != "", nil
}

// GetIgnoreConfiguredEndpoints tells whether such engines are to be passed over.
func (e environment) GetIgnoreConfiguredEndpoints(context.Context) (ignore, found bool, err error) {
	return e.ignoresEndpoints(), e.get(ignoreEndpoints) != "", nil
}

const ignoreEndpoints = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"

func (e environment) ignoresEndpoints() bool {
	return strings.EqualFold(e.get(ignoreEndpoints), "true")
}

// GetUseFIPSEndpoint tells whether the services' FIPS endpoints are to be used.
func (e environment) GetUseFIPSEndpoint(context.Context) (state aws.FIPSEndpointState, found bool, err error) {
	switch strings.ToLower(e.get("AWS_USE_FIPS_ENDPOINT")) {
	case "true":
		return aws.FIPSEndpointStateEnabled, true, nil
	case "false":
		return aws.FIPSEndpointStateDisabled, true, nil
	}
	return aws.FIPSEndpointStateUnset, false, nil
}

// GetUseDualStackEndpoint tells whether the services' endpoints with both
// versions of IP are to be used.
func (e environment) GetUseDualStackEndpoint(context.Context) (state aws.DualStackEndpointState, found bool, err error) {
	switch strings.ToLower(e.get("AWS_USE_DUALSTACK_ENDPOINT")) {
	case "true":
		return aws.DualStackEndpointStateEnabled, true, nil
	case "false":
		return aws.DualStackEndpointStateDisabled, true, nil
	}
	return aws.DualStackEndpointStateUnset, false, nil
}
