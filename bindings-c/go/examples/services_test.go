// Package examples calls the services in the folders below.
package examples

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	wiresign "github.com/wiresign/wiresign/bindings-c/go"
	"github.com/wiresign/wiresign/bindings-c/go/examples/chi"
	"github.com/wiresign/wiresign/bindings-c/go/examples/echo"
	"github.com/wiresign/wiresign/bindings-c/go/examples/gin"
)

const document = `{"service": "SELF", "services": {
	"orders": {"keys": [{"secret": "env:ORDERS_SECRET"}]},
	"billing": {"keys": [{"secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]}},
	"routes": [{"match": "GET /health", "public": true}]}`

func config(t *testing.T, service string) *wiresign.Config {
	t.Helper()
	config, err := wiresign.ParseConfig(strings.Replace(document, "SELF", service, 1), wiresign.WithEnv(map[string]string{
		"ORDERS_SECRET":  "0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9",
		"BILLING_SECRET": "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9",
	}))
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func TestEachServiceIsProtected(t *testing.T) {
	services := map[string]func(*wiresign.Verifier) http.Handler{"chi": chi.Service, "gin": gin.Service, "echo": echo.Service}
	signer, err := wiresign.NewSigner(config(t, "billing"), wiresign.WithTarget("orders"))
	if err != nil {
		t.Fatal(err)
	}
	billing := &http.Client{Transport: &wiresign.Transport{Signer: signer}}
	for name, service := range services {
		t.Run(name, func(t *testing.T) {
			verifier, err := wiresign.NewVerifier(config(t, "orders"))
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(service(verifier))
			defer server.Close()
			for _, call := range []struct {
				client             *http.Client
				method, path, body string
				status             int
				answer             string
			}{
				{billing, "POST", "/invoices", `{"number": 7}`, 200, "billing made invoice 7"},
				{billing, "GET", "/health", "", 200, "ok"},
				{http.DefaultClient, "GET", "/health", "", 200, "ok"},
				{http.DefaultClient, "POST", "/invoices", `{"number": 7}`, 401,
					`{"error":"Authentication is required.","code":"AUTHENTICATION_REQUIRED","requestId":null}`},
				{billing, "DELETE", "/invoices", "", 403, "SERVICE_NOT_ALLOWED"},
			} {
				request, err := http.NewRequest(call.method, server.URL+call.path, strings.NewReader(call.body))
				if err != nil {
					t.Fatal(err)
				}
				request.Header.Set("Content-Type", "application/json")
				response, err := call.client.Do(request)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(response.Body)
				response.Body.Close()
				if response.StatusCode != call.status || !strings.Contains(string(body), call.answer) {
					t.Errorf("%s %s: %d %s", call.method, call.path, response.StatusCode, body)
				}
			}
		})
	}
}
