package wiresign

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

// ordersWith gives a verifier of orders whose document has further members.
func ordersWith(t *testing.T, members string) *Verifier {
	t.Helper()
	document := sprintOrders(bodyLimit)
	config := must(ParseConfig(document[:len(document)-1]+", "+members+"}", secrets))
	t.Cleanup(func() { config.Close() })
	verifier := must(NewVerifier(config))
	t.Cleanup(func() { verifier.Close() })
	return verifier
}

// A body in pieces gives an object of the library, and a whole one numbers: both name the same caller.
func TestBothWaysNameTheSameCaller(t *testing.T) {
	request := signedRequest(t, "POST", "/invoices?draft=1", "{}")
	request.Now = time.Now() // one moment for both, or their ages could differ
	whole := must(verifierOfOrders(t).VerifyBytes(request))
	verification := must(verifierOfOrders(t).Begin(request))
	if err := verification.Update(request.Body); err != nil {
		t.Fatal(err)
	}
	pieces := must(verification.Finish())
	if !reflect.DeepEqual(whole.Identity, pieces.Identity) {
		t.Errorf("%+v is not %+v", whole.Identity, pieces.Identity)
	}
	if key := whole.ReplayKey(); !strings.HasPrefix(key, "n:") || len(key) != 66 || key != pieces.ReplayKey() {
		t.Errorf("%s is not %s", key, pieces.ReplayKey())
	}
}

func TestFactsFollowTheConfigurationInForce(t *testing.T) {
	verifier := verifierOfOrders(t)
	retiring := strings.Replace(sprintOrders(bodyLimit), `"id": "2026",`, `"id": "2026", "state": "retiring",`, 1)
	documents := []string{sprintOrders(bodyLimit), retiring}
	for count := range 10 {
		config := must(ParseConfig(documents[count%2], secrets))
		if err := verifier.Replace(config); err != nil {
			t.Fatal(err)
		}
		config.Close()
		caller := must(verifier.VerifyBytes(signedRequest(t, "GET", "/", "")))
		if caller.Service() != "billing" || caller.KeyIsRetiring() != (count%2 == 1) {
			t.Errorf("%d: %s, retiring: %v", count, caller, caller.KeyIsRetiring())
		}
	}
}

func TestARefusedServiceIsAnsweredAsEveryRefusal(t *testing.T) {
	const uniform = `"reveal": "uniform"`
	for _, expected := range []struct {
		members, service, path, body, challenge string
		status                                  int
	}{
		{`"reveal": "code"`, "shop", "/", `{"error":"` + ErrServiceNotAllowed.Message() + `","code":"SERVICE_NOT_ALLOWED","requestId":"ID"}`, "", 403},
		{uniform, "shop", "/", `{"error":"` + ErrPermissionDenied.Message() + `","code":"PERMISSION_DENIED","requestId":"ID"}`, "", 403},
		{uniform, "shop", "/health", `{"error":"` + ErrAuthenticationRequired.Message() + `","code":"AUTHENTICATION_REQUIRED","requestId":null}`, `Wiresign realm="orders"`, 401},
	} {
		request := signedRequest(t, "GET", expected.path, "")
		caller := must(ordersWith(t, expected.members).VerifyBytes(request))
		var refusal *Refusal
		if err := caller.RequireService(expected.service); !errors.As(err, &refusal) {
			t.Fatal(err)
		}
		body := strings.Replace(expected.body, "ID", request.Header.Get("X-Request-Id"), 1)
		if refusal.Response.Body != body || refusal.Response.Status != expected.status || refusal.Response.WWWAuthenticate != expected.challenge {
			t.Errorf("%+v", refusal.Response)
		}
	}
}

// An Identity has no way to say that its request is still to be remembered.
func TestVerifyIntoLeavesExternalStoresToVerifyBytes(t *testing.T) {
	verifier := ordersWith(t, `"replay": {"store": "external"}`)
	var identity Identity
	err := verifier.VerifyInto(signedRequest(t, "GET", "/", ""), &identity)
	if !errors.Is(err, ErrInvalidArgument) || identity != (Identity{}) {
		t.Errorf("%v: %+v", err, identity)
	}
	caller := must(verifier.VerifyBytes(signedRequest(t, "GET", "/", "")))
	if seconds, known := caller.ReplaySeconds(); !known || seconds == 0 {
		t.Error(seconds, known)
	}
}

// Whichever way fields are handed over, too many of them are refused.
func TestFieldsThatAreNotReadCount(t *testing.T) {
	for _, many := range []int{249, 251} {
		request := signedRequest(t, "GET", "/", "")
		for len(request.Header["Cookie"]) < many {
			request.Header.Add("Cookie", "a=b")
		}
		request.Authority = "orders.internal"
		fields := 5 + 2 + many + 1
		_, err := verifierOfOrders(t).VerifyBytes(request)
		if accepted := err == nil; accepted != (fields <= mostFields) {
			t.Errorf("%d fields: %v", fields, err)
		}
	}
	request := signedRequest(t, "GET", "/", "")
	request.Header.Set("Cookie", strings.Repeat("a", mostFieldBytes))
	if _, err := verifierOfOrders(t).VerifyBytes(request); !errors.Is(err, ErrMalformedRequest) {
		t.Error(err)
	}
}
