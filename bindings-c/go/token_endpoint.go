//go:build cgo

package wiresign

import (
	"io"
	"net/http"
)

// longestTokenForm is behind what the library reads of a form, so that one that is longer gets its answer.
const longestTokenForm = 16*1024 + 1

// A TokenEndpointOption adjusts TokenEndpoint.
type TokenEndpointOption func(*tokenEndpoint)

// WithTenant names the tenant of each token. What a caller says of its tenant is no proof of it.
func WithTenant(name func(r *http.Request, caller *Caller) string) TokenEndpointOption {
	return func(e *tokenEndpoint) { e.tenant = name }
}

type tokenEndpoint struct {
	issuer *TokenIssuer
	tenant func(*http.Request, *Caller) string
}

// TokenEndpoint answers requests for tokens (RFC 6749, client credentials). It stands behind Middleware, which verifies who
// asks: with a key of HMAC, an API key, or whatever else the configuration accepts. Without that, nobody gets a token.
func TokenEndpoint(issuer *TokenIssuer, options ...TokenEndpointOption) http.Handler {
	endpoint := &tokenEndpoint{issuer: issuer}
	for _, option := range options {
		option(endpoint)
	}
	return endpoint
}

func (e *tokenEndpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, longestTokenForm))
	if err != nil {
		// Nobody is there to be answered.
		panic(http.ErrAbortHandler)
	}
	form := &TokenForm{Form: text}
	if caller, ok := CallerFrom(r.Context()); ok {
		form.Caller = caller.Service()
		if e.tenant != nil {
			form.Tenant = e.tenant(r, caller)
		}
	}
	response, err := e.issuer.Answer(form)
	if err != nil {
		watch := &observer{}
		if known := acceptanceOf(r.Context()); known != nil {
			watch = known.watch
		}
		watch.turnAway(w, r, err, 0)
		return
	}
	writeAnswer(w, response.Status, response.Fields, response.Body)
}

// writeAnswer writes an answer that the library made, byte for byte.
func writeAnswer(w http.ResponseWriter, status int, fields []Field, body string) {
	for _, field := range fields {
		w.Header().Set(field.Name, field.Value)
	}
	w.WriteHeader(status)
	// A client that went away meanwhile has had its answer.
	_, _ = io.WriteString(w, body)
}
