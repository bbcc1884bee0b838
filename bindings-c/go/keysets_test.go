package wiresign

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// An issuerServer publishes keys over HTTP, and counts how often it was asked.
type issuerServer struct {
	*httptest.Server
	answer atomic.Pointer[http.HandlerFunc]
	asked  atomic.Int64
}

func issuerServerOf(t testing.TB, answer http.HandlerFunc) *issuerServer {
	t.Helper()
	server := &issuerServer{}
	server.answer.Store(&answer)
	server.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.asked.Add(1)
		(*server.answer.Load())(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

func (s *issuerServer) answerWith(answer http.HandlerFunc) { s.answer.Store(&answer) }

// publishing answers with a text.
func publishing(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

// endCoolDown lets sets be fetched again, as if the cool-down were over.
func endCoolDown(sets *KeySets) {
	for _, set := range sets.sets {
		set.mutex.Lock()
		set.quietUntil = time.Time{}
		set.mutex.Unlock()
	}
}

// reports keep what OnKeySetError is told.
type reports struct {
	mutex sync.Mutex
	all   []*KeySetError
}

func (r *reports) add(err *KeySetError) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.all = append(r.all, err)
}

func (r *reports) taken() []*KeySetError {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	all := r.all
	r.all = nil
	return all
}

func keySetsOf(t testing.TB, config *Config, options ...KeySetsOption) *KeySets {
	t.Helper()
	sets := must(NewKeySets(config, options...))
	t.Cleanup(func() { sets.Close() })
	return sets
}

// eventually waits for what another goroutine does, for so long that a busy machine does it too.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not happen: ", what)
		}
	}
}

func TestPublishedKeysAreFetchedAndRotate(t *testing.T) {
	server := issuerServerOf(t, publishing(setOf("k1")))
	config := usersConfig(t, server.URL+"/keys")
	verifier := must(NewVerifier(config))
	defer verifier.Close()
	judge := func(id string) error {
		_, err := verifier.VerifyBytes(tokenRequest(t, id))
		return err
	}
	if err := judge("k1"); !errors.Is(err, ErrUnknownKey) {
		t.Error(err)
	}
	var told reports
	sets := keySetsOf(t, config, WithCoolDown(time.Hour), OnKeySetError(told.add))
	if err := errors.Join(sets.Refresh(t.Context()), judge("k1")); err != nil {
		t.Fatal(err)
	}
	server.answerWith(publishing(setOf("k2")))
	endCoolDown(sets)
	if err := errors.Join(sets.Refresh(t.Context()), judge("k2")); err != nil {
		t.Error(err)
	}
	if err := judge("k1"); !errors.Is(err, ErrUnknownKey) {
		t.Error(err)
	}
	if server.asked.Load() != 2 || told.taken() != nil {
		t.Error(server.asked.Load())
	}
}

func TestASetThatCannotBeHadChangesNothing(t *testing.T) {
	private := strings.Replace(setOf("k1"), `"x"`, `"d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "x"`, 1)
	elsewhere := issuerServerOf(t, publishing(setOf("k2")))
	const inTime = "nothing in time"
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"no set":       {publishing("<html>"), "not renewed: this is not a set"},
		"no keys":      {publishing(`{"keys": []}`), ""},
		"private keys": {publishing(private), "private"},
		"too long":     {publishing(setOf("k2") + strings.Repeat(" ", mostKeySetBytes)), "longer than 65536 bytes"},
		"an error": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, setOf("k2"))
		}, "status 500"},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusFound)
		}, "status 302"},
		"half of it": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, setOf("k2"))
		}, "unexpected EOF"},
		inTime: {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			server := issuerServerOf(t, publishing(setOf("k1")))
			config := usersConfig(t, server.URL)
			verifier := must(NewVerifier(config))
			defer verifier.Close()
			if err := keySetsOf(t, config).Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			server.answerWith(test.answer)
			server.asked.Store(0)
			var told reports
			limit := time.Minute
			if name == inTime {
				limit = 100 * time.Millisecond
			}
			sets := keySetsOf(t, config, WithFetchTimeout(limit), OnKeySetError(told.add))
			if err := sets.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			all := told.taken()
			if len(all) != 1 || all[0].Issuer != "login" || all[0].URL != server.URL || !strings.Contains(all[0].Error(), test.says) ||
				strings.Contains(all[0].Error(), "nWGxne") {
				t.Error(all)
			}
			if _, err := verifier.VerifyBytes(tokenRequest(t, "k1")); err != nil {
				t.Error(err)
			}
			// However often it is asked for, it is not fetched again before the pause is over.
			for range 10 {
				if err := sets.Refresh(t.Context()); err != nil {
					t.Error(err)
				}
			}
			if server.asked.Load() != 1 || told.taken() != nil || elsewhere.asked.Load() != 0 {
				t.Error(server.asked.Load(), elsewhere.asked.Load())
			}
		})
	}
}

