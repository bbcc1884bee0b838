package wiresign

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// inGroup runs work in a goroutine that the group waits for.
func inGroup(group *sync.WaitGroup, work func()) {
	group.Add(1)
	go func() {
		defer group.Done()
		work()
	}()
}

// brokenStore panics where it should answer.
type brokenStore struct{}

func (brokenStore) Insert(context.Context, string, time.Duration) ReplayOutcome { panic("broken") }

// countingStore is one that works.
type countingStore struct{ asked atomic.Int32 }

func (s *countingStore) Insert(context.Context, string, time.Duration) ReplayOutcome {
	s.asked.Add(1)
	return ReplayFirst
}

func TestAStoreThatPanicsGaveNoAnswer(t *testing.T) {
	document := sprintOrders(bodyLimit)
	config := must(ParseConfig(document[:len(document)-1]+`, "replay": {"store": "external"}}`, secrets))
	verifier := must(NewVerifier(config))
	quiet := WithLogger(slog.New(slog.DiscardHandler))
	works := &countingStore{}
	for _, c := range []struct {
		store  ReplayStore
		status int
		says   string
	}{{works, 200, "billing sent {}"}, {brokenStore{}, 503, `"code":"REPLAY_STORE_UNAVAILABLE"`}, {nil, 503, `"code":"REPLAY_STORE_UNAVAILABLE"`}} {
		handler := Middleware(verifier, quiet, WithReplayStore(c.store))(whoCalled)
		if answer := serveOnce(handler, received(t, "POST", "/", "{}")); answer.Code != c.status || !strings.Contains(answer.Body.String(), c.says) {
			t.Errorf("%T: %d %s", c.store, answer.Code, answer.Body)
		}
	}
	if works.asked.Load() != 1 {
		t.Error(works.asked.Load())
	}
}

// The address decides what is counted as whose failure, so without one there is no verdict.
func TestAClientOptionThatPanicsLetsNobodyIn(t *testing.T) {
	verifier := verifierOfOrders(t)
	broken := WithClient(func(*http.Request) netip.Addr { panic("broken") })
	server := httptest.NewUnstartedServer(Middleware(verifier, broken)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("let through") })))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Start()
	defer server.Close()
	if answer, err := http.Get(server.URL + "/invoices"); err == nil {
		answer.Body.Close()
		t.Error(answer.Status)
	}
}

func TestOfManyCopiesOneIsAccepted(t *testing.T) {
	verifier := verifierOfOrders(t)
	request := signedRequest(t, "POST", "/", "{}")
	var accepted, replayed atomic.Int32
	var group sync.WaitGroup
	start := make(chan struct{})
	copies := int32(manyGoroutines)
	if debugging {
		copies = 100 // each of them collects garbage
	}
	for range copies {
		inGroup(&group, func() {
			<-start
			var identity Identity
			switch err := verifier.VerifyInto(request, &identity); {
			case err == nil:
				accepted.Add(1)
			case errors.Is(err, ErrReplayed):
				replayed.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	close(start)
	group.Wait()
	if accepted.Load() != 1 || replayed.Load() != copies-1 {
		t.Error(accepted.Load(), replayed.Load())
	}
}

func TestClosedWhileOthersSignAndUpdate(t *testing.T) {
	verifier := verifierOfOrders(t)
	for range 20 {
		signer := must(NewSigner(configOfService(t, "billing"), WithTarget("orders")))
		verification := must(verifier.Begin(signedRequest(t, "POST", "/", "body")))
		var group sync.WaitGroup
		until := func(use func() error) {
			inGroup(&group, func() {
				for {
					if err := use(); err != nil {
						if !errors.Is(err, ErrObjectSpent) {
							t.Error(err)
						}
						return
					}
				}
			})
		}
		for range 4 {
			until(func() error {
				_, err := signer.Sign(&Request{Method: "GET", Target: "/"})
				return err
			})
			until(func() error { return verification.Update(nil) })
		}
		time.Sleep(time.Millisecond)
		for range 2 {
			signer.Close()
			verification.Close()
		}
		group.Wait()
	}
}

// A server takes requests on and on while its configuration changes. None is refused, and none gets through unverified.
func TestAServerWhoseConfigurationIsReplacedUnderLoad(t *testing.T) {
	verifier := verifierOfOrders(t)
	server := httptest.NewServer(Middleware(verifier)(whoCalled))
	defer server.Close()
	client := &http.Client{Transport: &Transport{Signer: signerOf(t, "billing")}}
	configs := []*Config{configOfService(t, "orders"), must(ParseConfig(sprintOrders(bodyLimit/2), secrets))}
	var done atomic.Bool
	var group sync.WaitGroup
	for range 4 {
		inGroup(&group, func() {
			for !done.Load() {
				answer, err := client.Post(server.URL+"/invoices", "text/plain", strings.NewReader("some body"))
				if err != nil {
					t.Error(err)
					return
				}
				body := string(must(io.ReadAll(answer.Body)))
				answer.Body.Close()
				if answer.StatusCode != 200 || body != "billing sent some body" {
					t.Error(answer.Status, body)
					return
				}
				if forged := serveOnce(server.Config.Handler, httptest.NewRequest("POST", "/invoices", strings.NewReader("some body"))); forged.Code != 401 {
					t.Error(forged.Code)
					return
				}
			}
		})
	}
	for at := range 100 {
		if err := verifier.Replace(configs[at%2]); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Millisecond)
	}
	done.Store(true)
	group.Wait()
}

// A route that stops being public between the look at it and the verdict: a signature of an empty body covers no other one.
func TestNoBodyComesInUnverifiedWhileItsRouteChanges(t *testing.T) {
	open := configOfService(t, "orders")
	closed := must(ParseConfig(strings.Replace(sprintOrders(bodyLimit), `"POST /webhooks/**"`, `"POST /elsewhere/**"`, 1), secrets))
	defer closed.Close()
	verifier := must(NewVerifier(open))
	defer verifier.Close()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for at := 0; ; at++ {
			select {
			case <-stop:
				return
			default:
				if err := verifier.Replace([]*Config{open, closed}[at%2]); err != nil {
					t.Error(err)
				}
			}
		}
	}()
	var public, refused int
	signer := signerOf(t, "billing")
	requests := 20_000
	if debugging {
		requests = 200 // each of them collects garbage
	}
	// As many as that, and more where a busy machine has not changed the route meanwhile.
	end := time.Now().Add(time.Minute)
	for done := 0; done < requests || (public == 0 || refused == 0) && time.Now().Before(end); done++ {
		r := httptest.NewRequest("POST", "/webhooks/work", strings.NewReader("forged"))
		for _, field := range must(signer.Sign(&Request{Method: "POST", Target: "/webhooks/work"})) {
			r.Header.Set(field.Name, field.Value)
		}
		caller, err := verifier.Verify(r)
		switch {
		case err == nil && caller.IsPublic():
			public++
		case errors.Is(err, ErrInvalidSignature):
			refused++
		default:
			t.Fatalf("a body that was not signed was let in from %q, %v", caller.Service(), err)
		}
	}
	close(stop)
	<-stopped
	if public == 0 || refused == 0 {
		t.Errorf("%d were public and %d refused: the route did not change", public, refused)
	}
}
