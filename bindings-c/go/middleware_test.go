package wiresign

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

// whoCalled answers with the caller and the body that a handler sees.
var whoCalled = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	name := "nobody"
	if caller, ok := CallerFrom(r.Context()); ok {
		name = caller.Service()
	}
	w.Write([]byte(name + " sent " + string(body)))
})

func serveOnce(handler http.Handler, r *http.Request) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, r)
	return answer
}

func TestTheHandlerSeesTheCallerAndTheSameBody(t *testing.T) {
	bodies := map[string]string{
		"none": "", "short": "{}", "one piece": strings.Repeat("a", onePiece), "longer": strings.Repeat("b", onePiece+1),
		"the longest": strings.Repeat("c", bodyLimit),
	}
	handler := Middleware(verifierOfOrders(t))(whoCalled)
	for name, body := range bodies {
		for _, declared := range []bool{true, false} {
			r := received(t, "POST", "/invoices?a=b%2Fc", body)
			if !declared && body != "" {
				r.ContentLength = -1
			}
			if answer := serveOnce(handler, r); answer.Code != 200 || answer.Body.String() != "billing sent "+body {
				t.Errorf("%s, declared %v: %d %.200s", name, declared, answer.Code, answer.Body)
			}
		}
	}
}

func TestARefusalIsAnsweredWithTheBytesOfTheCore(t *testing.T) {
	verifier := verifierOfOrders(t)
	handler := Middleware(verifier)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was let through") }))
	r := received(t, "POST", "/", "{}")
	r.Body = io.NopCloser(strings.NewReader("[]"))
	forged := serveOnce(handler, r)
	want := `{"error":"` + ErrInvalidSignature.Message() + `","code":"INVALID_SIGNATURE","requestId":"` + r.Header.Get("X-Request-Id") + `"}`
	if forged.Code != 401 || forged.Body.String() != want || forged.Header().Get("Content-Type") != "application/json" ||
		forged.Header().Get("WWW-Authenticate") != `Wiresign realm="orders"` {
		t.Errorf("%d %v %s", forged.Code, forged.Header(), forged.Body)
	}
	stranger := serveOnce(handler, httptest.NewRequest("GET", "/", nil))
	if stranger.Code != 401 || stranger.Body.String() != `{"error":"Authentication is required.","code":"AUTHENTICATION_REQUIRED","requestId":null}` {
		t.Errorf("%d %s", stranger.Code, stranger.Body)
	}
}

func TestWhoFailsTooOftenIsToldWhenToComeAgain(t *testing.T) {
	verifier := verifierWith(t, `"limits": {`, `"limits": {"failures_per_minute": 1, `)
	handler := Middleware(verifier)(whoCalled)
	// The minute may end in between, but not twice.
	for range 5 {
		r := received(t, "POST", "/", "{}")
		r.Body = io.NopCloser(strings.NewReader("[]"))
		answer := serveOnce(handler, r)
		if answer.Code != http.StatusTooManyRequests {
			continue
		}
		if seconds, err := strconv.Atoi(answer.Header().Get("Retry-After")); err != nil || seconds < 1 || seconds > 60 {
			t.Error(answer.Header())
		}
		return
	}
	t.Error("nobody was told")
}

func TestABodyThatIsTooLongIsRefusedBeforeItIsRead(t *testing.T) {
	handler := Middleware(verifierOfOrders(t))(whoCalled)
	declared := received(t, "POST", "/", "")
	declared.Body = io.NopCloser(untouched{t})
	declared.ContentLength = bodyLimit + 1
	if answer := serveOnce(handler, declared); answer.Code != 413 || !strings.Contains(answer.Body.String(), "BODY_TOO_LARGE") {
		t.Error(answer.Code, answer.Body)
	}
	endless := received(t, "POST", "/", "")
	counted := &counter{}
	endless.Body = io.NopCloser(counted)
	endless.ContentLength = -1
	if answer := serveOnce(handler, endless); answer.Code != 413 || counted.read > 2*bodyLimit {
		t.Error(answer.Code, counted.read)
	}
}