func TestSetsAreFetchedAgainAndAgainUntilTheyAreClosed(t *testing.T) {
	server := issuerServerOf(t, publishing("no set"))
	config := usersConfig(t, server.URL)
	var told reports
	sets := keySetsOf(t, config, WithCoolDown(2*time.Millisecond), WithRefresh(5*time.Millisecond), OnKeySetError(func(err *KeySetError) {
		told.add(err)
		panic("a hook that fails")
	}))
	eventually(t, "a failed fetch is tried again", func() bool { return server.asked.Load() > 3 })
	if len(told.taken()) < 3 {
		t.Error("not all failures were told")
	}
	server.answerWith(publishing(setOf("k1")))
	verifier := must(NewVerifier(config))
	defer verifier.Close()
	eventually(t, "the keys are known", func() bool {
		_, err := verifier.VerifyBytes(tokenRequest(t, "k1"))
		return err == nil
	})
	asked := server.asked.Load()
	eventually(t, "good sets are renewed", func() bool { return server.asked.Load() > asked+3 })
	sets.Close()
	sets.Close()
	if err := sets.Refresh(t.Context()); err != nil {
		t.Error(err)
	}
	asked = server.asked.Load()
	time.Sleep(100 * time.Millisecond)
	// The fetch that was under way may still arrive.
	if server.asked.Load() > asked+1 {
		t.Error("closed sets are fetched")
	}
}

func TestClosingEndsAFetchWithoutAWord(t *testing.T) {
	ended := make(chan struct{})
	server := issuerServerOf(t, func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		close(ended)
	})
	var told reports
	sets := must(NewKeySets(usersConfig(t, server.URL), OnKeySetError(told.add)))
	eventually(t, "the fetch begins", func() bool { return server.asked.Load() == 1 })
	brief, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := sets.Refresh(brief); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	sets.Close()
	<-ended
	if err := sets.Refresh(t.Context()); err != nil || told.taken() != nil {
		t.Error(err)
	}
}

// handlerWithKeySets is a handler behind Middleware that knows the key k1 of an issuer, and asks it for others when it is told to.
func handlerWithKeySets(t *testing.T) (*issuerServer, http.Handler) {
	t.Helper()
	server := issuerServerOf(t, publishing(setOf("k1")))
	config := usersConfig(t, server.URL)
	verifier := must(NewVerifier(config))
	t.Cleanup(func() { verifier.Close() })
	sets := keySetsOf(t, config, WithCoolDown(time.Millisecond), WithRefresh(time.Hour))
	if err := sets.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return server, Middleware(verifier, WithKeySets(sets))(http.HandlerFunc(whoCalled))
}

