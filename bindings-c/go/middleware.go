//go:build cgo

package wiresign

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"time"
)

// A MiddlewareOption adjusts Middleware.
type MiddlewareOption func(*observer)

// WithLogger writes one audit record per decision: accepted requests at level Info, refused ones at level Warn.
func WithLogger(logger *slog.Logger) MiddlewareOption {
	return func(o *observer) { o.logger = logger }
}

// OnDecision calls a hook with every decision. Its panics are reported, and change nothing.
func OnDecision(hook func(Decision)) MiddlewareOption {
	return func(o *observer) { o.hook = hook }
}

// WithClient tells whose address a request comes from, where a proxy stands in between: else it is that of the
// connection, and "limits" of the configuration would count all clients of the proxy as one. Believe only what your own
// proxy has written. The zero value is an address that is not known.
func WithClient(address func(*http.Request) netip.Addr) MiddlewareOption {
	return func(o *observer) { o.client = address }
}

// WithIdentityHeaders names further header fields that the application takes for an identity, such as X-User-ID. They never reach
// it from outside.
func WithIdentityHeaders(names ...string) MiddlewareOption {
	return func(o *observer) {
		for _, name := range names {
			o.identityFields = append(o.identityFields, http.CanonicalHeaderKey(name))
		}
	}
}

// Middleware answers a request itself unless its signature holds. The handlers behind it find the caller with
// CallerFrom, and read the body as if nobody had. Put it before everything that reads a body or rewrites a request.
// Handshakes of webhooks it answers by itself.
func Middleware(verifier *Verifier, options ...MiddlewareOption) func(http.Handler) http.Handler {
	watch := &observer{}
	for _, option := range options {
		option(watch)
	}
	if watch.keySets != nil {
		watch.keySets.follow(verifier)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			serve(verifier, watch, next, w, r)
		})
	}
}

func serve(verifier *Verifier, watch *observer, next http.Handler, w http.ResponseWriter, r *http.Request) {
	if known := acceptanceOf(r.Context()); known != nil && known.verifier == verifier {
		// Mounted twice, on a router and on a part of it: the second look would be a replay. What is taken out here is taken out.
		if len(watch.identityFields) > 0 {
			r = r.WithContext(r.Context())
			stripUnverifiedIdentity(r, known.caller, watch.identityFields)
		}
		next.ServeHTTP(w, r)
		return
	}
	request := watch.requestOf(r)
	if watch.handshake(w, r, verifier, request) {
		return
	}
	watch.identify(r, verifier, request)
	caller, took, err := verifier.receive(r, request)
	if err == nil {
		err = watch.settle(r.Context(), verifier, caller)
	}
	if err != nil {
		watch.keySets.heed(r, err)
		watch.turnAway(w, r, err, took)
		return
	}
	watch.accepted(r, caller, took)
	accepted := r.WithContext(context.WithValue(r.Context(), acceptanceKey{}, &acceptance{verifier, watch, caller}))
	stripUnverifiedIdentity(accepted, caller, watch.identityFields)
	next.ServeHTTP(w, accepted)
}

// RequireService serves some of the verified callers only; without any service named all of them, but nobody else. It
// stands behind Middleware, and refuses to serve without it.
func RequireService(services ...string) func(http.Handler) http.Handler {
	return requiring("RequireService", func(caller *Caller) error { return caller.RequireService(services...) })
}

// RequirePermission serves verified callers only that may do all that a pattern matches, such as "POST /invoices/**": by
// "permissions" of the configuration, and by those of the request's token. It stands behind Middleware, and refuses to serve
// without it. It panics for what is no pattern, which nobody could have.
func RequirePermission(permission string) func(http.Handler) http.Handler {
	if err := checkPermission(permission); err != nil {
		panic(err)
	}
	return requiring("RequirePermission", func(caller *Caller) error { return caller.RequirePermission(permission) })
}

