package wiresign

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// identity issues tokens with the key of RFC 8032, section 7.1, test 1, which everybody knows.
const identityDocument = `{
	"service": "identity",
	"services": {
		"identity": {"keys": [{"id": "2026", "algorithm": "ed25519", "private_key": "env:SEED"}]},
		"billing": {"keys": [{"id": "2026", "secret": "env:BILLING_SECRET"}], "allowed_targets": ["identity", "orders"],
			"permissions": ["POST /token", "GET /a/**"]},
		"shop": {"keys": [{"secret": "env:SHOP_SECRET"}], "allowed_targets": ["identity"]}
	},
	"routes": [{"match": "/open", "public": true}],
	"jwt": {"lifetime": 300}
}`

const tokensAtOrders = `{
	"service": "orders",
	"accept": ["jwt"],
	"services": {"billing": {}},
	"jwt": {"issuers": {"identity": {"type": "at+jwt", "permissions_claim": "permissions", "tenant_claim": "tenant",
		"keys": [{"id": "2026", "algorithm": "ed25519",
			"public_key": "literal:d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"}]}}}
}`

const formForOrders = "grant_type=client_credentials&audience=orders"

func identityConfig(t testing.TB) *Config {
	t.Helper()
	variables := WithEnv(map[string]string{
		"SEED":           "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		"BILLING_SECRET": "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9",
		"SHOP_SECRET":    "7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b",
	})
	config := must(ParseConfig(identityDocument, variables))
	t.Cleanup(func() { config.Close() })
	return config
}

func issuerOf(t testing.TB) *TokenIssuer {
	t.Helper()
	issuer := must(NewTokenIssuer(identityConfig(t)))
	t.Cleanup(func() { issuer.Close() })
	return issuer
}

// identityServer is a token endpoint over HTTP.
func identityServer(t testing.TB, options ...TokenEndpointOption) *httptest.Server {
	t.Helper()
	verifier := must(NewVerifier(identityConfig(t)))
	t.Cleanup(func() { verifier.Close() })
	server := httptest.NewServer(Middleware(verifier)(TokenEndpoint(issuerOf(t), options...)))
	t.Cleanup(server.Close)
	return server
}

// tokenServer is orders over HTTP, whose callers have tokens.
func tokenServer(t testing.TB) *httptest.Server {
	t.Helper()
	config := must(ParseConfig(tokensAtOrders))
	defer config.Close()
	verifier := must(NewVerifier(config))
	t.Cleanup(func() { verifier.Close() })
	server := httptest.NewServer(Middleware(verifier)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, _ := CallerFrom(r.Context())
		_, _ = io.WriteString(w, caller.Service()+" of "+caller.Tenant())
	})))
	t.Cleanup(server.Close)
	return server
}

func signerFor(t testing.TB, service, target string) *Signer {
	t.Helper()
	signer := must(NewSigner(configOfService(t, service), WithTarget(target)))
	t.Cleanup(func() { signer.Close() })
	return signer
}

