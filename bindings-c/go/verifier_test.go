package wiresign

import (
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAGenuineRequestNamesItsCaller(t *testing.T) {
	verifier := verifierOfOrders(t)
	caller, err := verifier.VerifyBytes(signedRequest(t, "POST", "/invoices?draft=1", "{}"))
	if err != nil {
		t.Fatal(err)
	}
	age, known := caller.Age()
	if caller.Service() != "billing" || caller.KeyID() != "2026" || caller.Scheme() != "service-hmac-v2" ||
		!known || age < 0 || age > 60 || caller.IsPublic() || caller.KeyIsRetiring() || !caller.RequestIDIsSigned() {
		t.Errorf("not the caller: %+v", caller.Identity)
	}
	if len(caller.RequestID()) != 36 || !strings.HasPrefix(caller.ReplayKey(), "n:") || caller.Route() != "" {
		t.Errorf("not the request: %q %q %q", caller.RequestID(), caller.ReplayKey(), caller.Route())
	}
	if covered := strings.Join(caller.Covered(), " "); covered != "method path query timestamp service target-service nonce body" {
		t.Errorf("covered: %s", covered)
	}
	if caller.String() != `wiresign.Caller("billing")` {
		t.Error(caller.String())
	}
}

func TestVerifyIntoNamesTheSameCaller(t *testing.T) {
	request := signedRequest(t, "POST", "/invoices", "{}")
	caller := must(verifierOfOrders(t).VerifyBytes(request))
	identity := Identity{facts: &facts{service: "somebody else"}, age: -1}
	if err := verifierOfOrders(t).VerifyInto(request, &identity); err != nil {
		t.Fatal(err)
	}
	// A second may begin between the two: the later verdict's age is checked by itself, all else is equal.
	if identity.age < caller.age || identity.age > caller.age+60 {
		t.Errorf("an age of %d s after one of %d s", identity.age, caller.age)
	}
	identity.age = caller.age
	if !reflect.DeepEqual(identity, caller.Identity) {
		t.Errorf("%+v is not %+v", identity, caller.Identity)
	}
	request.Body = []byte("{ }")
	if err := verifierOfOrders(t).VerifyInto(request, &identity); !errors.Is(err, ErrInvalidSignature) || identity != (Identity{}) {
		t.Errorf("%v: %+v", err, identity)
	}
}

func TestARefusalIsFoundAndCompared(t *testing.T) {
	verifier := verifierOfOrders(t)
	request := signedRequest(t, "GET", "/invoices", "")
	must(verifier.VerifyBytes(request))
	_, err := verifier.VerifyBytes(request)
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		t.Fatal(err)
	}
	if !errors.Is(err, ErrReplayed) || !errors.Is(err, ErrReplayedRequest) || errors.Is(err, ErrInvalidSignature) || errors.Is(err, ErrConfigInvalid) {
		t.Error("compared wrongly")
	}
	id := request.Header.Get("X-Request-Id")
	want := RefusalResponse{
		Status: 401, Code: ErrReplayedRequest, WWWAuthenticate: `Wiresign realm="orders"`,
		Body: `{"error":"` + refusal.Message() + `","code":"REPLAYED_REQUEST","requestId":"` + id + `"}`,
	}
	if refusal.Response.WWWAuthenticate == "" || refusal.Response.Body != want.Body || refusal.Response.Status != want.Status || refusal.Response.Code != want.Code {
		t.Errorf("%+v is not %+v", refusal.Response, want)
	}
	if refusal.Status() != 401 || refusal.Service != "billing" || refusal.RequestID != id || refusal.Detail == "" {
		t.Errorf("%+v", refusal)
	}
	if strings.Contains(refusal.Error(), refusal.Detail) {
		t.Error("the detail is for the log alone:", refusal.Error())
	}
}

func TestTheClockAndATimeOfOnesOwn(t *testing.T) {
	verifier := verifierOfOrders(t)
	request := signedRequest(t, "GET", "/", "")
	request.Now = time.Now().Add(301 * time.Second)
	if _, err := verifier.VerifyBytes(request); !errors.Is(err, ErrTimestampOutsideWindow) {
		t.Error(err)
	}
	request.Now = time.Now().Add(200 * time.Second)
	caller := must(verifier.VerifyBytes(request))
	if age, _ := caller.Age(); age < 199 || age > 260 {
		t.Error(age)
	}
}

