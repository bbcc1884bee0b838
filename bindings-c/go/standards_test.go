package wiresign

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

var noon = time.Unix(1767225600, 0)

const awsDocument = `{
	"service": "SERVICE",
	"accept": ["aws-sigv4"],
	"sign_with": "aws-sigv4",
	"aws_sigv4": {"region": "eu-central-1", "service": "execute-api"},
	"services": {"billing": {"aws_keys": [{"id": "AKIDBILLING000000001", "secret": "env:BILLING_SECRET"TOKEN}], "allowed_targets": ["orders"]}}
}`

func awsConfig(t testing.TB, service, token string) *Config {
	t.Helper()
	if token != "" {
		token = `, "session_token": "literal:` + token + `"`
	}
	config := must(ParseConfig(strings.NewReplacer("SERVICE", service, "TOKEN}", token+"}").Replace(awsDocument), secrets))
	t.Cleanup(func() { config.Close() })
	return config
}

const messagesDocument = `{
	"service": "SERVICE",
	"accept": ["rfc9421"],
	"sign_with": "rfc9421",
	"services": {
		"orders": {"keys": [{"secret": "env:ORDERS_SECRET"}]},
		"billing": {"keys": [{"id": "2026", "secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]}
	}
}`

func messagesConfig(t testing.TB, service string) *Config {
	t.Helper()
	config := must(ParseConfig(strings.Replace(messagesDocument, "SERVICE", service, 1), secrets))
	t.Cleanup(func() { config.Close() })
	return config
}

func codeOf(t testing.TB, verifier *Verifier, request *Request) string {
	t.Helper()
	_, err := verifier.VerifyBytes(request)
	return codeIn(err)
}

func codeIn(err error) string {
	var refusal *Refusal
	switch {
	case err == nil:
		return "OK"
	case errors.As(err, &refusal):
		return refusal.Code.String()
	default:
		return err.Error()
	}
}

func TestALinkIsGoodForItsTime(t *testing.T) {
	signer := must(NewSigner(awsConfig(t, "billing", "")))
	defer signer.Close()
	verifier := must(NewVerifier(awsConfig(t, "orders", "")))
	defer verifier.Close()
	request := &Request{Method: "GET", Target: "/a?b=c", Authority: "orders.internal", Now: noon}
	link := *request
	link.Target = must(signer.Presign(request, 60))
	for at, wanted := range map[time.Duration]string{time.Minute: "OK", 61 * time.Second: "TIMESTAMP_OUTSIDE_WINDOW"} {
		link.Now = noon.Add(at)
		if code := codeOf(t, verifier, &link); code != wanted {
			t.Error(at, code)
		}
	}
	link.Now, link.Target = noon, strings.Replace(link.Target, "b=c", "b=d", 1)
	if code := codeOf(t, verifier, &link); code != "INVALID_SIGNATURE" {
		t.Error(code)
	}
	for _, seconds := range []uint64{0, 604_801} {
		if _, err := signer.Presign(request, seconds); !errors.Is(err, ErrSigningFailed) {
			t.Error(seconds, err)
		}
	}
	if _, err := signerOf(t, "billing").Presign(request, 60); !errors.Is(err, ErrSigningFailed) {
		t.Error(err)
	}
	signer.Close()
	if _, err := signer.Presign(request, 60); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
}

func TestFieldsThatAreLongerThanUsualAreSigned(t *testing.T) {
	token := strings.Repeat("t", 4096)
	signer := must(NewSigner(awsConfig(t, "billing", token)))
	defer signer.Close()
	verifier := must(NewVerifier(awsConfig(t, "orders", token)))
	defer verifier.Close()
	request := &Request{Method: "GET", Target: "/a", Authority: "orders.internal", Now: noon}
	fields := must(signer.AppendFields([]Field{{"Host", "orders.internal"}}, request))
	request.Fields = fields
	if code := codeOf(t, verifier, request); code != "OK" || fields[0].Name != "Host" {
		t.Error(code, fields)
	}
}