func TestATokenSaysWhatTheRegistryAllows(t *testing.T) {
	issuer := issuerOf(t)
	for name, asked := range map[string]struct {
		request     TokenRequest
		lifetime    uint64
		permissions []string
	}{
		"all of it":       {TokenRequest{Subject: "billing", Audience: "orders"}, 300, []string{"POST /token", "GET /a/**"}},
		"some of it":      {TokenRequest{Subject: "billing", Audience: "orders", Lifetime: 60, Permissions: []string{"GET /a/7"}}, 60, []string{"GET /a/7"}},
		"nothing":         {TokenRequest{Subject: "billing", Audience: "orders", Permissions: []string{}}, 300, []string{}},
		"too much":        {TokenRequest{Subject: "billing", Audience: "orders", Permissions: []string{"GET /**"}}, 0, nil},
		"too long":        {TokenRequest{Subject: "billing", Audience: "orders", Lifetime: 301}, 0, nil},
		"another target":  {TokenRequest{Subject: "shop", Audience: "orders"}, 0, nil},
		"another subject": {TokenRequest{Subject: "nobody", Audience: "orders"}, 0, nil},
	} {
		asked.request.Now = noon
		token, err := issuer.Issue(&asked.request)
		if asked.lifetime == 0 {
			if !errors.Is(err, ErrSigningFailed) {
				t.Error(name, err)
			}
			continue
		}
		if err != nil || token.Lifetime != asked.lifetime || token.Expires != uint64(noon.Unix())+asked.lifetime ||
			!slices.Equal(token.Permissions, asked.permissions) || strings.Count(token.Text, ".") != 2 {
			t.Error(name, err, token)
		}
		if text := fmt.Sprintf("%v %+v %#v", token, *token, token); strings.Contains(text, token.Text) {
			t.Error(text)
		}
	}
	if _, err := NewTokenIssuer(configOfService(t, "nobody")); !errors.Is(err, ErrSigningFailed) {
		t.Error(err)
	}
	if _, err := NewTokenIssuer(nil); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
	if err := issuer.Replace(configOfService(t, "nobody")); !errors.Is(err, ErrSigningFailed) {
		t.Error(err)
	}
	if _, err := issuer.Issue(&TokenRequest{Subject: "billing", Audience: "orders"}); err != nil {
		t.Error(err)
	}
	if err := issuer.Replace(configOfService(t, "orders")); err != nil {
		t.Error(err)
	}
	if token, err := issuer.Issue(&TokenRequest{Subject: "billing", Audience: "orders"}); err != nil || !slices.Equal(token.Permissions, []string{"/**"}) {
		t.Error(token, err)
	}
	issuer.Close()
	if err := issuer.Replace(configOfService(t, "orders")); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
	if _, err := issuer.Issue(&TokenRequest{}); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
	if _, err := issuer.Answer(&TokenForm{}); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
}

func TestTheTokenEndpointAnswersWhoeverIsVerified(t *testing.T) {
	server := identityServer(t, WithTenant(func(_ *http.Request, caller *Caller) string { return "tenant-of-" + caller.Service() }))
	for _, asked := range []struct {
		service, form string
		status        int
		says          string
	}{
		{"billing", formForOrders, 200, `"scope":"POST /token GET /a/**"`},
		{"billing", formForOrders + "&scope=GET+/a/7", 200, `"scope":"GET /a/7"`},
		{"billing", formForOrders + "&scope=GET+/b", 400, `"invalid_scope"`},
		{"billing", formForOrders + "&client_id=shop", 400, `"invalid_request"`},
		{"billing", formForOrders + "&more=" + strings.Repeat("a", longestTokenForm), 400, `"invalid_request"`},
		{"billing", "grant_type=password&audience=orders", 400, `"unsupported_grant_type"`},
		{"shop", formForOrders, 400, `"invalid_target"`},
		{"", formForOrders, 401, `"AUTHENTICATION_REQUIRED"`},
	} {
		client := &http.Client{}
		if asked.service != "" {
			client.Transport = &Transport{Signer: signerFor(t, asked.service, "identity")}
		}
		response, err := client.Post(server.URL+"/token", "application/x-www-form-urlencoded", strings.NewReader(asked.form))
		if err != nil {
			t.Fatal(err)
		}
		text := string(must(io.ReadAll(response.Body)))
		response.Body.Close()
		if response.StatusCode != asked.status || !strings.Contains(text, asked.says) {
			t.Error(asked.service, response.StatusCode, text)
		}
		if asked.service != "" && response.Header.Get("Cache-Control") != "no-store" {
			t.Error(response.Header)
		}
	}
	client := &http.Client{Transport: &Transport{Signer: signerFor(t, "shop", "identity")}}
	if response, err := client.Get(server.URL + "/token"); err != nil || response.StatusCode != 405 || response.Header.Get("Allow") != "POST" {
		t.Error(response, err)
	}
	// On a public route, and without Middleware, nobody is verified.
	response := serveOnce(TokenEndpoint(issuerOf(t)), httptest.NewRequest("POST", "/token", strings.NewReader(formForOrders)))
	if response.Code != 401 || !strings.Contains(response.Body.String(), `"invalid_client"`) {
		t.Error(response.Code, response.Body)
	}
	if answer, err := http.Post(server.URL+"/open", "application/x-www-form-urlencoded", strings.NewReader(formForOrders)); err != nil || answer.StatusCode != 401 {
		t.Error(answer, err)
	}
	broken := issuerOf(t)
	broken.Close()
	if answer := serveOnce(TokenEndpoint(broken), httptest.NewRequest("POST", "/token", nil)); answer.Code != 500 {
		t.Error(answer.Code, answer.Body)
	}
}

