package wiresign

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// Webhooks whose senders ask as WhatsApp and Slack do, and one whose sender never asks.
const webhookDocument = `{
	"service": "orders",
	"services": {"billing": {"keys": [{"id": "2026", "secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]}},
	"webhooks": {
		"chat": {"scheme": "whatsapp", "keys": [{"secret": "env:ORDERS_SECRET"}], "verify_token": "env:SHOP_SECRET"},
		"work": {"scheme": "slack", "keys": [{"secret": "env:ORDERS_SECRET"}]},
		"shop": {"scheme": "stripe", "keys": [{"secret": "env:ORDERS_SECRET"}]}
	},
	"routes": [
		{"match": "/hooks/chat", "accept": ["webhook:chat"]},
		{"match": "/hooks/work", "accept": ["webhook:work", "service-hmac-v2"]},
		{"match": "/hooks/shop", "accept": ["webhook:shop"]},
		{"match": "/open", "public": true}
	]
}`

func webhookServer(t testing.TB) (*httptest.Server, *Verifier) {
	t.Helper()
	config := must(ParseConfig(webhookDocument, secrets))
	t.Cleanup(func() { config.Close() })
	verifier := must(NewVerifier(config))
	t.Cleanup(func() { verifier.Close() })
	server := httptest.NewServer(Middleware(verifier)(whoCalled))
	t.Cleanup(server.Close)
	return server, verifier
}

func TestOnlyRoutesOfSendersThatAskSeeHandshakes(t *testing.T) {
	_, verifier := webhookServer(t)
	for route, wanted := range map[string][]string{
		"GET /hooks/chat?hub.mode=subscribe": {"chat"}, "POST /hooks/work": {"work"},
		"POST /hooks/shop": nil, "GET /open": nil, "POST /a": nil, "GET nowhere": nil,
	} {
		method, target, _ := strings.Cut(route, " ")
		if webhooks := verifier.HandshakesAt(method, target); !slices.Equal(webhooks, wanted) {
			t.Error(route, webhooks)
		}
	}
	verifier.Close()
	if webhooks := verifier.HandshakesAt("GET", "/hooks/chat"); webhooks != nil {
		t.Error(webhooks)
	}
}

func TestHandshakesComeAndGoWithTheConfiguration(t *testing.T) {
	_, verifier := webhookServer(t)
	for range 2 {
		if err := verifier.Replace(configOfService(t, "orders")); err != nil {
			t.Fatal(err)
		}
		if webhooks := verifier.HandshakesAt("GET", "/hooks/chat"); webhooks != nil {
			t.Error(webhooks)
		}
		if err := verifier.Replace(must(ParseConfig(webhookDocument, secrets))); err != nil {
			t.Fatal(err)
		}
		if webhooks := verifier.HandshakesAt("GET", "/hooks/chat"); len(webhooks) != 1 {
			t.Error(webhooks)
		}
	}
}

func TestAHandshakeIsAnsweredAndTheRestJudged(t *testing.T) {
	server, _ := webhookServer(t)
	ask := func(token string) *http.Request {
		return must(http.NewRequest("GET", server.URL+"/hooks/chat?hub.mode=subscribe&hub.verify_token="+token+"&hub.challenge=1158201444", nil))
	}
	response, err := http.DefaultClient.Do(ask("7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if text := must(io.ReadAll(response.Body)); response.StatusCode != 200 || string(text) != "1158201444" ||
		response.Header.Get("Content-Type") != "text/plain" || response.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Error(response.StatusCode, response.Header, string(text))
	}
	if code := answerTo(t, ask("wrong")); code != "PERMISSION_DENIED" {
		t.Error(code)
	}
	for _, body := range []string{"", "event", strings.Repeat("a", longestHandshake), strings.Repeat("a", longestHandshake+1)} {
		if code := answerTo(t, must(http.NewRequest("POST", server.URL+"/hooks/chat", strings.NewReader(body)))); code != "AUTHENTICATION_REQUIRED" {
			t.Error(len(body), code)
		}
	}
}

func TestTheBodyOfWhatIsNoHandshakeIsThereForTheHandler(t *testing.T) {
	server, _ := webhookServer(t)
	client := &http.Client{Transport: &Transport{Signer: signerOf(t, "billing")}}
	for _, length := range []int{0, 1, longestHandshake, longestHandshake + 1, 5 * onePiece} {
		for _, isChunked := range []bool{false, true} {
			var body io.Reader = strings.NewReader(strings.Repeat("b", length))
			if isChunked {
				body = struct{ io.Reader }{body}
			}
			response, err := client.Post(server.URL+"/hooks/work", "text/plain", body)
			if err != nil {
				t.Fatal(err)
			}
			text := string(must(io.ReadAll(response.Body)))
			response.Body.Close()
			if response.StatusCode != 200 || text != "billing sent "+strings.Repeat("b", length) {
				t.Error(length, isChunked, response.StatusCode, len(text))
			}
		}
	}
	// A signed challenge is in the body, which is small.
	signer := must(NewSigner(must(ParseConfig(strings.Replace(webhookDocument, `"service": "orders"`, `"service": "orders", "sign_with": "webhook:work"`, 1), secrets))))
	challenge := `{"type": "url_verification", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}`
	response, err := (&http.Client{Transport: &Transport{Signer: signer}}).Post(server.URL+"/hooks/work", "application/json", strings.NewReader(challenge))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if text := string(must(io.ReadAll(response.Body))); response.StatusCode != 200 || !strings.HasPrefix(text, "3eZbrw1a") && !strings.Contains(text, `"3eZbrw1a`) {
		t.Error(response.StatusCode, text)
	}
}

func TestTheClientIsTheOneThatAProxyNames(t *testing.T) {
	asked := ""
	client := WithClient(func(r *http.Request) netip.Addr {
		asked = r.RemoteAddr
		return netip.MustParseAddr("192.0.2.7")
	})
	if answer := serveOnce(Middleware(verifierOfOrders(t), client)(whoCalled), received(t, "GET", "/", "")); answer.Code != 200 || asked == "" {
		t.Error(answer.Code, asked)
	}
	limited := Middleware(verifierWith(t, `"limits": {`, `"limits": {"failures_per_minute": 1, `), WithClient(func(r *http.Request) netip.Addr {
		return netip.MustParseAddr(r.Header.Get("X-Real-Ip"))
	}))(whoCalled)
	from := func(client, target string) int {
		r := received(t, "GET", "/", "")
		r.RequestURI = target
		r.Header.Set("X-Real-Ip", client)
		return serveOnce(limited, r).Code
	}
	// A minute may end between two of them.
	if codes := []int{from("192.0.2.7", "/forged"), from("192.0.2.7", "/forged"), from("192.0.2.7", "/forged")}; !slices.Contains(codes, 429) {
		t.Error(codes)
	}
	if code := from("192.0.2.8", "/"); code != 200 {
		t.Error("another client of the same proxy:", code)
	}
	for address, length := range map[string]int{"192.0.2.7": 4, "::ffff:192.0.2.7": 4, "2001:db8::1%eth0": 16} {
		var space [addressBytes]byte
		if got := (&Request{Client: netip.MustParseAddr(address)}).client(&space); int(got) != length {
			t.Error(address, got)
		}
	}
	if got := requestOf(&http.Request{RemoteAddr: "@"}).Client; got.IsValid() {
		t.Error(fmt.Sprint(got))
	}
}
