package wiresign

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

// A webhook whose sender asks as WhatsApp does.
const webhookDocument = `{
	"service": "orders",
	"services": {},
	"accept": ["webhook:meta"],
	"webhooks": {"meta": {"scheme": "whatsapp", "keys": [{"secret": "env:BILLING_SECRET"}], "verify_token": "env:SHOP_SECRET"}}
}`

func TestAHandshakeIsAnsweredAndTheRestPassedOn(t *testing.T) {
	config, err := ParseConfig(webhookDocument, secrets)
	if err != nil {
		t.Fatal(err)
	}
	verifier := must(NewVerifier(config))
	passed := 0
	handler := AnswerHandshakes(verifier, "meta")(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		passed++
		whoCalled(w, r)
	}))
	token := "7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b"
	ask := func(token string) *http.Request {
		return httptest.NewRequest("GET", "/hook?hub.mode=subscribe&hub.verify_token="+token+"&hub.challenge=1158201444", nil)
	}
	if answer := serveOnce(handler, ask(token)); answer.Code != 200 || answer.Body.String() != "1158201444" ||
		answer.Header().Get("Content-Type") != "text/plain" || answer.Header().Get("X-Content-Type-Options") != "nosniff" || passed != 0 {
		t.Error(answer.Code, answer.Header(), answer.Body)
	}
	if answer := serveOnce(handler, ask("wrong")); answer.Code != 403 || !strings.Contains(answer.Body.String(), "PERMISSION_DENIED") || passed != 0 {
		t.Error(answer.Code, answer.Body)
	}
	for _, body := range []string{"", "event", strings.Repeat("a", 11<<20)} {
		answer := serveOnce(handler, httptest.NewRequest("POST", "/hook", strings.NewReader(body)))
		if answer.Code != 200 || answer.Body.String() != "nobody sent "+body {
			t.Error(answer.Code, answer.Body.Len())
		}
	}
	if passed != 3 {
		t.Error(passed)
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
