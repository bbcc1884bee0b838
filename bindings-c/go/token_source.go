//go:build cgo

package wiresign

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

const (
	tokenTimeout = 10 * time.Second
	// mostTokenBytes is the longest answer of a token endpoint that is read.
	mostTokenBytes = 64 * 1024
	// longestTokenLife is what an answer may say at most, in seconds.
	longestTokenLife = 7 * 86_400
	longestPause     = 10 * time.Second
	// longestToken is what still fits into a header field, in bytes.
	longestToken = 8192
)

// bearerToken is what may stand behind "Bearer" (RFC 6750, section 2.1).
var bearerToken = regexp.MustCompile(`\A[A-Za-z0-9._~+/-]+=*\z`)

// A TokenError says why there is no token. Nothing was sent to the service that it is for.
type TokenError struct {
	// Status is that of the token endpoint; 0 where it did not answer.
	Status int
	// Code is what the endpoint says is wrong, as in "invalid_scope"; or the code of its refusal.
	Code string
	// Err is what went wrong on the way.
	Err error
}

func (e *TokenError) Error() string {
	switch {
	case e.Err != nil:
		return "wiresign: there is no token: " + e.Err.Error()
	case e.Code != "":
		return fmt.Sprintf("wiresign: the token endpoint answered with status %d and %s", e.Status, e.Code)
	default:
		return fmt.Sprintf("wiresign: the token endpoint answered with status %d", e.Status)
	}
}

// Unwrap gives what went wrong on the way.
func (e *TokenError) Unwrap() error { return e.Err }

// A TokenSource gets tokens from a token endpoint, and has the next one before the last has ended. The signer proves who
// asks. Any number of goroutines may share it.
type TokenSource struct {
	renewal renewal[string]
	client  http.Client
	url     string
	form    url.Values
}

// A TokenSourceOption adjusts NewTokenSource.
type TokenSourceOption func(*TokenSource)

// WithScope asks for less than all permissions that the caller has, as in "GET /a/** POST /b".
func WithScope(scope string) TokenSourceOption {
	return func(s *TokenSource) { s.form.Set("scope", scope) }
}

// WithTokenClient asks with the transport of this client, for a proxy or certificates of your own. It follows no redirect,
// whatever it does elsewhere.
func WithTokenClient(client *http.Client) TokenSourceOption {
	return func(s *TokenSource) { s.client = *client }
}

// NewTokenSource asks the token endpoint at an address for tokens with which the service "audience" can be called.
func NewTokenSource(signer RequestSigner, address, audience string, options ...TokenSourceOption) *TokenSource {
	source := &TokenSource{url: address, form: url.Values{"grant_type": {"client_credentials"}, "audience": {audience}}}
	for _, option := range options {
		option(source)
	}
	source.client.Transport = &Transport{Base: source.client.Transport, Signer: signer}
	source.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	source.renewal.what = "a token"
	source.renewal.timeout = tokenTimeout
	source.renewal.fail = func(cause error) error { return &TokenError{Err: cause} }
	source.renewal.fetch = source.fetch
	return source
}

// Token gives a token that has not ended. The error is a *TokenError, or that of the context.
func (s *TokenSource) Token(ctx context.Context) (string, error) {
	return s.renewal.get(ctx)
}

// Close closes the connections that are not in use.
func (s *TokenSource) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

func (s *TokenSource) fetch(ctx context.Context) (held[string], error) {
	asked := time.Now()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(s.form.Encode()))
	if err != nil {
		return held[string]{}, &TokenError{Err: err}
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	// A compressed answer could be small on the way and huge here.
	request.Header.Set("Accept-Encoding", "identity")
	response, err := s.client.Do(request)
	if err != nil {
		return held[string]{}, &TokenError{Err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, mostTokenBytes+1))
	if err == nil && len(body) > mostTokenBytes {
		err = fmt.Errorf("the answer of the token endpoint is longer than %d bytes", mostTokenBytes)
	}
	if err != nil {
		return held[string]{}, &TokenError{Status: response.StatusCode, Err: err}
	}
	text, seconds, err := readTokenAnswer(response.StatusCode, body)
	if err != nil {
		return held[string]{}, err
	}
	// Tokens know whole seconds only, so this one may have been issued a second ago.
	life := max(time.Duration(seconds-1)*time.Second, time.Second/2)
	ends := asked.Add(life)
	// Not the same moment for all who started together: a tenth to a fifth of the life is left.
	margin := time.Duration(float64(life) * (0.1 + 0.1*rand.Float64()))
	return held[string]{value: text, renew: ends.Add(-margin), ends: ends, pause: min(life/20, longestPause)}, nil
}

// readTokenAnswer gives a token, and for how many seconds it lives.
func readTokenAnswer(status int, body []byte) (string, int64, error) {
	// Each member by itself, so that one of another type leaves the others.
	var members map[string]json.RawMessage
	_ = json.Unmarshal(body, &members) // what is no object has no members
	text := func(name string) string {
		var value string
		_ = json.Unmarshal(members[name], &value)
		return value
	}
	if status != http.StatusOK {
		code := text("code")
		if code == "" {
			code = text("error")
		}
		return "", 0, &TokenError{Status: status, Code: code}
	}
	token := text("access_token")
	if len(token) > longestToken || !bearerToken.MatchString(token) || !strings.EqualFold(text("token_type"), "Bearer") {
		return "", 0, &TokenError{Status: status, Err: errors.New("the answer of the token endpoint holds no bearer token")}
	}
	var seconds int64
	if err := json.Unmarshal(members["expires_in"], &seconds); err != nil || seconds <= 0 || seconds > longestTokenLife {
		return "", 0, &TokenError{
			Status: status, Err: errors.New("the answer of the token endpoint does not say for how long the token lives"),
		}
	}
	return token, seconds, nil
}
