//go:build cgo

package wiresign

import (
	"context"
	"time"
)

// An AWSProvider gives the credentials of the moment. Of the AWS SDK for Go, aws.CredentialsProvider is one, but for the names
// of its fields.
type AWSProvider func(context.Context) (AWSCredentials, error)

// The pace of AWSSigners.
const (
	awsRenewBefore = 5 * time.Minute
	awsPause       = 10 * time.Second
	awsTimeout     = 10 * time.Second
)

// AWSSigners signs with credentials that end, as those of a role do, and fetches the next ones five minutes before that. It
// stands where a Signer does: in a Transport, or for a TokenSource. Any number of goroutines may share it.
type AWSSigners struct {
	renewal renewal[*Signer]
}

// NewAWSSigners makes one of a configuration, which must stay open. The provider is asked when the first request is signed.
func NewAWSSigners(config *Config, provider AWSProvider, options ...SignerOption) *AWSSigners {
	signers := &AWSSigners{}
	signers.renewal.what = "the signer with credentials of AWS"
	signers.renewal.timeout = awsTimeout
	signers.renewal.fail = func(cause error) error { return &SigningError{Message: cause.Error(), cause: cause} }
	signers.renewal.fetch = func(ctx context.Context) (held[*Signer], error) {
		credentials, err := provider(ctx)
		if err != nil {
			return held[*Signer]{}, &SigningError{Message: "there are no credentials of AWS: " + err.Error(), cause: err}
		}
		signer, err := NewSignerWithAWSCredentials(config, credentials, options...)
		fetched := held[*Signer]{value: signer, ends: credentials.Expires, pause: awsPause}
		if !credentials.Expires.IsZero() {
			fetched.renew = credentials.Expires.Add(-awsRenewBefore)
		}
		return fetched, err
	}
	return signers
}

// Sign signs with the credentials of the moment. The error is a *SigningError.
func (s *AWSSigners) Sign(request *Request) ([]Field, error) {
	// The time of the fetch is limited.
	signer, err := s.renewal.get(context.Background())
	if err != nil {
		return nil, err
	}
	return signer.Sign(request)
}
