package redis

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	wiresign "github.com/wiresign/wiresign/bindings-c/go"
)

// server starts a server of its own, and gives a way to its socket and a way to stop it.
func server(t *testing.T) (socket string, stop func()) {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		program, err = exec.LookPath("valkey-server")
	}
	if err != nil {
		t.Fatal("redis-server is missing: install the Debian package redis-server")
	}
	socket = filepath.Join(t.TempDir(), "redis")
	command := exec.Command(program, "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	stop = func() {
		once.Do(func() {
			command.Process.Kill()
			command.Wait()
		})
	}
	t.Cleanup(stop)
	client := clientOf(t, socket)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if client.Ping(context.Background()).Err() == nil {
			return socket, stop
		}
	}
	t.Fatal("redis-server does not answer")
	return "", nil
}

func clientOf(t *testing.T, socket string) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: socket, MaxRetries: -1, DialTimeout: time.Minute, ReadTimeout: time.Minute})
	t.Cleanup(func() { client.Close() })
	return client
}

const document = `{"service": "SELF", "services": {
	"orders": {"keys": [{"secret": "env:ORDERS_SECRET"}]},
	"billing": {"keys": [{"secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]}},
	"replay": {"store": "external", "on_outage": "OUTAGE"}}`

func config(t *testing.T, service, outage string) *wiresign.Config {
	t.Helper()
	text := strings.NewReplacer("SELF", service, "OUTAGE", outage).Replace(document)
	config, err := wiresign.ParseConfig(text, wiresign.WithEnv(map[string]string{
		"ORDERS_SECRET":  "0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9",
		"BILLING_SECRET": "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9",
	}))
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// worker is one of several servers behind one address.
func worker(t *testing.T, outage string, options ...wiresign.MiddlewareOption) http.Handler {
	t.Helper()
	verifier, err := wiresign.NewVerifier(config(t, "orders", outage))
	if err != nil {
		t.Fatal(err)
	}
	options = append(options, wiresign.WithLogger(slog.New(slog.DiscardHandler)))
	return wiresign.Middleware(verifier, options...)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
}

func request(t *testing.T) *http.Request {
	t.Helper()
	signer, err := wiresign.NewSigner(config(t, "billing", "reject"), wiresign.WithTarget("orders"))
	if err != nil {
		t.Fatal(err)
	}
	fields, err := signer.Sign(&wiresign.Request{Method: "GET", Target: "/"})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	for _, field := range fields {
		r.Header.Set(field.Name, field.Value)
	}
	return r
}

func answer(handler http.Handler, r *http.Request) (int, string) {
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, r)
	return recorder.Code, recorder.Body.String()
}

func TestOneOfManyWorkersAcceptsARequest(t *testing.T) {
	socket, _ := server(t)
	var workers []http.Handler
	for range 4 {
		workers = append(workers, worker(t, "reject", wiresign.WithReplayStore(NewStore(clientOf(t, socket)))))
	}
	for range 20 {
		r := request(t)
		var accepted, replayed atomic.Int32
		var group sync.WaitGroup
		for at := range 16 {
			group.Add(1)
			go func() {
				defer group.Done()
				switch status, body := answer(workers[at%len(workers)], r.Clone(t.Context())); {
				case status == 200:
					accepted.Add(1)
				case status == 401 && strings.Contains(body, "REPLAYED_REQUEST"):
					replayed.Add(1)
				default:
					t.Error(status, body)
				}
			}()
		}
		group.Wait()
		if accepted.Load() != 1 || replayed.Load() != 15 {
			t.Error(accepted.Load(), replayed.Load())
		}
	}
	keys, err := clientOf(t, socket).Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 20 || !strings.HasPrefix(keys[0], "wiresign:replay:n:") {
		t.Error(keys, err)
	}
	if ttl := clientOf(t, socket).TTL(t.Context(), keys[0]).Val(); ttl < 300*time.Second || ttl > 700*time.Second {
		t.Error(ttl)
	}
}

func TestAnOutageIsAnsweredAsTheConfigurationSays(t *testing.T) {
	socket, stop := server(t)
	store := wiresign.WithReplayStore(NewStore(clientOf(t, socket), WithLogger(slog.New(slog.DiscardHandler))))
	rejects, allows := worker(t, "reject", store), worker(t, "allow", store)
	if status, body := answer(rejects, request(t)); status != 200 {
		t.Error(status, body)
	}
	stop()
	if status, body := answer(rejects, request(t)); status != 503 || !strings.Contains(body, "REPLAY_STORE_UNAVAILABLE") {
		t.Error(status, body)
	}
	if status, body := answer(allows, request(t)); status != 200 {
		t.Error(status, body)
	}
}

func TestWithoutAStoreNothingIsAccepted(t *testing.T) {
	if status, body := answer(worker(t, "reject"), request(t)); status != 503 || !strings.Contains(body, "REPLAY_STORE_UNAVAILABLE") {
		t.Error(status, body)
	}
	panics := wiresign.WithReplayStore(broken{})
	if status, body := answer(worker(t, "reject", panics), request(t)); status != 503 {
		t.Error(status, body)
	}
}

// broken is a store that panics.
type broken struct{}

func (broken) Insert(context.Context, string, time.Duration) wiresign.ReplayOutcome { panic("broken") }

// repeating loses the answer to each SET after the server has done it, and sends it again.
type repeating struct{ *redis.Client }

func (r repeating) SetNX(ctx context.Context, key string, value any, ttl time.Duration) *redis.BoolCmd {
	r.Client.SetNX(ctx, key, value, ttl)
	return r.Client.SetNX(ctx, key, value, ttl)
}

func TestACommandThatTheClientRepeatsIsNoReplay(t *testing.T) {
	socket, _ := server(t)
	store := NewStore(repeating{clientOf(t, socket)}, WithPrefix("mine:"))
	for _, want := range []wiresign.ReplayOutcome{wiresign.ReplayFirst, wiresign.ReplayRepeated} {
		if outcome := store.Insert(t.Context(), "key", time.Minute); outcome != want {
			t.Error(outcome, want)
		}
	}
	if count := clientOf(t, socket).Exists(t.Context(), "mine:key").Val(); count != 1 {
		t.Error(count)
	}
}
