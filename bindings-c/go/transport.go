//go:build cgo

package wiresign

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// transportBodyLimit is the longest body, in bytes, that a Transport gathers unless it is told otherwise.
const transportBodyLimit = 10 << 20

// A RequestSigner signs requests: a *Signer, or AWSSigners.
type RequestSigner interface {
	Sign(request *Request) ([]Field, error)
}

// A Transport signs what an http.Client sends: the method, the raw target and the bytes of the body that go out.
//
//	client := &http.Client{Transport: &wiresign.Transport{Signer: signer}}
//
// A body is gathered first, since a signature covers all of it. A redirect within its origin is signed anew; one to
// another origin is refused with a *SigningError, as a signature is made for one service. The signature is never on the
// caller's own request, so nothing copies it.
type Transport struct {
	// Base is what really sends; http.DefaultTransport unless set.
	Base http.RoundTripper
	// Signer makes the signatures.
	Signer RequestSigner
	// BodyLimit is the longest body in bytes that is gathered to be signed; 10 MiB unless set.
	BodyLimit int64
}

// RoundTrip signs one request and sends it.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := t.gather(r)
	if err == nil && t.Signer == nil {
		err = spent("signer")
	}
	if err == nil {
		err = refuseOtherOrigin(r)
	}
	if err != nil {
		return nil, err
	}
	outgoing := r.Clone(r.Context())
	if outgoing.Header == nil {
		outgoing.Header = http.Header{}
	}
	if body != nil {
		outgoing.Body = io.NopCloser(bytes.NewReader(body))
		outgoing.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		// With trailers the body goes out in chunks, whose length is not said.
		if len(r.Trailer) == 0 {
			outgoing.ContentLength = int64(len(body))
		}
	}
	fields, err := t.Signer.Sign(&Request{
		Method:    methodOf(r),
		Target:    r.URL.RequestURI(),
		Authority: authorityOf(r),
		Header:    outgoing.Header,
		Body:      body,
	})
	if err != nil {
		return nil, err
	}
	for _, field := range fields {
		outgoing.Header.Set(field.Name, field.Value)
	}
	response, err := baseOr(t.Base).RoundTrip(outgoing)
	if response != nil {
		response.Request = r
	}
	return response, err
}

// CloseIdleConnections is what http.Client.CloseIdleConnections calls.
func (t *Transport) CloseIdleConnections() {
	closeIdle(t.Base)
}

// baseOr is what really sends.
func baseOr(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		return http.DefaultTransport
	}
	return base
}

func closeIdle(base http.RoundTripper) {
	if closer, ok := baseOr(base).(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

// gather reads the whole body and closes it; nil when there is none.
func (t *Transport) gather(r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	defer r.Body.Close()
	limit := t.BodyLimit
	if limit <= 0 {
		limit = transportBodyLimit
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("wiresign: the body to be signed cannot be read: %w", err)
	}
	if int64(len(body)) > limit {
		return nil, &SigningError{
			Message: fmt.Sprintf("the body is longer than %d bytes, so it is not gathered to be signed (BodyLimit)", limit),
		}
	}
	return body, nil
}

// refuseOtherOrigin stops a redirect that leaves the origin that it was sent to.
func refuseOtherOrigin(r *http.Request) error {
	if r.Response == nil || r.Response.Request == nil {
		return nil
	}
	from, to := r.Response.Request.URL, r.URL
	if origin(from) == origin(to) {
		return nil
	}
	return &SigningError{Message: fmt.Sprintf(
		"%s redirects to another origin, %s; a signature is for one service, so call that one", origin(from), origin(to))}
}

func origin(address *url.URL) string {
	port := address.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[address.Scheme]
	}
	return address.Scheme + "://" + address.Hostname() + ":" + port
}

func methodOf(r *http.Request) string {
	if r.Method == "" {
		return http.MethodGet
	}
	return r.Method
}

func authorityOf(r *http.Request) string {
	if r.Host != "" {
		return r.Host
	}
	return r.URL.Host
}
