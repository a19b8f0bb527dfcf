// Package chain finds the region and the credentials of AWS in every place that
// the SDK knows: environment, files with profiles, single sign-on, web
// identities, and the metadata of containers and machines.
package chain

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/gander-images/gander/shared/boot/account"
)

// Load is account.FromEnvironment for a process that a person or a machine may
// have given more than an environment. It reads the process's own environment,
// whatever is passed, and calls nobody: credentials are looked for at their
// first use.
func Load([]string) (aws.Config, []string) {
	cfg, err := config.LoadDefaultConfig(context.Background(), config.WithHTTPClient(account.Client()))
	if err != nil {
		return aws.Config{}, []string{fmt.Sprintf("AWS configuration: %v", err)}
	}
	if cfg.Region == "" {
		return cfg, []string{account.NoRegion}
	}
	return cfg, nil
}
