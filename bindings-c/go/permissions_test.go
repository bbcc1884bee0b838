package wiresign

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What orders allows its callers: billing something, shop everything; identity may narrow it by its tokens.
const permissionsDocument = `{
	"service": "orders",
	"accept": ["service-hmac-v2", "jwt"],
	"services": {
		"orders": {"keys": [{"secret": "env:ORDERS_SECRET"}]},
		"billing": {"keys": [{"id": "2026", "secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"],
			"permissions": ["POST /invoices", "GET /a/**"]},
		"shop": {"keys": [{"secret": "env:SHOP_SECRET"}], "allowed_targets": ["orders"]}
	},
	"routes": [{"match": "GET /health", "public": true}],
	"jwt": {"issuers": {"identity": {"type": "at+jwt", "permissions_claim": "permissions",
		"keys": [{"id": "2026", "algorithm": "ed25519",
			"public_key": "literal:d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"}]}}}
}`

func verifierWithPermissions(t testing.TB) *Verifier {
	t.Helper()
	config := must(ParseConfig(permissionsDocument, secrets))
	defer config.Close()
	verifier := must(NewVerifier(config))
	t.Cleanup(func() { verifier.Close() })
	return verifier
}

// narrowToken is a token about billing that holds one of its permissions.
func narrowToken(t testing.TB, permission string) string {
	t.Helper()
	return must(issuerOf(t).Issue(&TokenRequest{Subject: "billing", Audience: "orders", Permissions: []string{permission}})).Text
}

func TestRequirePermissionServesCallersThatMay(t *testing.T) {
	var decisions []string
	watch := OnDecision(func(d Decision) { decisions = append(decisions, d.Event()) })
	reader := RequirePermission("GET /a/**")
	routes := http.NewServeMux()
	routes.Handle("GET /a/7", RequirePermission("GET /a/7")(whoCalled))
	routes.Handle("GET /a/all", reader(whoCalled))
	routes.Handle("POST /invoices", RequirePermission("DELETE /invoices/**")(whoCalled))
	routes.Handle("GET /health", reader(whoCalled))
	server := httptest.NewServer(Middleware(verifierWithPermissions(t), watch)(routes))
	defer server.Close()

	clientOf := func(service string) *http.Client {
		return &http.Client{Transport: &Transport{Signer: signerOf(t, service)}}
	}
	one, all := narrowToken(t, "GET /a/7"), narrowToken(t, "GET /a/**")
	for _, asked := range []struct {
		client              *http.Client
		token, method, path string
		status              int
		says                string
	}{
		{clientOf("billing"), "", "GET", "/a/7", 200, "billing sent "},
		{clientOf("billing"), "", "GET", "/a/all", 200, "billing sent "},
		{clientOf("billing"), "", "POST", "/invoices", 403, `"PERMISSION_DENIED"`},
		{clientOf("shop"), "", "POST", "/invoices", 200, "shop sent "},
		{http.DefaultClient, one, "GET", "/a/7", 200, "billing sent "},
		{http.DefaultClient, all, "GET", "/a/7", 200, "billing sent "},
		{http.DefaultClient, all, "GET", "/a/all", 200, "billing sent "},
		{http.DefaultClient, narrowToken(t, "GET /a/all"), "GET", "/a/all", 403, `"PERMISSION_DENIED"`},
		{http.DefaultClient, "", "GET", "/health", 401, `"AUTHENTICATION_REQUIRED"`},
	} {
		request := must(http.NewRequest(asked.method, server.URL+asked.path, nil))
		if asked.token != "" {
			request.Header.Set("Authorization", "Bearer "+asked.token)
		}
		answer := must(asked.client.Do(request))
		body := string(must(io.ReadAll(answer.Body)))
		answer.Body.Close()
		if answer.StatusCode != asked.status || !strings.Contains(body, asked.says) {
			t.Error(asked.method, asked.path, answer.StatusCode, body)
		}
	}
	if got := strings.Join(decisions[2:4], " "); got != "accepted refused" {
		t.Error("the refusal is recorded:", got)
	}
	if answer := serveOnce(reader(whoCalled), received(t, "GET", "/", "")); answer.Code != 500 {
		t.Error("without Middleware it serves nobody:", answer.Code)
	}
}

func TestAPermissionThatIsRequiredOfACaller(t *testing.T) {
	verifier := verifierWithPermissions(t)
	request := signedRequest(t, "POST", "/invoices", "{}")
	caller := must(verifier.VerifyBytes(request))
	if err := errors.Join(caller.RequirePermission("POST /invoices"), caller.RequirePermission("GET /a/7")); err != nil {
		t.Error(err)
	}
	err := caller.RequirePermission("GET /**")
	var refusal *Refusal
	if !errors.As(err, &refusal) || !errors.Is(err, ErrPermissionDenied) {
		t.Fatal(err)
	}
	id := request.Header.Get("X-Request-Id")
	body := `{"error":"` + ErrPermissionDenied.Message() + `","code":"PERMISSION_DENIED","requestId":"` + id + `"}`
	if refusal.Response.Status != 403 || refusal.Response.Body != body || refusal.Service != "billing" || refusal.RequestID != id ||
		refusal.Detail != "billing lacks a permission that the application requires here" {
		t.Errorf("%+v", refusal)
	}
	public := must(verifier.VerifyBytes(&Request{Method: "GET", Target: "/health"}))
	if err := public.RequirePermission("GET /health"); !errors.Is(err, ErrAuthenticationRequired) {
		t.Error(err)
	}
	if err := new(Caller).RequirePermission("GET /"); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
}

func TestACallerIsJudgedByTheConfigurationThatAcceptedIt(t *testing.T) {
	verifier := verifierWithPermissions(t)
	before := must(verifier.VerifyBytes(signedRequest(t, "POST", "/invoices", "")))
	config := must(ParseConfig(strings.Replace(permissionsDocument, `"GET /a/**"`, `"/**"`, 1), secrets))
	if err := verifier.Replace(config); err != nil {
		t.Fatal(err)
	}
	config.Close()
	after := must(verifier.VerifyBytes(signedRequest(t, "POST", "/invoices", "")))
	if err := before.RequirePermission("GET /b"); !errors.Is(err, ErrPermissionDenied) {
		t.Error(err)
	}
	if err := after.RequirePermission("GET /b"); err != nil {
		t.Error(err)
	}
	verifier.Close()
	if err := after.RequirePermission("GET /b"); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
}

func TestWhatIsNoPermissionIsFoundWhenAHandlerIsMade(t *testing.T) {
	caller := must(verifierOfOrders(t).VerifyBytes(signedRequest(t, "GET", "/", "")))
	for _, wrong := range []string{"", "invoices:write", "get /a", "GET  /a", "GET", "/a?b"} {
		var failure *Failure
		if err := caller.RequirePermission(wrong); !errors.As(err, &failure) || failure.Code != ErrInvalidArgument {
			t.Error(wrong, err)
		}
		func() {
			defer func() {
				err, _ := recover().(error)
				if !errors.Is(err, ErrInvalidArgument) || !strings.Contains(err.Error(), "permission: ") {
					t.Error(wrong, err)
				}
			}()
			RequirePermission(wrong)
		}()
	}
}
