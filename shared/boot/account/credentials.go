package account

import (
	"net/netip"
	"net/url"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
)

// Variables of credentials. A Lambda is given the first three; a task or a pod
// is told where to ask.
const (
	keyID        = "AWS_ACCESS_KEY_ID"
	secretKey    = "AWS_SECRET_ACCESS_KEY" //nolint:gosec // a name
	sessionToken = "AWS_SESSION_TOKEN"     //nolint:gosec // likewise

	relativeURI = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
	fullURI     = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
	askToken    = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
	askFile     = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
)

// taskEndpoint is where a container asks by a relative URI.
//
// Source: AWS SDKs and Tools Reference Guide, "Container credential provider".
const taskEndpoint = "http://169.254.170.2"

// credentials are keys, or somebody on this machine who hands them out. fault is
// empty where there are any.
func (e environment) credentials() (provider aws.CredentialsProvider, fault string) {
	id, secret := e.get(keyID), e.get(secretKey)
	switch {
	case id != "" && secret != "":
		return credentials.NewStaticCredentialsProvider(id, secret, e.get(sessionToken)), ""
	case id != "":
		return nil, secretKey + ": it is missing beside " + keyID
	case secret != "":
		return nil, keyID + ": it is missing beside " + secretKey
	case e.get(relativeURI) != "":
		return e.asking(taskEndpoint + e.get(relativeURI)), ""
	case e.get(fullURI) != "" && safeToAsk(e.get(fullURI)):
		return e.asking(e.get(fullURI)), ""
	case e.get(fullURI) != "":
		return nil, fullURI + ": without TLS it must lead to this machine, or to the addresses of ECS and EKS"
	}
	return nil, keyID + ": it is missing, with " + secretKey + "; there is no " + relativeURI + " or " + fullURI + " in their place"
}

func (e environment) asking(endpoint string) aws.CredentialsProvider {
	return endpointcreds.New(endpoint, func(o *endpointcreds.Options) {
		o.AuthorizationToken = e.get(askToken)
		if file := e.get(askFile); file != "" {
			o.AuthorizationTokenProvider = endpointcreds.TokenProviderFunc(func() (string, error) {
				token, err := os.ReadFile(file) // it is renewed while we run
				return string(token), err
			})
		}
	})
}

// taskAddresses are those of ECS, and of EKS in both versions of IP.
var taskAddresses = map[string]bool{"169.254.170.2": true, "169.254.170.23": true, "fd00:ec2::23": true}

// safeToAsk keeps the token from travelling in the open.
func safeToAsk(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return false
	}
	host := u.Hostname()
	address, err := netip.ParseAddr(host)
	return u.Scheme == "https" || u.Scheme == "http" && (host == "localhost" || taskAddresses[host] || err == nil && address.IsLoopback())
}