func TestMiddlewareAsksForKeysThatItDoesNotKnow(t *testing.T) {
	server, handler := handlerWithKeySets(t)
	ask := func(id string) int {
		r := httptest.NewRequest("GET", "/a", nil)
		request := tokenRequestAt(t, id, time.Now())
		r.Header.Set(request.Fields[0].Name, request.Fields[0].Value)
		return serveOnce(handler, r).Code
	}
	if status := ask("k1"); status != http.StatusOK {
		t.Error(status)
	}
	server.answerWith(publishing(setOf("k2")))
	time.Sleep(5 * time.Millisecond)
	if status := ask("k2"); status != http.StatusUnauthorized {
		t.Error(status)
	}
	eventually(t, "the new key is known", func() bool { return ask("k2") == http.StatusOK })
}

func TestATokenThatNamesNoKeyHasKeysFetchedToo(t *testing.T) {
	server, handler := handlerWithKeySets(t)
	ask := func(token string) string {
		time.Sleep(5 * time.Millisecond)
		r := httptest.NewRequest("GET", "/a", nil)
		if token != "" {
			r.Header.Set("Authorization", token)
		}
		return serveOnce(handler, r).Body.String()
	}
	if body := ask(""); !strings.Contains(body, "AUTHENTICATION_REQUIRED") {
		t.Error(body)
	}
	_, signed, _ := strings.Cut(tokenRequestAt(t, "k1", time.Now()).Fields[0].Value, ".")
	time.Sleep(5 * time.Millisecond)
	if asked := server.asked.Load(); asked != 1 {
		t.Error(asked)
	}
	// Only its signature could be right, and the key at hand has not made it.
	if body := ask("bearer eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9." + signed); !strings.Contains(body, "INVALID_SIGNATURE") {
		t.Error(body)
	}
	eventually(t, "the set is fetched", func() bool { return server.asked.Load() == 2 })
}

// issuersConfig is the configuration of orders, whose callers have tokens of these issuers. Nobody but the test closes it.
func issuersConfig(t testing.TB, urls map[string]string) *Config {
	t.Helper()
	issuers := map[string]any{}
	for name, url := range urls {
		issuers[name] = map[string]string{"jwks": url, "callers": "users"}
	}
	document := must(json.Marshal(map[string]any{
		"service": "orders", "accept": []string{"jwt"}, "services": map[string]any{}, "jwt": map[string]any{"issuers": issuers},
	}))
	return must(ParseConfig(string(document), secrets))
}

