package wiresign

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const rolesDocument = `{
	"service": "SERVICE",
	"accept": ["aws-identity"],
	"sign_with": "aws-identity",
	"aws_identity": {"regions": ["eu-central-1"], "roles": {"arn:aws:iam::123456789012:role/prod-{service}-task": "{service}"}},
	"services": {"orders": {}, "stock": {}, "billing": {"allowed_targets": ["orders", "stock"]}},
	"routes": [{"match": "/open", "public": true}]
}`

func rolesConfig(t testing.TB, service string) *Config {
	t.Helper()
	config := must(ParseConfig(strings.Replace(rolesDocument, "SERVICE", service, 1)))
	t.Cleanup(func() { config.Close() })
	return config
}

// A countingTransport counts what it sends.
type countingTransport struct {
	base  http.RoundTripper
	count atomic.Int64
}

func (c *countingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	c.count.Add(1)
	return baseOr(c.base).RoundTrip(r)
}

// A roleServer is orders over HTTP, whose callers prove their roles.
type roleServer struct {
	*httptest.Server
	questions *countingTransport
	log       *bytes.Buffer
}

func (s *roleServer) asked() int64 { return s.questions.count.Load() }

func roleServerOf(t testing.TB, endpoint string, options ...STSOption) *roleServer {
	t.Helper()
	server := &roleServer{questions: &countingTransport{}, log: &bytes.Buffer{}}
	// A busy machine is no silence.
	usual := []STSOption{WithSTSEndpoint(endpoint), WithSTSClient(&http.Client{Transport: server.questions}), WithSTSTimeout(time.Minute)}
	options = append(usual, options...)
	sts := must(NewSTS(options...))
	verifier := must(NewVerifier(rolesConfig(t, "orders")))
	logger := slog.New(slog.NewTextHandler(&lockedWriter{to: server.log}, nil))
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if caller, ok := CallerFrom(r.Context()); ok {
			_, _ = io.WriteString(w, caller.Service()+" "+caller.Subject()+" "+caller.KeyID())
		}
	})
	server.Server = httptest.NewServer(Middleware(verifier, WithSTS(sts), WithLogger(logger))(handler))
	t.Cleanup(func() {
		server.Close()
		sts.Close()
		verifier.Close()
	})
	return server
}

type lockedWriter struct {
	mutex sync.Mutex
	to    io.Writer
}

func (w *lockedWriter) Write(text []byte) (int, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.to.Write(text)
}

// prove gives the header of a request to a service that proves a role.
func prove(t testing.TB, credentials AWSCredentials, target string, now time.Time) http.Header {
	t.Helper()
	signer := must(NewSignerWithAWSCredentials(rolesConfig(t, "billing"), credentials, WithTarget(target)))
	defer signer.Close()
	header := http.Header{}
	for _, field := range must(signer.Sign(&Request{Method: "POST", Target: "/a", Now: now})) {
		header.Set(field.Name, field.Value)
	}
	return header
}

// answer is what the server says, or the code of its refusal.
func (s *roleServer) answer(t testing.TB, header http.Header) string {
	t.Helper()
	request := must(http.NewRequest("POST", s.URL+"/a", strings.NewReader("{}")))
	request.Header = header.Clone()
	return answerTo(t, request)
}

func answerTo(t testing.TB, request *http.Request) string {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer response.Body.Close()
	text := must(io.ReadAll(response.Body))
	if response.StatusCode == http.StatusOK {
		return string(text)
	}
	var refusal struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(text, &refusal)
	return refusal.Code
}

func TestARoleIsLetInAndAskedAboutOnce(t *testing.T) {
	aws := motoOf(t)
	billing := aws.role(t, "prod-billing-task", account)
	server := roleServerOf(t, aws.url)
	proof := prove(t, billing, "orders", time.Time{})
	wanted := "billing arn:aws:sts::123456789012:assumed-role/prod-billing-task/task-1 " + billing.AccessKeyID
	for range 3 {
		if answer := server.answer(t, proof); answer != wanted {
			t.Error(answer)
		}
	}
	if server.asked() != 1 {
		t.Error(server.asked())
	}
}

func TestForgedProofsAreRefusedAndAskedAboutOnce(t *testing.T) {
	aws := motoOf(t)
	billing := aws.role(t, "prod-billing-task", account)
	server := roleServerOf(t, aws.url)
	forger := billing
	forger.Secret = strings.Repeat("x", 40)
	forged := prove(t, forger, "orders", time.Time{})
	for range 3 {
		if answer := server.answer(t, forged); answer != "INVALID_SIGNATURE" {
			t.Error(answer)
		}
	}
	if server.asked() != 1 {
		t.Error(server.asked())
	}
	// What is signed is the other target, and the verifier asks about its own.
	moved := prove(t, billing, "stock", time.Time{})
	moved.Set("X-Target-Service", "orders")
	if answer := server.answer(t, moved); answer != "INVALID_SIGNATURE" {
		t.Error(answer)
	}
	if answer := server.answer(t, prove(t, billing, "orders", time.Time{})); !strings.HasPrefix(answer, "billing ") {
		t.Error(answer)
	}
}