func TestAResponseIsHeldAgainstItsRequest(t *testing.T) {
	billing := must(NewSigner(messagesConfig(t, "billing"), WithTarget("orders")))
	defer billing.Close()
	orders := must(NewSigner(messagesConfig(t, "orders")))
	defer orders.Close()
	verifier := must(NewVerifier(messagesConfig(t, "billing")))
	defer verifier.Close()
	signed := func(target string) *Request {
		request := &Request{Method: "POST", Target: target, Authority: "orders.internal", Body: []byte("{}"), Now: noon}
		request.Fields = append([]Field{{"Host", "orders.internal"}}, must(billing.Sign(request))...)
		return request
	}
	request := signed("/a?b=c")
	response := Response{Status: http.StatusCreated, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte("[1]"), Now: noon}
	for _, field := range must(orders.SignResponse(&response, request)) {
		response.Header.Set(field.Name, field.Value)
	}
	caller := must(verifier.VerifyResponse("orders", &response, request))
	if caller.Service() != "orders" || caller.Scheme() != "rfc9421" {
		t.Error(caller, caller.Scheme())
	}
	for name, test := range map[string]struct {
		service string
		change  func(*Response)
		request *Request
		code    string
	}{
		"another status":  {"orders", func(r *Response) { r.Status = 200 }, request, "INVALID_SIGNATURE"},
		"another body":    {"orders", func(r *Response) { r.Body = []byte("[2]") }, request, "DIGEST_MISMATCH"},
		"another time":    {"orders", func(r *Response) { r.Now = noon.Add(301 * time.Second) }, request, "TIMESTAMP_OUTSIDE_WINDOW"},
		"another service": {"billing", func(*Response) {}, request, "SERVICE_NOT_ALLOWED"},
		"another request": {"orders", func(*Response) {}, signed("/a?b=d"), "INVALID_SIGNATURE"},
		"no signature":    {"orders", func(r *Response) { r.Header = http.Header{} }, request, "MISSING_SIGNATURE"},
	} {
		changed := response
		test.change(&changed)
		if _, err := verifier.VerifyResponse(test.service, &changed, test.request); codeIn(err) != test.code {
			t.Error(name, err)
		}
	}
	for _, status := range []int{0, -1, 1000, 65_736} {
		wrong := Response{Status: status, Now: noon}
		_, err := orders.SignResponse(&wrong, request)
		_, refused := verifier.VerifyResponse("orders", &wrong, request)
		if !errors.Is(err, ErrInvalidArgument) || !errors.Is(refused, ErrInvalidArgument) {
			t.Error(status, err, refused)
		}
	}
	orders.Close()
	verifier.Close()
	_, err := orders.SignResponse(&response, request)
	_, refused := verifier.VerifyResponse("orders", &response, request)
	if !errors.Is(err, ErrObjectSpent) || !errors.Is(refused, ErrObjectSpent) {
		t.Error(err, refused)
	}
}

func TestASignatureThatIsAskedForIsMade(t *testing.T) {
	verifier := must(NewVerifier(messagesConfig(t, "orders")))
	defer verifier.Close()
	signer := must(NewSigner(messagesConfig(t, "billing"), WithTarget("orders")))
	defer signer.Close()
	request := &Request{Method: "POST", Target: "/a", Authority: "orders.internal", Body: []byte("{}"), Now: noon}
	if code := codeOf(t, verifier, request); code != "AUTHENTICATION_REQUIRED" {
		t.Error(code)
	}
	response := &Response{Status: http.StatusUnauthorized, Header: http.Header{"Accept-Signature": {must(verifier.AcceptSignature())}}}
	fields, asked, err := signer.SignAsAsked(response, request)
	if err != nil || !asked {
		t.Fatal(asked, err)
	}
	request.Fields = append([]Field{{"Host", "orders.internal"}}, fields...)
	if code := codeOf(t, verifier, request); code != "OK" {
		t.Error(code)
	}
	if fields, asked, err := signer.SignAsAsked(&Response{}, request); err != nil || asked || fields != nil {
		t.Error(fields, asked, err)
	}
	response.Header.Set("Accept-Signature", "(((")
	if _, _, err := signer.SignAsAsked(response, request); !errors.Is(err, ErrSigningFailed) {
		t.Error(err)
	}
	signer.Close()
	verifier.Close()
	if _, _, err := signer.SignAsAsked(response, request); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
	if _, err := verifier.AcceptSignature(); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
}