func TestAClientCallsWithTokens(t *testing.T) {
	identity := identityServer(t, WithTenant(func(*http.Request, *Caller) string { return "acme" }))
	orders := tokenServer(t)
	asked := &countingTransport{}
	source := NewTokenSource(signerFor(t, "billing", "identity"), identity.URL+"/token", "orders", WithTokenClient(&http.Client{Transport: asked}))
	defer source.Close()
	client := &http.Client{Transport: &TokenTransport{Source: source, URL: orders.URL}}
	for range 3 {
		response, err := client.Get(orders.URL + "/a/7")
		if err != nil {
			t.Fatal(err)
		}
		text := string(must(io.ReadAll(response.Body)))
		response.Body.Close()
		if response.StatusCode != 200 || text != "billing of acme" || response.Request.Header.Get("Authorization") != "" {
			t.Error(response.StatusCode, text, response.Request.Header)
		}
	}
	if asked.count.Load() != 1 {
		t.Error(asked.count.Load())
	}
	refused := must(http.NewRequest("DELETE", orders.URL+"/a/7", nil))
	response, err := client.Do(refused)
	if err != nil || response.StatusCode != 403 {
		t.Error(response, err)
	}

	// Another origin gets none, nor by a redirect.
	leaked := make(chan string, 2)
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { leaked <- r.Header.Get("Authorization") }))
	defer other.Close()
	away := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, 307) }))
	defer away.Close()
	for _, client := range []*http.Client{client, {Transport: &TokenTransport{Source: source, URL: away.URL}}} {
		address := other.URL
		if client.Transport.(*TokenTransport).URL == away.URL {
			address = away.URL
		}
		if _, err := client.Post(address, "text/plain", strings.NewReader("x")); err != nil {
			t.Error(err)
		}
		if header := <-leaked; header != "" {
			t.Error("a token went to another origin")
		}
	}

	narrow := NewTokenSource(signerFor(t, "billing", "identity"), identity.URL+"/token", "orders", WithScope("GET /a/8"))
	narrowed := &http.Client{Transport: &TokenTransport{Source: narrow, URL: orders.URL}}
	for path, status := range map[string]int{"/a/8": 200, "/a/7": 403} {
		if response, err := narrowed.Get(orders.URL + path); err != nil || response.StatusCode != status {
			t.Error(path, response, err)
		}
	}
}

// A fakeEndpoint answers with tokens that are counted.
func fakeEndpoint(t testing.TB, seconds int) (*httptest.Server, *atomic.Int64, *atomic.Bool) {
	t.Helper()
	asked, isAway := &atomic.Int64{}, &atomic.Bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		number := asked.Add(1)
		if isAway.Load() {
			w.WriteHeader(503)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": fmt.Sprint("token-", number), "token_type": "bearer", "expires_in": seconds})
	}))
	t.Cleanup(server.Close)
	return server, asked, isAway
}

// adjust changes what a source holds. The tests set its times, since a machine that is busy keeps none.
func adjust(source *TokenSource, change func(*renewal[string])) {
	source.renewal.mutex.Lock()
	defer source.renewal.mutex.Unlock()
	change(&source.renewal)
}