func TestABodyInPieces(t *testing.T) {
	verifier := verifierOfOrders(t)
	request := signedRequest(t, "POST", "/", "in pieces")
	verification := must(verifier.Begin(request))
	defer verification.Close()
	if !verification.NeedsBody() {
		t.Error("it needs the body")
	}
	for _, piece := range []string{"in ", "", "pieces"} {
		if err := verification.Update([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	if caller := must(verification.Finish()); caller.Service() != "billing" || caller.RequestID() != request.Header.Get("X-Request-Id") {
		t.Error(caller)
	}
	if err := verification.Update(nil); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
	if _, err := verification.Finish(); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
	tooLong := must(verifier.Begin(signedRequest(t, "POST", "/", "")))
	defer tooLong.Close()
	if err := tooLong.DeclareLength(bodyLimit + 1); !errors.Is(err, ErrBodyTooLarge) {
		t.Error(err)
	}
}

func TestReplaceKeepsWhatWasSeen(t *testing.T) {
	verifier := verifierOfOrders(t)
	first := signedRequest(t, "GET", "/", "")
	must(verifier.VerifyBytes(first))
	second := must(ParseConfig(strings.Replace(sprintOrders(50), `"2026"`, `"2027"`, 1), secrets))
	if err := verifier.Replace(second); err != nil {
		t.Fatal(err)
	}
	second.Close()
	if verifier.BodyLimit() != 50 {
		t.Error(verifier.BodyLimit())
	}
	if _, err := verifier.VerifyBytes(first); !errors.Is(err, ErrReplayed) {
		t.Error(err)
	}
	if caller := must(verifier.VerifyBytes(signedRequest(t, "GET", "/", ""))); caller.KeyID() != "2027" {
		t.Error(caller.KeyID())
	}
}

func TestMetricsCount(t *testing.T) {
	verifier := verifierOfOrders(t)
	must(verifier.VerifyBytes(signedRequest(t, "GET", "/", "")))
	if text := must(verifier.Metrics()); !strings.Contains(text, "wiresign_requests_accepted_total{scheme=\"service-hmac-v2\"} 1\n") {
		t.Error(text)
	}
}

func TestARequiredService(t *testing.T) {
	verifier := verifierOfOrders(t)
	caller := must(verifier.VerifyBytes(signedRequest(t, "GET", "/", "")))
	for _, services := range [][]string{nil, {"billing"}, {"shop", "billing"}} {
		if err := caller.RequireService(services...); err != nil {
			t.Error(services, err)
		}
	}
	if err := caller.RequireService("shop"); !errors.Is(err, ErrServiceNotAllowed) {
		t.Error(err)
	}
	public := must(verifier.VerifyBytes(&Request{Method: "GET", Target: "/health"}))
	if err := public.RequireService(); !errors.Is(err, ErrAuthenticationRequired) || !public.IsPublic() {
		t.Error(err)
	}
}

func TestCloseIsIdempotentAndUseAfterItIsAnError(t *testing.T) {
	config := configOfService(t, "orders")
	verifier := must(NewVerifier(config))
	signer := must(NewSigner(configOfService(t, "billing"), WithTarget("orders")))
	caller := must(verifier.VerifyBytes(signedRequest(t, "GET", "/", "")))
	verification := must(verifier.Begin(signedRequest(t, "POST", "/", "a")))
	for range 2 {
		config.Close()
		verifier.Close()
		signer.Close()
		verification.Close()
	}
	var identity Identity
	_, newVerifier := NewVerifier(config)
	_, newSigner := NewSigner(config)
	_, verify := verifier.VerifyBytes(&Request{})
	_, begin := verifier.Begin(&Request{})
	_, metrics := verifier.Metrics()
	_, sign := signer.Sign(&Request{})
	_, message := signer.Message(&Request{})
	_, finish := verification.Finish()
	errs := []error{
		newVerifier, newSigner, verify, begin, metrics, sign, message, finish, verifier.VerifyInto(&Request{}, &identity),
		verifier.Replace(config), verification.Update(nil), verification.DeclareLength(1),
	}
	for at, err := range errs {
		if !errors.Is(err, ErrObjectSpent) {
			t.Error(at, err)
		}
	}
	if verifier.IsPublic("GET", "/health") || verifier.BodyLimit() != 0 || verification.NeedsBody() {
		t.Error("a closed object says no")
	}
	if config.Service() != "orders" || caller.Service() != "billing" || len(caller.Covered()) != 8 {
		t.Error("what was read stays")
	}
}

func TestZeroValuesAndNothingAreErrors(t *testing.T) {
	var nothing *Config
	if _, err := NewVerifier(nothing); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
	if _, err := (&Verifier{}).VerifyBytes(&Request{}); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
	if _, err := (&Signer{}).Sign(&Request{}); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
	if err := errors.Join(nothing.Close(), (*Verifier)(nil).Close(), (&Verifier{}).Close(), (*BodyVerification)(nil).Close()); err != nil {
		t.Error(err)
	}
}

func TestClosedWhileOthersVerify(t *testing.T) {
	request := signedRequest(t, "POST", "/", "body")
	config := configOfService(t, "orders")
	for range 20 {
		verifier := must(NewVerifier(config))
		var group sync.WaitGroup
		for range 8 {
			group.Add(1)
			go func() {
				defer group.Done()
				for {
					_, err := verifier.VerifyBytes(request)
					switch {
					case errors.Is(err, ErrObjectSpent):
						return
					case err != nil && !errors.Is(err, ErrReplayed):
						t.Error(err)
						return
					}
				}
			}()
		}
		time.Sleep(time.Millisecond)
		verifier.Close()
		group.Wait()
	}
}

func TestReplacedUnderLoad(t *testing.T) {
	verifier := verifierOfOrders(t)
	configs := []*Config{configOfService(t, "orders"), must(ParseConfig(sprintOrders(50), secrets))}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for at := range 200 {
			if err := verifier.Replace(configs[at%2]); err != nil {
				t.Error(err)
			}
		}
	}()
	signer := signerOf(t, "billing")
	for {
		request := &Request{Method: "GET", Target: "/"}
		request.Fields = must(signer.Sign(request))
		must(verifier.VerifyBytes(request))
		select {
		case <-done:
			return
		default:
		}
	}
}