// untouched fails when it is read.
type untouched struct{ t *testing.T }

func (i untouched) Read([]byte) (int, error) {
	i.t.Error("the body was read")
	return 0, io.EOF
}

// counter is a body without end.
type counter struct{ read int }

func (c *counter) Read(space []byte) (int, error) {
	c.read += len(space)
	return len(space), nil
}

func TestAShortBodyOverTheLimitIsNotRead(t *testing.T) {
	r := received(t, "POST", "/", "eleven byte")
	r.Body = io.NopCloser(iotest.ErrReader(errors.New("it was read")))
	limited := verifierWith(t, `"body_bytes": 200000`, `"body_bytes": 10`)
	if answer := serveOnce(Middleware(limited)(whoCalled), r); answer.Code != 413 {
		t.Error(answer.Code, answer.Body)
	}
}

func TestPublicRoutesAreOpenAndSayNobody(t *testing.T) {
	handler := Middleware(verifierOfOrders(t))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Service-Id") != "" || r.Header.Get("X-Service-Name") != "" {
			t.Error("an unverified name came through")
		}
		whoCalled(w, r)
	}))
	body := strings.Repeat("d", bodyLimit+1)
	r := httptest.NewRequest("POST", "/webhooks/any", strings.NewReader(body))
	r.Header.Set("X-Service-ID", "billing")
	r.Header.Set("X-Service-Name", "billing")
	if answer := serveOnce(handler, r); answer.Code != 200 || answer.Body.String() != "nobody sent "+body {
		t.Errorf("%d %.100s", answer.Code, answer.Body)
	}
	if r.Header.Get("X-Service-ID") != "billing" {
		t.Error("whoever stands in front keeps the request as it came")
	}
}

func TestAVerifiedNameStaysAndAnotherIsStripped(t *testing.T) {
	handler := Middleware(verifierOfOrders(t))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Service-Id") != "billing" || len(r.Header["X-Service-Name"]) != 0 {
			t.Error(r.Header)
		}
	}))
	for _, names := range [][]string{{"billing", "admin"}, {"admin"}} {
		r := received(t, "GET", "/", "")
		r.Header["X-Service-Name"] = names
		if answer := serveOnce(handler, r); answer.Code != 200 {
			t.Error(answer.Code, answer.Body)
		}
	}
}

func TestFieldsThatTheApplicationNamesNeverComeThrough(t *testing.T) {
	seen := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header["X-User-Id"]) != 0 || len(r.Header["X-Tenant"]) != 0 || r.Header.Get("X-Other") != "stays" {
			t.Error(r.Header)
		}
	})
	handler := Middleware(verifierOfOrders(t), WithIdentityHeaders("X-User-ID", "x-tenant"))(seen)
	for _, r := range []*http.Request{received(t, "GET", "/", ""), httptest.NewRequest("GET", "/health", nil)} {
		r.Header["X-User-Id"] = []string{"root", "billing"}
		r.Header["X-Tenant"] = []string{"billing"}
		r.Header["X-Other"] = []string{"stays"}
		if answer := serveOnce(handler, r); answer.Code != 200 {
			t.Error(answer.Code, answer.Body)
		}
		if len(r.Header["X-User-Id"]) != 2 {
			t.Error("whoever is in front of the middleware lost a field")
		}
	}
}

func TestMountedTwiceItTakesOutWhatEachNames(t *testing.T) {
	verifier := verifierOfOrders(t)
	seen := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header["X-User-Id"]) != 0 || len(r.Header["X-Tenant"]) != 0 {
			t.Error(r.Header)
		}
		whoCalled(w, r)
	})
	handler := Middleware(verifier, WithIdentityHeaders("X-Tenant"))(Middleware(verifier, WithIdentityHeaders("X-User-ID"))(seen))
	r := received(t, "GET", "/", "")
	r.Header["X-User-Id"] = []string{"root"}
	r.Header["X-Tenant"] = []string{"all"}
	if answer := serveOnce(handler, r); answer.Code != 200 {
		t.Error(answer.Code, answer.Body)
	}
}