func TestKeySetsFollowAVerifierWhoseConfigurationIsReplaced(t *testing.T) {
	login := issuerServerOf(t, publishing(setOf("k1")))
	partner := issuerServerOf(t, publishing(setOf("p1")))
	first := issuersConfig(t, map[string]string{"login": login.URL})
	verifier := must(NewVerifier(first))
	defer verifier.Close()
	var told reports
	sets := keySetsOf(t, first, WithCoolDown(time.Millisecond), WithRefresh(5*time.Millisecond), OnKeySetError(told.add))
	if err := sets.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	handler := Middleware(verifier, WithKeySets(sets))(http.HandlerFunc(whoCalled))
	server := httptest.NewServer(Middleware(verifier, WithKeySets(sets))(handler))
	defer server.Close()
	ask := func(issuer, id string) string {
		request := must(http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/a", nil))
		request.Header.Set("Authorization", tokenOf(t, issuer, id, time.Now()).Value)
		answer := must(http.DefaultClient.Do(request))
		defer answer.Body.Close()
		body := string(must(io.ReadAll(answer.Body)))
		if answer.StatusCode != http.StatusOK {
			var refusal struct{ Code string }
			if err := json.Unmarshal([]byte(body), &refusal); err != nil {
				t.Error(err)
			}
			return refusal.Code
		}
		return "accepted"
	}
	replace := func(urls map[string]string) {
		t.Helper()
		next := issuersConfig(t, urls)
		if err := errors.Join(verifier.Replace(next), next.Close()); err != nil {
			t.Error(err)
		}
	}
	first.Close()
	if outcome := ask("login", "k1"); outcome != "accepted" {
		t.Error(outcome)
	}

	// An issuer is added. The keys at hand are there from the first request on, and are renewed from then on.
	login.answerWith(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	replace(map[string]string{"login": login.URL, "partner": partner.URL})
	if outcome := ask("login", "k1"); outcome != "accepted" {
		t.Error(outcome)
	}
	eventually(t, "the new issuer is known", func() bool { return ask("partner", "p1") == "accepted" })
	login.answerWith(publishing(setOf("k2")))
	eventually(t, "the other one is renewed", func() bool { return ask("login", "k2") == "accepted" })
	if outcome := ask("login", "k1"); outcome != "UNKNOWN_KEY" {
		t.Error(outcome)
	}

	// It is removed, and asked no more.
	replace(map[string]string{"login": login.URL})
	if outcome := ask("partner", "p1"); outcome == "accepted" {
		t.Error(outcome)
	}
	if outcome := ask("login", "k2"); outcome != "accepted" {
		t.Error(outcome)
	}
	time.Sleep(20 * time.Millisecond)
	asked := partner.asked.Load()
	renewed := login.asked.Load()
	eventually(t, "the issuer that is left is renewed", func() bool { return login.asked.Load() > renewed+2 })
	if partner.asked.Load() != asked {
		t.Error("nobody needs the issuer that was removed")
	}
	for _, err := range told.taken() {
		if err.Issuer != "login" || !strings.Contains(err.Error(), "status 500") {
			t.Error(err)
		}
	}

	// Closed sets follow nobody.
	sets.Close()
	if len(verifier.watchers) != 0 {
		t.Error("the verifier still knows closed sets")
	}
	time.Sleep(20 * time.Millisecond)
	asked = partner.asked.Load()
	replace(map[string]string{"partner": partner.URL})
	if outcome := ask("partner", "p1"); outcome != "UNKNOWN_KEY" || partner.asked.Load() != asked {
		t.Error(outcome)
	}
}

func TestAnotherConfigurationGetsTheKeysAtHand(t *testing.T) {
	server := issuerServerOf(t, publishing(setOf("k1")))
	first := usersConfig(t, server.URL)
	verifier := must(NewVerifier(first))
	defer verifier.Close()
	sets := keySetsOf(t, first)
	if err := sets.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	handler := Middleware(verifier, WithKeySets(sets))(http.HandlerFunc(whoCalled))
	if handler == nil || len(verifier.watchers) != 1 {
		t.Fatal("the sets do not follow")
	}
	// Handed over by the application, it is fetched once.
	next := usersConfig(t, server.URL)
	if err := errors.Join(sets.Replace(next), sets.Refresh(t.Context()), verifier.Replace(next)); err != nil {
		t.Error(err)
	}
	if asked := server.asked.Load(); asked != 2 {
		t.Error(asked)
	}
	if _, err := verifier.VerifyBytes(tokenRequest(t, "k1")); err != nil {
		t.Error(err)
	}
	// Of sets for another configuration than the verifier's, what becomes is up to the application.
	other := keySetsOf(t, usersConfig(t, server.URL))
	Middleware(verifier, WithKeySets(other))
	if len(verifier.watchers) != 1 {
		t.Error("sets of another configuration follow")
	}
	// Keys of another address are another set.
	if err := verifier.Replace(usersConfig(t, "http://127.0.0.1:1/keys")); err != nil {
		t.Error(err)
	}
	if _, err := verifier.VerifyBytes(tokenRequest(t, "k1")); !errors.Is(err, ErrUnknownKey) {
		t.Error(err)
	}
	// What cannot be handed over is not put in force.
	next.Close()
	if err := verifier.Replace(next); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
	if err := sets.Replace(next); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
	sets.Close()
	if err := errors.Join(sets.Replace(usersConfig(t, server.URL)), sets.Refresh(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestKeySetsFollowOneVerifier(t *testing.T) {
	server := issuerServerOf(t, publishing(setOf("k1")))
	config := usersConfig(t, server.URL)
	first, second := must(NewVerifier(config)), must(NewVerifier(config))
	defer first.Close()
	defer second.Close()
	sets := keySetsOf(t, config)
	follow := func(verifier *Verifier) (refused any) {
		defer func() { refused = recover() }()
		Middleware(verifier, WithKeySets(sets))
		return nil
	}
	if refused := follow(first); refused != nil {
		t.Error(refused)
	}
	// As on a router and on a part of it.
	if refused := follow(first); refused != nil {
		t.Error(refused)
	}
	if refused, _ := follow(second).(string); !strings.Contains(refused, "KeySets of its own") {
		t.Error(refused)
	}
	if len(first.watchers) != 1 || len(second.watchers) != 0 {
		t.Error(len(first.watchers), len(second.watchers))
	}
	// Closed ones follow nobody.
	sets.Close()
	if refused := follow(second); refused != nil {
		t.Error(refused)
	}
}

func TestKeySetsFollowOneOfTheVerifiersThatTheyAreGivenAtOnce(t *testing.T) {
	server := issuerServerOf(t, publishing(setOf("k1")))
	config := usersConfig(t, server.URL)
	for range 20 {
		sets := keySetsOf(t, config)
		var refusals atomic.Int32
		var all sync.WaitGroup
		verifiers := []*Verifier{must(NewVerifier(config)), must(NewVerifier(config)), must(NewVerifier(config))}
		for _, verifier := range verifiers {
			all.Add(1)
			go func() {
				defer all.Done()
				defer func() {
					if recover() != nil {
						refusals.Add(1)
					}
				}()
				Middleware(verifier, WithKeySets(sets))
			}()
		}
		all.Wait()
		watchers := 0
		for _, verifier := range verifiers {
			watchers += len(verifier.watchers)
			verifier.Close()
		}
		if refusals.Load() != 2 || watchers != 1 {
			t.Error(refusals.Load(), watchers)
		}
		sets.Close()
	}
}

func TestConfigurationsAreReplacedWhileKeySetsFollowAndClose(t *testing.T) {
	server := issuerServerOf(t, publishing(setOf("k1")))
	first := usersConfig(t, server.URL)
	verifier := must(NewVerifier(first))
	defer verifier.Close()
	var all sync.WaitGroup
	for range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 20 {
				next := usersConfig(t, server.URL)
				if err := verifier.Replace(next); err != nil {
					t.Error(err)
				}
				sets, err := NewKeySets(next, WithCoolDown(time.Millisecond), OnKeySetError(func(*KeySetError) {}))
				if err != nil {
					t.Error(err)
					return
				}
				handler := Middleware(verifier, WithKeySets(sets))(http.HandlerFunc(whoCalled))
				serveOnce(handler, httptest.NewRequest("GET", "/a", nil))
				sets.Close()
			}
		}()
	}
	all.Wait()
	if len(verifier.watchers) != 0 {
		t.Error(len(verifier.watchers))
	}
}

func TestKeySetsAreNotMadeOfNonsense(t *testing.T) {
	for _, option := range []KeySetsOption{WithRefresh(0), WithCoolDown(-1), WithFetchTimeout(0)} {
		if _, err := NewKeySets(usersConfig(t, jwksURL), option); !errors.Is(err, ErrInvalidArgument) {
			t.Error(err)
		}
	}
	if _, err := NewKeySets(nil); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
	// Keys that came over a plain connection would be anybody's.
	if _, err := ParseConfig(strings.Replace(usersDocument, "URL", "http://login.example/keys", 1), secrets); !errors.Is(err, ErrConfigInvalid) {
		t.Error(err)
	}
	if err := keySetsOf(t, configOfService(t, "orders")).Refresh(t.Context()); err != nil {
		t.Error(err)
	}
}
