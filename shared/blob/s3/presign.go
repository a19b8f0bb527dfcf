package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/gander-images/gander/shared/blob"
)

// Presign implements blob.Presigner. Nobody is called, but for credentials that
// ran out. The life is cut to MaxPresign and to the life of the credentials that
// sign, which S3 checks too, and to whole seconds.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
func (s *Store) Presign(ctx context.Context, name, version string, life time.Duration) (string, error) {
	if err := check(ctx, name); err != nil {
		return "", err
	}
	if version == "" {
		return "", fmt.Errorf("signing a URL of %s: %w", name, blob.ErrNotFound)
	}
	signer, err := s.signer(ctx)
	if err != nil {
		return "", s.explain(ctx, "signing a URL of", name, err)
	}
	life = min(life, blob.MaxPresign, signer.life()).Truncate(time.Second)
	if life <= 0 {
		return "", fmt.Errorf("signing a URL of %s: %w: there is no second left for it", name, blob.ErrBusy)
	}
	request, err := s3.NewPresignClient(s.client).PresignGetObject(ctx, &s3.GetObjectInput{
		Bucket: &s.bucket, Key: &name, VersionId: &version, ResponseContentType: aws.String(contentType),
		ResponseCacheControl: aws.String("no-store"), // it is for whoever was let in, and for nobody's cache
	}, func(o *s3.PresignOptions) { o.Expires, o.Presigner = life, signer })
	if err != nil {
		return "", s.explain(ctx, "signing a URL of", name, err)
	}
	return request.URL, nil
}

// A signer signs with one set of credentials, by one clock.
type signer struct {
	*v4.Signer
	credentials aws.Credentials
	now         time.Time
}

func (s *Store) signer(ctx context.Context) (*signer, error) {
	provider := s.client.Options().Credentials
	if provider == nil {
		return nil, errors.New("there are no credentials")
	}
	credentials, err := provider.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	v4 := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	return &signer{Signer: v4, credentials: credentials, now: s.now()}, nil
}

// life is how long the credentials still hold.
func (s *signer) life() time.Duration {
	if !s.credentials.CanExpire {
		return blob.MaxPresign
	}
	return s.credentials.Expires.Sub(s.now)
}

// PresignHTTP implements s3.HTTPPresignerV4. The credentials whose life was looked
// at are those that sign.
func (s *signer) PresignHTTP(ctx context.Context, _ aws.Credentials, r *http.Request, payload, service, region string, _ time.Time, o ...func(*v4.SignerOptions)) (string, http.Header, error) {
	return s.Signer.PresignHTTP(ctx, s.credentials, r, payload, service, region, s.now, o...)
}