func TestMountedTwiceItLooksOnce(t *testing.T) {
	verifier := verifierOfOrders(t)
	protect := Middleware(verifier)
	if answer := serveOnce(protect(protect(whoCalled)), received(t, "GET", "/", "")); answer.Code != 200 {
		t.Error(answer.Code, answer.Body)
	}
	other := Middleware(verifierWith(t, `"routes": [`, `"routes": [{"match": "/shops", "services": ["shop"]}, `))
	for target, code := range map[string]int{"/": 200, "/shops": 403} {
		if answer := serveOnce(protect(other(whoCalled)), received(t, "GET", target, "")); answer.Code != code {
			t.Error("another verifier looks for itself:", answer.Code, answer.Body)
		}
	}
}

func TestRequireServiceServesSomeCallers(t *testing.T) {
	var decisions []string
	watch := OnDecision(func(d Decision) { decisions = append(decisions, d.Event()) })
	protect := Middleware(verifierOfOrders(t), watch)
	if answer := serveOnce(protect(RequireService("shop", "billing")(whoCalled)), received(t, "GET", "/", "")); answer.Code != 200 {
		t.Error(answer.Code, answer.Body)
	}
	if answer := serveOnce(protect(RequireService("shop")(whoCalled)), received(t, "GET", "/", "")); answer.Code != 403 || !strings.Contains(answer.Body.String(), "SERVICE_NOT_ALLOWED") {
		t.Error(answer.Code, answer.Body)
	}
	if answer := serveOnce(protect(RequireService()(whoCalled)), httptest.NewRequest("GET", "/health", nil)); answer.Code != 401 {
		t.Error(answer.Code, answer.Body)
	}
	never := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a refused request reached the handler") })
	if answer := serveOnce(protect(RequireService("shop")(never)), received(t, "GET", "/", "")); answer.Code != 403 {
		t.Error(answer.Code, answer.Body)
	}
	if answer := serveOnce(RequireService("shop")(whoCalled), received(t, "GET", "/", "")); answer.Code != 500 {
		t.Error("without Middleware it serves nobody:", answer.Code)
	}
	if got := strings.Join(decisions, " "); got != "accepted accepted refused public refused accepted refused" {
		t.Error(got)
	}
}

func TestTheAuditRecordIsThatOfEveryLanguage(t *testing.T) {
	var log bytes.Buffer
	handler := Middleware(verifierOfOrders(t), WithLogger(slog.New(slog.NewJSONHandler(&log, nil))))(whoCalled)
	r := received(t, "GET", "/", "")
	r.RequestURI = "/a\x7f?secret=1"
	serveOnce(handler, r)
	serveOnce(handler, received(t, "GET", "/a?secret=1", ""))
	serveOnce(handler, httptest.NewRequest("GET", "/health", nil))
	var records []map[string]any
	for _, line := range strings.Split(strings.TrimSpace(log.String()), "\n") {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		records = append(records, record)
	}
	if len(records) != 3 || strings.Contains(log.String(), "secret") {
		t.Fatal(log.String())
	}
	for _, record := range records {
		for _, name := range []string{"event", "service", "scheme", "key_id", "code", "method", "path", "route", "client", "request_id", "age", "duration_us", "detail"} {
			if _, ok := record[name]; !ok {
				t.Error("no", name, record)
			}
		}
	}
	refused, accepted, public := records[0], records[1], records[2]
	if refused["level"] != "WARN" || refused["msg"] != "request refused" || refused["event"] != "refused" || refused["code"] != "MALFORMED_REQUEST" || refused["path"] != `/a\x7f` || refused["client"] != "192.0.2.1" || refused["age"] != nil {
		t.Error(refused)
	}
	if accepted["level"] != "INFO" || accepted["msg"] != "request accepted" || accepted["event"] != "accepted" || accepted["service"] != "billing" || accepted["key_id"] != "2026" || accepted["code"] != nil || accepted["path"] != "/a" || accepted["age"] == nil {
		t.Error(accepted)
	}
	if public["event"] != "public" || public["service"] != nil || public["route"] != "GET /health" || public["age"] != nil {
		t.Error(public)
	}
}

