//go:build cgo

package wiresign

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// A Decision is what was decided about one request: exactly one of Caller and Refusal is set.
type Decision struct {
	// Caller is who called, of an accepted request; on a public route nobody.
	Caller *Caller
	// Refusal is why, of a refused request.
	Refusal *Refusal
	// Method is the method.
	Method string
	// Path is the raw path without its query, with whatever cannot be printed escaped, and cut at 1024 characters.
	Path string
	// Client is the address that the request came from; the zero value where it is not known.
	Client netip.Addr
	// Duration is what the verification took, without the wait for the body.
	Duration time.Duration
}

// Event is "accepted", "refused", or "public".
func (d Decision) Event() string {
	switch {
	case d.Caller == nil:
		return "refused"
	case d.Caller.IsPublic():
		return "public"
	default:
		return "accepted"
	}
}

// Attrs are the fields of the audit record, the same in every language. None is a secret, a signature or a query. A
// field that is not known is nil.
func (d Decision) Attrs() []slog.Attr {
	var service, scheme, keyID, code, route, client, requestID, age, detail any
	if d.Client.IsValid() {
		client = d.Client.String()
	}
	if d.Caller != nil {
		service, scheme, keyID = known(d.Caller.Service()), known(d.Caller.Scheme()), known(d.Caller.KeyID())
		route, requestID = known(d.Caller.Route()), known(d.Caller.RequestID())
		if seconds, isKnown := d.Caller.Age(); isKnown {
			age = seconds
		}
	} else if d.Refusal != nil {
		service, requestID = known(d.Refusal.Service), known(d.Refusal.RequestID)
		code, detail = d.Refusal.Code.String(), d.Refusal.Detail
	}
	return []slog.Attr{
		slog.String("event", d.Event()),
		slog.Any("service", service),
		slog.Any("scheme", scheme),
		slog.Any("key_id", keyID),
		slog.Any("code", code),
		slog.String("method", d.Method),
		slog.String("path", d.Path),
		slog.Any("route", route),
		slog.Any("client", client),
		slog.Any("request_id", requestID),
		slog.Any("age", age),
		slog.Int64("duration_us", d.Duration.Microseconds()),
		slog.Any("detail", detail),
	}
}

func known(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// An observer holds the options of a middleware, and tells others of each decision. Nothing that they do changes it.
type observer struct {
	logger  *slog.Logger
	hook    func(Decision)
	store   ReplayStore
	client  func(*http.Request) netip.Addr
	keySets *KeySets
	sts     *STS
	// Beside those of all applications, in their canonical form.
	identityFields []string
}

func (o *observer) accepted(r *http.Request, caller *Caller, took time.Duration) {
	o.tell(r, slog.LevelInfo, "request accepted", Decision{Caller: caller, Duration: took})
}

func (o *observer) refused(r *http.Request, refusal *Refusal, took time.Duration) {
	o.tell(r, slog.LevelWarn, "request refused", Decision{Refusal: refusal, Duration: took})
}

func (o *observer) tell(r *http.Request, level slog.Level, message string, decision Decision) {
	logs := false
	if o.logger != nil {
		o.harmless(r.Context(), "logger", func() { logs = o.logger.Enabled(r.Context(), level) })
	}
	if !logs && o.hook == nil {
		return
	}
	path, _, _ := strings.Cut(r.RequestURI, "?")
	decision.Method, decision.Path = printable(r.Method), printable(path)
	o.harmless(r.Context(), "WithClient option", func() { decision.Client = o.clientOf(r) })
	if logs {
		o.harmless(r.Context(), "logger", func() {
			o.logger.LogAttrs(r.Context(), level, message, decision.Attrs()...)
		})
	}
	if o.hook != nil {
		o.harmless(r.Context(), "OnDecision hook", func() { o.hook(decision) })
	}
}

// failed reports what is no verdict, and for the operator alone.
func (o *observer) failed(r *http.Request, err error) {
	o.report(r.Context(), "no verdict was possible, the request was answered with 500", err)
}

// harmless calls what belongs to others, and survives its panic.
func (o *observer) harmless(ctx context.Context, who string, call func()) {
	defer func() {
		if failure := recover(); failure != nil {
			o.report(ctx, "the "+who+" panicked; the decision stands", failure)
		}
	}()
	call()
}

func (o *observer) report(ctx context.Context, sentence string, failure any) {
	// The logger itself may be what is broken.
	defer func() { _ = recover() }()
	logger := o.logger
	if logger == nil {
		logger = slog.Default()
	}
	logger.LogAttrs(ctx, slog.LevelError, "wiresign: "+sentence, slog.Any("error", failure))
}

// longestPath is where the path of a record is cut.
const longestPath = 1024

// printable gives a text of the wire as ASCII that can be printed.
func printable(text string) string {
	text = text[:min(len(text), longestPath)]
	quoted := strconv.QuoteToASCII(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