// requiring keeps a rule of the application. The name is that of its middleware.
func requiring(name string, rule func(*Caller) error) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			known := acceptanceOf(r.Context())
			if known == nil {
				err := &Failure{Code: ErrInvalidArgument, Message: name + " needs Middleware before it"}
				(&observer{}).turnAway(w, r, err, 0)
				return
			}
			if err := rule(known.caller); err != nil {
				known.watch.turnAway(w, r, err, 0)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// longestHandshake is what a request may have of a body to be a handshake; the library has the same limit.
const longestHandshake = 16 * 1024

// handshake answers the challenge of a webhook's sender, where the request is one. Only requests to routes of such webhooks
// are looked at, and the body of no other is gathered. False: judge the request.
func (o *observer) handshake(w http.ResponseWriter, r *http.Request, verifier *Verifier, request *Request) bool {
	webhooks := verifier.HandshakesAt(request.Method, request.Target)
	if len(webhooks) == 0 {
		return false
	}
	body, isWhole, err := gather(r, longestHandshake)
	if err != nil || !isWhole {
		// The verification meets the same body, and says what is to be said of it.
		return false
	}
	asking := *request
	asking.Body = body
	for _, webhook := range webhooks {
		start := time.Now()
		response, err := verifier.Handshake(webhook, &asking)
		if err != nil {
			o.turnAway(w, r, err, time.Since(start))
			return true
		}
		if response != nil {
			writeAnswer(w, response.Status, response.Fields, response.Body)
			return true
		}
	}
	return false
}

// CallerFrom gives who called, from the context of a request behind Middleware. False on a public route, whose callers
// nobody has verified, and where there was no Middleware.
func CallerFrom(ctx context.Context) (*Caller, bool) {
	known := acceptanceOf(ctx)
	if known == nil || known.caller.Service() == "" {
		return nil, false
	}
	return known.caller, true
}

// An acceptance is what the context of an accepted request holds.
type acceptance struct {
	verifier *Verifier
	watch    *observer
	caller   *Caller
}

type acceptanceKey struct{}

func acceptanceOf(ctx context.Context) *acceptance {
	known, _ := ctx.Value(acceptanceKey{}).(*acceptance)
	return known
}

// requestOf gives the raw parts of a request, from the client that the options name.
func (o *observer) requestOf(r *http.Request) *Request {
	request := requestOf(r)
	if o.client != nil {
		request.Client = o.client(r)
	}
	return request
}

// clientOf gives the address that a request comes from, by the options.
func (o *observer) clientOf(r *http.Request) netip.Addr {
	if o.client != nil {
		return o.client(r)
	}
	return peerOf(r)
}

// turnAway answers a request that is not served.
func (o *observer) turnAway(w http.ResponseWriter, r *http.Request, err error, took time.Duration) {
	var refusal *Refusal
	var unread *BodyError
	switch {
	case errors.As(err, &refusal):
		o.refused(r, refusal, took)
		answer(w, refusal)
	case errors.As(err, &unread):
		// Nobody is there to be answered; and without this, the server would answer 200.
		panic(http.ErrAbortHandler)
	default:
		o.failed(r, err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

// answer answers a refused request with exactly the bytes that the refusal has for it. What the client may still be
// sending, the server drops, or closes the connection.
func answer(w http.ResponseWriter, refusal *Refusal) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(refusal.Response.Body)))
	if refusal.Response.WWWAuthenticate != "" {
		header.Set("WWW-Authenticate", refusal.Response.WWWAuthenticate)
	}
	if refusal.Response.Status == http.StatusTooManyRequests {
		// Failures are counted by the minute of the clock.
		header.Set("Retry-After", strconv.FormatInt(60-time.Now().Unix()%60, 10))
	}
	w.WriteHeader(refusal.Response.Status)
	// A client that went away meanwhile has had its answer.
	_, _ = w.Write([]byte(refusal.Response.Body))
}

// identityFields are what a handler might take for the name of the caller.
var identityFields = [...]string{"X-Service-Id", "X-Service-Name"}

// stripUnverifiedIdentity removes what a handler might take for the caller's name, unless it is that name: on a public route, or
// beside another scheme's credential, anybody may have written it. Fields that the application names are always removed.
func stripUnverifiedIdentity(r *http.Request, caller *Caller, always []string) {
	var foreign []string
	for _, name := range identityFields {
		values := r.Header[name]
		if len(values) == 0 || len(values) == 1 && values[0] == caller.Service() && caller.Service() != "" {
			continue
		}
		foreign = append(foreign, name)
	}
	for _, name := range always {
		if len(r.Header[name]) > 0 {
			foreign = append(foreign, name)
		}
	}
	if len(foreign) == 0 {
		return
	}
	// Whoever is in front of the middleware keeps the request as it came.
	r.Header = r.Header.Clone()
	for _, name := range foreign {
		delete(r.Header, name)
	}
}