// brokenLogger panics wherever it can.
type brokenLogger struct{ enabled bool }

func (b brokenLogger) Enabled(context.Context, slog.Level) bool {
	if !b.enabled {
		panic("enabled")
	}
	return true
}
func (b brokenLogger) Handle(context.Context, slog.Record) error { panic("handle") }
func (b brokenLogger) WithAttrs([]slog.Attr) slog.Handler        { return b }
func (b brokenLogger) WithGroup(string) slog.Handler             { return b }

func TestWhateverAHookDoesTheDecisionStands(t *testing.T) {
	for _, enabled := range []bool{true, false} {
		calls := 0
		handler := Middleware(verifierOfOrders(t), WithLogger(slog.New(brokenLogger{enabled})), OnDecision(func(d Decision) {
			calls++
			panic(errors.New("broken"))
		}))(whoCalled)
		if answer := serveOnce(handler, received(t, "GET", "/", "")); answer.Code != 200 {
			t.Error(answer.Code)
		}
		if answer := serveOnce(handler, httptest.NewRequest("GET", "/", nil)); answer.Code != 401 {
			t.Error(answer.Code)
		}
		if calls != 2 {
			t.Error(calls)
		}
	}
}

func TestABodyThatWasReadBeforeIsAFault(t *testing.T) {
	var log bytes.Buffer
	handler := Middleware(verifierOfOrders(t), WithLogger(slog.New(slog.NewTextHandler(&log, nil))))(whoCalled)
	for _, body := range []string{"a=b", strings.Repeat("a", onePiece+1)} {
		r := received(t, "POST", "/", body)
		io.Copy(io.Discard, r.Body)
		if answer := serveOnce(handler, r); answer.Code != 500 || !strings.Contains(log.String(), "was read already") {
			t.Error(answer.Code, log.String())
		}
		log.Reset()
	}
	longer := received(t, "POST", "/", "abc")
	longer.ContentLength = 2
	if answer := serveOnce(handler, longer); answer.Code != 500 {
		t.Error(answer.Code)
	}
}

func TestAClosedVerifierServesNobody(t *testing.T) {
	verifier := verifierOfOrders(t)
	verifier.Close()
	handler := Middleware(verifier, WithLogger(slog.New(slog.DiscardHandler)))(whoCalled)
	for _, r := range []*http.Request{received(t, "GET", "/", ""), received(t, "POST", "/", "a"), httptest.NewRequest("GET", "/health", nil)} {
		if answer := serveOnce(handler, r); answer.Code != 500 {
			t.Error(answer.Code)
		}
	}
}

func TestVerifyPutsTheBodyBack(t *testing.T) {
	verifier := verifierOfOrders(t)
	r := received(t, "POST", "/", "put back")
	caller, err := verifier.Verify(r)
	if err != nil || caller.Service() != "billing" {
		t.Fatal(caller, err)
	}
	if body := string(must(io.ReadAll(r.Body))); body != "put back" {
		t.Error(body)
	}
	if err := r.Body.Close(); err != nil {
		t.Error(err)
	}
	refused := received(t, "POST", "/", strings.Repeat("e", bodyLimit+9))
	refused.ContentLength = -1
	if _, err := verifier.Verify(refused); !errors.Is(err, ErrBodyTooLarge) {
		t.Error(err)
	}
	if body := must(io.ReadAll(refused.Body)); len(body) != bodyLimit+9 {
		t.Error(len(body))
	}
}
