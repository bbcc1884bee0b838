package wiresign

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

func TestTheTransportSignsWhatIsSent(t *testing.T) {
	server := httptest.NewServer(Middleware(verifierOfOrders(t))(whoCalled))
	defer server.Close()
	client := &http.Client{Transport: &Transport{Signer: signerOf(t, "billing")}}
	for name, request := range map[string]*http.Request{
		"no body":             must(http.NewRequest("GET", server.URL+"/a%20b?x=%2f&y", nil)),
		"no path":             must(http.NewRequest("GET", server.URL+"?x", nil)),
		"a text":              must(http.NewRequest("POST", server.URL+"/caf\u00e9?q=e", strings.NewReader("a text"))),
		"a stream":            must(http.NewRequest("PUT", server.URL+"/", io.MultiReader(strings.NewReader("a stream")))),
		"an empty stream":     must(http.NewRequest("POST", server.URL+"/", io.MultiReader())),
		"a method of its own": must(http.NewRequest("PURGE", server.URL+"/x", bytes.NewReader([]byte{0, 1, 2}))),
	} {
		before := request.Header.Clone()
		answer, err := client.Do(request)
		if err != nil {
			t.Fatal(name, err)
		}
		body := string(must(io.ReadAll(answer.Body)))
		answer.Body.Close()
		if answer.StatusCode != 200 || !strings.HasPrefix(body, "billing sent ") {
			t.Error(name, answer.StatusCode, body)
		}
		if len(request.Header) != len(before) || answer.Request != request {
			t.Error(name, "the request of the caller was changed:", request.Header)
		}
	}
}

func TestARedirectIsSignedAnew(t *testing.T) {
	protect := Middleware(verifierOfOrders(t))
	mux := http.NewServeMux()
	mux.HandleFunc("/old", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/new?x=y", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/seen", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/new", http.StatusSeeOther) })
	mux.Handle("/new", whoCalled)
	server := httptest.NewServer(protect(mux))
	defer server.Close()
	client := &http.Client{Transport: &Transport{Signer: signerOf(t, "billing")}}
	for path, want := range map[string]string{"/old": "billing sent abc", "/seen": "billing sent "} {
		answer, err := client.Post(server.URL+path, "text/plain", strings.NewReader("abc"))
		if err != nil {
			t.Fatal(err)
		}
		if body := string(must(io.ReadAll(answer.Body))); answer.StatusCode != 200 || body != want {
			t.Error(path, answer.StatusCode, body)
		}
		answer.Body.Close()
	}
}

func TestARedirectToAnotherOriginIsRefused(t *testing.T) {
	var reached atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	defer other.Close()
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer server.Close()
	client := &http.Client{Transport: &Transport{Signer: signerOf(t, "billing")}}
	_, err := client.Get(server.URL)
	var signing *SigningError
	if !errors.As(err, &signing) || reached.Load() {
		t.Error(err, reached.Load())
	}
}

func TestABodyThatIsTooLongIsNotSent(t *testing.T) {
	var reached atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	defer server.Close()
	client := &http.Client{Transport: &Transport{Signer: signerOf(t, "billing"), BodyLimit: 3}}
	body := &closable{Reader: strings.NewReader("four")}
	_, err := client.Post(server.URL, "text/plain", body)
	var signing *SigningError
	if !errors.As(err, &signing) || reached.Load() || !body.closed {
		t.Error(err, reached.Load(), body.closed)
	}
}

// closable is a body that knows whether it was closed.
type closable struct {
	io.Reader
	closed bool
}

func (c *closable) Close() error {
	c.closed = true
	return nil
}

func TestTheBaseOfATransportIsUsed(t *testing.T) {
	var sent *http.Request
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		sent = r
		return nil, errors.New("not today")
	})
	request := must(http.NewRequest("GET", "http://orders.example/a", nil))
	request.Header.Set("X-Request-ID", "of the caller")
	if _, err := (&Transport{Base: base, Signer: signerOf(t, "billing")}).RoundTrip(request); err == nil || err.Error() != "not today" {
		t.Error(err)
	}
	if len(sent.Header["X-Request-Id"]) != 1 || sent.Header.Get("X-Request-ID") == "of the caller" || request.Header.Get("X-Signature") != "" {
		t.Error(sent.Header, request.Header)
	}
	signer := signerOf(t, "billing")
	signer.Close()
	if _, err := (&Transport{Base: base, Signer: signer}).RoundTrip(request); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
