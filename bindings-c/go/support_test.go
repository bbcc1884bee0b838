package wiresign

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The services of the tests: orders is called by billing.
const documentOf = `{
	"service": "%s",
	"services": {
		"orders": {"keys": [{"secret": "env:ORDERS_SECRET"}], "allowed_targets": ["orders"]},
		"billing": {"keys": [{"id": "2026", "secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]},
		"shop": {"keys": [{"secret": "env:SHOP_SECRET"}], "allowed_targets": ["orders"], "permissions": ["GET /public/**"]}
	},
	"routes": [
		{"match": "GET /health", "public": true},
		{"match": "POST /webhooks/**", "public": true}
	],
	"limits": {"body_bytes": %d}
}`

const bodyLimit = 200_000

var secrets = WithEnv(map[string]string{
	"ORDERS_SECRET":  "0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9",
	"BILLING_SECRET": "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9",
	"SHOP_SECRET":    "7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b",
})

func configOfService(t testing.TB, service string) *Config {
	t.Helper()
	config, err := ParseConfig(fmt.Sprintf(documentOf, service, bodyLimit), secrets)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { config.Close() })
	return config
}

func verifierOfOrders(t testing.TB) *Verifier {
	t.Helper()
	verifier, err := NewVerifier(configOfService(t, "orders"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { verifier.Close() })
	return verifier
}

// verifierWith gives one of orders whose document has a text in the place of another.
func verifierWith(t testing.TB, text, other string) *Verifier {
	t.Helper()
	document := strings.Replace(fmt.Sprintf(documentOf, "orders", bodyLimit), text, other, 1)
	config, err := ParseConfig(document, secrets)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { config.Close() })
	verifier, err := NewVerifier(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { verifier.Close() })
	return verifier
}

func signerOf(t testing.TB, service string) *Signer {
	t.Helper()
	signer, err := NewSigner(configOfService(t, service), WithTarget("orders"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { signer.Close() })
	return signer
}

// signedRequest gives a request of billing in raw parts, as net/http has it when it was received.
func signedRequest(t testing.TB, method, target, body string) *Request {
	t.Helper()
	request := &Request{Method: method, Target: target, Body: []byte(body)}
	fields, err := signerOf(t, "billing").Sign(request)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"User-Agent": {"test"}, "Accept": {"*/*"}}
	for _, field := range fields {
		request.Header.Set(field.Name, field.Value)
	}
	return request
}

// received gives the same request as a server has it.
func received(t testing.TB, method, target, body string) *http.Request {
	t.Helper()
	signed := signedRequest(t, method, target, body)
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header = signed.Header
	return r
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
