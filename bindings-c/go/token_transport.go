//go:build cgo

package wiresign

import (
	"net/http"
	"net/url"
)

// A TokenTransport calls a service with tokens.
//
//	client := &http.Client{Transport: &wiresign.TokenTransport{Source: source, URL: "https://orders.internal"}}
//
// A token goes to the origin of that URL only: requests and redirects to another one go without. It is never on the caller's
// own request, so nothing copies it.
type TokenTransport struct {
	// Base is what really sends; http.DefaultTransport unless set.
	Base http.RoundTripper
	// Source gives the tokens.
	Source *TokenSource
	// URL is where the service is that the tokens are for.
	URL string
}

// RoundTrip sends one request, with a token where it goes to the service. The error is a *TokenError where there is none, and
// nothing was sent.
func (t *TokenTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	base := baseOr(t.Base)
	service, err := url.Parse(t.URL)
	if err != nil || service.Host == "" {
		closeBody(r)
		return nil, &Failure{Code: ErrInvalidArgument, Message: "TokenTransport.URL is no absolute URL"}
	}
	if origin(r.URL) != origin(service) {
		return base.RoundTrip(r)
	}
	token, err := t.Source.Token(r.Context())
	if err != nil {
		closeBody(r)
		return nil, err
	}
	outgoing := r.Clone(r.Context())
	if outgoing.Header == nil {
		outgoing.Header = http.Header{}
	}
	outgoing.Header.Set("Authorization", "Bearer "+token)
	response, err := base.RoundTrip(outgoing)
	if response != nil {
		response.Request = r
	}
	return response, err
}

// CloseIdleConnections is what http.Client.CloseIdleConnections calls.
func (t *TokenTransport) CloseIdleConnections() {
	closeIdle(t.Base)
}

// closeBody is what a transport owes also to a request that it does not send.
func closeBody(r *http.Request) {
	if r.Body != nil {
		r.Body.Close()
	}
}
