package wiresign

import (
	"context"
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

// eventually waits for what another goroutine does.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
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
	sets := keySetsOf(t, config, WithCoolDown(time.Millisecond), WithRefresh(time.Hour), OnKeySetError(told.add))
	if err := errors.Join(sets.Refresh(t.Context()), judge("k1")); err != nil {
		t.Fatal(err)
	}
	server.answerWith(publishing(setOf("k2")))
	time.Sleep(5 * time.Millisecond)
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
		"nothing in time": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "deadline exceeded"},
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
			sets := keySetsOf(t, config, WithFetchTimeout(100*time.Millisecond), OnKeySetError(told.add))
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
	time.Sleep(20 * time.Millisecond)
	asked = server.asked.Load()
	time.Sleep(50 * time.Millisecond)
	if server.asked.Load() != asked {
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

func TestMiddlewareAsksForKeysThatItDoesNotKnow(t *testing.T) {
	server := issuerServerOf(t, publishing(setOf("k1")))
	config := usersConfig(t, server.URL)
	verifier := must(NewVerifier(config))
	defer verifier.Close()
	sets := keySetsOf(t, config, WithCoolDown(time.Millisecond), WithRefresh(time.Hour))
	if err := sets.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	handler := Middleware(verifier, WithKeySets(sets))(http.HandlerFunc(whoCalled))
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
