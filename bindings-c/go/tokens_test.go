package wiresign

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"
)

// The issuer "login" signs with the key of RFC 8032, section 7.1, test 1, which everybody knows.
const loginDocument = `{
	"service": "login",
	"sign_with": "jwt",
	"services": {"login": {"keys": [{"id": "ID", "algorithm": "ed25519", "private_key": "env:SEED"}]}}
}`

const usersDocument = `{
	"service": "orders",
	"accept": ["jwt", "service-hmac-v2"],
	"services": {"billing": {"keys": [{"id": "2026", "secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]}},
	"jwt": {"issuers": {"login": {"jwks": "URL", "callers": "users", "tenant_claim": "aud"}}}
}`

const jwksURL = "https://login.example/keys"

// setOf is what "login" publishes under this id of its key.
func setOf(id string) string {
	return `{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "` + id + `", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`
}

// usersConfig is the configuration of orders, whose callers have tokens of "login".
func usersConfig(t testing.TB, url string) *Config {
	t.Helper()
	config := must(ParseConfig(strings.Replace(usersDocument, "URL", url, 1), secrets))
	t.Cleanup(func() { config.Close() })
	return config
}

// tokenRequest is a request with a token of "login", signed with its key of this id.
func tokenRequest(t testing.TB, id string) *Request {
	t.Helper()
	return tokenRequestAt(t, id, time.Unix(1767225600, 0))
}

func tokenRequestAt(t testing.TB, id string, now time.Time) *Request {
	t.Helper()
	return &Request{Method: "GET", Target: "/a", Now: now, Fields: []Field{tokenOf(t, "login", id, now)}}
}

// tokenOf is the header field of a caller with a token of an issuer, signed with its key of this id.
func tokenOf(t testing.TB, issuer, id string, now time.Time) Field {
	t.Helper()
	seed := WithEnv(map[string]string{"SEED": "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"})
	document := strings.NewReplacer("ID", id, "login", issuer).Replace(loginDocument)
	config := must(ParseConfig(document, seed))
	defer config.Close()
	signer := must(NewSigner(config, WithTarget("orders")))
	defer signer.Close()
	return must(signer.Sign(&Request{Method: "GET", Target: "/a", Now: now}))[0]
}

func TestATokenSaysMoreThanWhoCalled(t *testing.T) {
	config := usersConfig(t, jwksURL)
	verifier := must(NewVerifier(config))
	defer verifier.Close()
	if err := config.PublishKeys("login", setOf("k1")); err != nil {
		t.Fatal(err)
	}
	request := tokenRequest(t, "k1")
	var identity Identity
	if err := verifier.VerifyInto(request, &identity); err != nil {
		t.Fatal(err)
	}
	caller := must(verifier.VerifyBytes(request))
	for _, one := range []*Identity{&caller.Identity, &identity} {
		expires, known := one.TokenExpires()
		if one.Service() != "issuer:login" || one.KeyID() != "k1" || one.Subject() != "login" || one.Tenant() != "orders" ||
			expires != 1767225900 || !known {
			t.Error(one.Service(), one.KeyID(), one.Subject(), one.Tenant(), expires, known)
		}
		var claims struct {
			Audience string `json:"aud"`
			Expires  uint64 `json:"exp"`
		}
		if err := json.Unmarshal(one.Claims(), &claims); err != nil || claims.Audience != "orders" || claims.Expires != expires {
			t.Error(err, claims)
		}
		// Whoever writes to the text changes a copy.
		one.Claims()[0] = 'x'
		if one.Claims()[0] != '{' {
			t.Error(string(one.Claims()))
		}
	}
	request.Now = request.Now.Add(330 * time.Second)
	if _, err := verifier.VerifyBytes(request); !errors.Is(err, ErrTokenExpired) {
		t.Error(err)
	}
}

func TestWithoutATokenNothingOfItIsKnown(t *testing.T) {
	caller := must(verifierOfOrders(t).VerifyBytes(signedRequest(t, "GET", "/a", "")))
	for _, one := range []*Identity{&caller.Identity, {}} {
		if expires, known := one.TokenExpires(); one.Subject() != "" || one.Tenant() != "" || one.Claims() != nil || expires != 0 || known {
			t.Error(one.Subject(), one.Tenant(), one.Claims(), expires, known)
		}
	}
}

func TestKeysArePublishedWhileTheVerifierIsInUse(t *testing.T) {
	config := usersConfig(t, jwksURL)
	if urls := config.JwksURLs(); !maps.Equal(urls, map[string]string{"login": jwksURL}) {
		t.Error(urls)
	}
	verifier := must(NewVerifier(config))
	defer verifier.Close()
	request := tokenRequest(t, "k1")
	judge := func() error {
		_, err := verifier.VerifyBytes(request)
		return err
	}
	if err := judge(); !errors.Is(err, ErrUnknownKey) {
		t.Error(err)
	}
	if err := errors.Join(config.PublishKeys("login", setOf("k1")), judge()); err != nil {
		t.Error(err)
	}
	for issuer, set := range map[string]string{"login": "{}", "other": setOf("k1"), "": ""} {
		err := config.PublishKeys(issuer, set)
		var problems *ConfigError
		if !errors.As(err, &problems) || len(problems.Problems) != 1 || problems.Problems[0].Message == "" || judge() != nil {
			t.Error(issuer, set, err, judge())
		}
	}
	if err := config.PublishKeys("login", setOf("k2")); err != nil || !errors.Is(judge(), ErrUnknownKey) {
		t.Error(err, judge())
	}
	config.Close()
	if err := config.PublishKeys("login", setOf("k1")); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
}