func TestWhatTheHeadDecidesIsNotAsked(t *testing.T) {
	aws := motoOf(t)
	billing := aws.role(t, "prod-billing-task", account)
	server := roleServerOf(t, aws.url)
	undated := prove(t, billing, "orders", time.Time{})
	undated.Set("X-Service-AWS-Date", "yesterday")
	for wanted, proof := range map[string]http.Header{
		"TARGET_NOT_ALLOWED":       prove(t, billing, "stock", time.Time{}),
		"TIMESTAMP_OUTSIDE_WINDOW": prove(t, billing, "orders", time.Now().Add(-400*time.Second)),
		"INVALID_TIMESTAMP":        undated,
		"AUTHENTICATION_REQUIRED":  {},
	} {
		if answer := server.answer(t, proof); answer != wanted {
			t.Error(answer, wanted)
		}
	}
	open := must(http.NewRequest("GET", server.URL+"/open", nil))
	open.Header = prove(t, billing, "orders", time.Time{})
	if response, err := http.DefaultClient.Do(open); err != nil || response.StatusCode != http.StatusOK {
		t.Error(response, err)
	}
	if server.asked() != 0 {
		t.Error(server.asked())
	}
}

func TestOtherRolesAndAccountsAreNobody(t *testing.T) {
	aws := motoOf(t)
	server := roleServerOf(t, aws.url)
	for _, credentials := range []AWSCredentials{
		aws.role(t, "dev-billing-task", account), aws.role(t, "prod-nobody-task", account), aws.role(t, "prod-billing-task", elsewhere),
	} {
		if answer := server.answer(t, prove(t, credentials, "orders", time.Time{})); answer != "UNKNOWN_SERVICE" {
			t.Error(answer)
		}
	}
	if server.asked() != 3 {
		t.Error(server.asked())
	}
}

var someone = AWSCredentials{AccessKeyID: "ASIABILLING000000001", Secret: strings.Repeat("s", 40), SessionToken: "token"}

const saysBilling = `{"GetCallerIdentityResponse": {"GetCallerIdentityResult": {"Account": "123456789012",
	"Arn": "arn:aws:sts::123456789012:assumed-role/prod-billing-task/1"}}}`

func TestWithoutAnAnswerNobodyIsLetIn(t *testing.T) {
	nobody := must(freeAddress())
	silent := must(net.Listen("tcp", "127.0.0.1:0"))
	defer silent.Close()
	failing := func(answer http.HandlerFunc) string {
		server := httptest.NewServer(answer)
		t.Cleanup(server.Close)
		return server.URL
	}
	right := httptest.NewServer(publishing(saysBilling))
	defer right.Close()
	for name, endpoint := range map[string]string{
		"nobody":     "http://" + nobody,
		"silent":     "http://" + silent.Addr().String(),
		"busy":       failing(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }),
		"a redirect": failing(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, right.URL, 307) }),
		"too long":   failing(publishing(saysBilling + strings.Repeat(" ", mostAnswerBytes))),
		"no JSON":    failing(publishing("<html>")),
		"slow": failing(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, saysBilling)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}),
	} {
		server := roleServerOf(t, endpoint, WithSTSTimeout(300*time.Millisecond))
		proof := prove(t, someone, "orders", time.Time{})
		for range 2 {
			if answer := server.answer(t, proof); answer != "IDENTITY_UNAVAILABLE" {
				t.Error(name, answer)
			}
		}
		if server.asked() != 1 {
			t.Error(name, server.asked())
		}
		server.Close()
		if log := server.log.String(); strings.Contains(log, proof.Get("X-Service-AWS-Identity")) || strings.Contains(log, "token") {
			t.Error(name, log)
		}
	}
	verifier := must(NewVerifier(rolesConfig(t, "orders")))
	defer verifier.Close()
	without := httptest.NewServer(Middleware(verifier)(whoCalled))
	defer without.Close()
	if answer := (&roleServer{Server: without}).answer(t, prove(t, someone, "orders", time.Time{})); answer != "IDENTITY_UNAVAILABLE" {
		t.Error(answer)
	}
}