func TestTheNextTokenIsThereBeforeTheLastHasEnded(t *testing.T) {
	const lifetime = 300
	server, asked, isAway := fakeEndpoint(t, lifetime)
	source := NewTokenSource(signerFor(t, "billing", "identity"), server.URL, "orders")
	token := func() (string, error) { return source.Token(context.Background()) }
	began := time.Now()
	var all sync.WaitGroup
	for range 20 {
		all.Add(1)
		go func() {
			defer all.Done()
			if token, err := token(); err != nil || token != "token-1" {
				t.Error(token, err)
			}
		}()
	}
	all.Wait()
	if asked.Load() != 1 {
		t.Error(asked.Load())
	}
	// It lives a second less as far as its client knows, and of that a tenth to a fifth is left when the next one is due.
	life := (lifetime - 1) * time.Second
	adjust(source, func(r *renewal[string]) {
		if left := r.hand.ends.Sub(r.hand.renew); left < life/10 || left > life/5 {
			t.Error(left)
		}
		if r.hand.ends.Before(began.Add(life)) || r.hand.ends.After(time.Now().Add(life)) {
			t.Error(r.hand.ends.Sub(began))
		}
		r.hand.renew = time.Now()
	})
	eventually(t, "the token is renewed", func() bool { return must(token()) == "token-2" })

	// One that cannot be renewed is used until it has ended.
	isAway.Store(true)
	adjust(source, func(r *renewal[string]) { r.hand.renew = time.Now() })
	eventually(t, "the renewal has failed", func() (hasFailed bool) {
		if must(token()) != "token-2" {
			t.Error("the token at hand is not used on")
		}
		adjust(source, func(r *renewal[string]) { hasFailed = r.failure != nil })
		return hasFailed
	})
	adjust(source, func(r *renewal[string]) { r.hand.ends, r.quietUntil = time.Now(), time.Time{} })
	var failure *TokenError
	began = time.Now()
	if token, err := token(); !errors.As(err, &failure) || failure.Status != 503 {
		t.Error(token, err)
	}
	// For a second nobody asks again.
	adjust(source, func(r *renewal[string]) {
		if r.quietUntil.Before(began.Add(pauseWithout)) || r.quietUntil.After(time.Now().Add(pauseWithout)) {
			t.Error(r.quietUntil.Sub(began))
		}
		r.quietUntil = r.quietUntil.Add(time.Hour)
	})
	before := asked.Load()
	if _, err := token(); err == nil || asked.Load() != before {
		t.Error(err, asked.Load(), before)
	}
	isAway.Store(false)
	adjust(source, func(r *renewal[string]) { r.quietUntil = time.Time{} })
	if _, err := token(); err != nil {
		t.Error(err)
	}
}

func TestAnAnswerThatIsNoTokenIsNone(t *testing.T) {
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("something was sent") }))
	defer target.Close()
	for name, answer := range map[string]http.HandlerFunc{
		"refused": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(400)
			_, _ = io.WriteString(w, `{"error":"invalid_scope"}`)
		},
		"a page":     publishing("<html>"),
		"no bearer":  publishing(`{"access_token": "a", "token_type": "mac", "expires_in": 60}`),
		"two lines":  publishing(`{"access_token": "a\r\nb", "token_type": "Bearer", "expires_in": 60}`),
		"no life":    publishing(`{"access_token": "a", "token_type": "Bearer"}`),
		"negative":   publishing(`{"access_token": "a", "token_type": "Bearer", "expires_in": -1}`),
		"for ever":   publishing(`{"access_token": "a", "token_type": "Bearer", "expires_in": 1e9}`),
		"too long":   publishing(`{"access_token": "a", "token_type": "Bearer", "expires_in": 60}` + strings.Repeat(" ", mostTokenBytes)),
		"a redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, target.URL, 307) },
	} {
		server := httptest.NewServer(answer)
		source := NewTokenSource(signerFor(t, "billing", "identity"), server.URL, "orders")
		client := &http.Client{Transport: &TokenTransport{Source: source, URL: target.URL}}
		_, err := client.Post(target.URL, "text/plain", strings.NewReader("x"))
		var failure *TokenError
		if !errors.As(err, &failure) || failure.Status == 0 || name == "refused" && failure.Code != "invalid_scope" {
			t.Error(name, err)
		}
		server.Close()
	}
	nobody := NewTokenSource(signerFor(t, "billing", "identity"), "http://"+must(freeAddress()), "orders")
	var failure *TokenError
	if _, err := nobody.Token(context.Background()); !errors.As(err, &failure) || failure.Status != 0 || failure.Unwrap() == nil {
		t.Error(err)
	}
	if _, err := (&http.Client{Transport: &TokenTransport{Source: nobody, URL: "orders"}}).Get(target.URL); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		// The server looks after its client once the body was read.
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	waiting := NewTokenSource(signerFor(t, "billing", "identity"), silent.URL, "orders")
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := waiting.Token(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	silent.CloseClientConnections()
	silent.Close()
}