func TestAQuestionThatSeveralHaveIsAskedOnce(t *testing.T) {
	release := make(chan struct{})
	aws := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-release
		if r.Host != "sts.eu-central-1.amazonaws.com" || r.Header.Get("X-Target-Service") != "orders" ||
			string(must(io.ReadAll(r.Body))) != "Action=GetCallerIdentity&Version=2011-06-15&ContentType=JSON" {
			w.WriteHeader(400)
		}
		_, _ = io.WriteString(w, saysBilling)
	}))
	defer aws.Close()
	asked := &countingTransport{base: aws.Client().Transport}
	server := roleServerOf(t, aws.URL, WithSTSClient(&http.Client{Transport: asked}), WithSTSTimeout(time.Minute))
	proof := prove(t, someone, "orders", time.Time{})

	// Whoever asked first, and leaves, takes nothing from the others.
	ctx, leave := context.WithCancel(context.Background())
	first := must(http.NewRequestWithContext(ctx, "POST", server.URL+"/a", nil))
	first.Header = proof
	gone := make(chan error)
	go func() {
		_, err := http.DefaultClient.Do(first)
		gone <- err
	}()
	eventually(t, "AWS is asked", func() bool { return asked.count.Load() > 0 })
	leave()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	var others sync.WaitGroup
	for range 20 {
		others.Add(1)
		go func() {
			defer others.Done()
			if answer := server.answer(t, proof); !strings.HasPrefix(answer, "billing ") {
				t.Error(answer)
			}
		}()
	}
	time.Sleep(50 * time.Millisecond)
	close(release)
	others.Wait()
	if count := asked.count.Load(); count != 1 {
		t.Error(count)
	}
}

func TestQuestionsLeaveTheMachineOnlyForAWS(t *testing.T) {
	for _, endpoint := range []string{"https://sts.example.com", "http://10.0.0.1:5000", "http://127.0.0.1.example.com", "::", "/"} {
		if _, err := NewSTS(WithSTSEndpoint(endpoint)); !errors.Is(err, ErrInvalidArgument) {
			t.Error(endpoint, err)
		}
	}
	if _, err := NewSTS(WithSTSTimeout(0)); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
	verifier := must(NewVerifier(rolesConfig(t, "orders")))
	defer verifier.Close()
	question := must(verifier.IdentityRequest(&Request{Method: "POST", Target: "/a", Header: prove(t, someone, "orders", time.Time{})}))
	if question.Method != "POST" || question.URL != "https://sts.eu-central-1.amazonaws.com/" || len(question.Fields) != 7 ||
		strings.Contains(question.String()+question.GoString(), "Signature") {
		t.Error(question.Method, question.URL, question.Fields)
	}
	// What is not asked where the configuration says must not be asked elsewhere either.
	sts := must(NewSTS(WithSTSClient(&http.Client{Transport: refusingTransport{}})))
	if err := sts.Identify(context.Background(), verifier, &Request{Method: "POST", Target: "/a", Header: prove(t, someone, "orders", time.Time{})}); err == nil ||
		!strings.Contains(err.Error(), "https://sts.eu-central-1.amazonaws.com/") {
		t.Error(err)
	}
	question.Close()
	if err := verifier.IdentityAnswer(question, 200, []byte(saysBilling)); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
	if err := verifier.IdentityAnswer(nil, 200, nil); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
	verifier.Close()
	if _, err := verifier.IdentityRequest(&Request{}); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
}

// A refusingTransport sends nothing.
type refusingTransport struct{}

func (refusingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, errors.New("nothing was sent to " + r.URL.Host)
}

func TestAnAnswerIsWhatAWSSaid(t *testing.T) {
	for wanted, answer := range map[string]struct {
		status int
		body   string
	}{
		"OK":                   {200, saysBilling},
		"UNKNOWN_KEY":          {403, `{"Error": {"Code": "InvalidClientTokenId"}}`},
		"TOKEN_EXPIRED":        {403, `{"Error": {"Code": "ExpiredToken"}}`},
		"INVALID_SIGNATURE":    {403, `{"Error": {"Code": "SignatureDoesNotMatch"}}`},
		"IDENTITY_UNAVAILABLE": {70000, saysBilling},
	} {
		verifier := must(NewVerifier(rolesConfig(t, "orders")))
		request := &Request{Method: "POST", Target: "/a", Header: prove(t, someone, "orders", noon), Now: noon}
		question := must(verifier.IdentityRequest(request))
		if err := verifier.IdentityAnswer(question, answer.status, []byte(answer.body)); err != nil {
			t.Error(err)
		}
		if code := codeOf(t, verifier, request); code != wanted {
			t.Error(code, wanted)
		}
		if again := must(verifier.IdentityRequest(request)); again != nil {
			t.Error("asked again")
		}
		question.Close()
		verifier.Close()
	}
}
