package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	wiresign "github.com/wiresign/wiresign/bindings-c/go"
)

const patience = 10 * time.Second

// A fleet is one service's place in it: it reads the registry, reads it again on SIGHUP, writes one JSON line per event,
// and calls the others with signed requests.
type fleet struct {
	service  string
	logger   *slog.Logger
	verifier *wiresign.Verifier
	config   atomic.Pointer[wiresign.Config]
}

func join(service string) *fleet {
	f := &fleet{service: service, logger: loggerOf(service)}
	config, err := f.read()
	if err == nil {
		f.config.Store(config)
		// It lives as long as the process, so a new registry does not forget what was replayed.
		f.verifier, err = wiresign.NewVerifier(config)
	}
	if err != nil {
		f.logger.Error(err.Error(), "event", "not-started")
		os.Exit(1)
	}
	return f
}

// serve serves at the address that the registry gives for this service, until SIGTERM.
func (f *fleet) serve(handlers http.Handler) {
	own, err := url.Parse(f.url(f.service))
	if err != nil {
		f.logger.Error(err.Error(), "event", "not-started")
		os.Exit(1)
	}
	guard := wiresign.Middleware(f.verifier, wiresign.WithLogger(f.logger))
	server := &http.Server{Addr: own.Host, Handler: guard(handlers), ReadHeaderTimeout: patience}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGTERM)
	go func() {
		for received := range signals {
			if received == syscall.SIGHUP {
				f.reload()
				continue
			}
			// Connections that are kept for a next request are not waited for.
			_ = server.Close()
			return
		}
	}()
	f.logger.Info("listening", "event", "listening", "address", own.Host)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		f.logger.Error(err.Error(), "event", "not-started")
		os.Exit(1)
	}
}

func (f *fleet) read() (*wiresign.Config, error) {
	text, err := os.ReadFile(setting("WIRESIGN_REGISTRY", "wiresign.json"))
	if err != nil {
		return nil, err
	}
	var registry map[string]any
	if err := json.Unmarshal(text, &registry); err != nil {
		return nil, err
	}
	registry["service"] = f.service
	document, err := json.Marshal(registry)
	if err != nil {
		return nil, err
	}
	lines, err := os.ReadFile(setting("WIRESIGN_ENV_FILE", ".env"))
	if err != nil {
		return nil, err
	}
	secrets := map[string]string{}
	for line := range strings.Lines(string(lines)) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found && !strings.HasPrefix(name, "#") {
			secrets[name] = value
		}
	}
	return wiresign.ParseConfig(string(document), wiresign.WithEnv(secrets))
}

// reload reads the registry again. One with a mistake changes nothing: the service goes on with the one that it has.
func (f *fleet) reload() {
	config, err := f.read()
	if err == nil {
		err = f.verifier.Replace(config)
	}
	if err != nil {
		f.logger.Error("the registry was not reloaded", "event", "registry-refused", "problems", err.Error())
		return
	}
	f.config.Store(config)
	f.logger.Info("the registry was reloaded", "event", "registry-loaded")
}

// call sends a signed request to another service, its body as JSON, and reads the JSON that it answers with.
func (f *fleet) call(ctx context.Context, target, method, path string, body, read any) error {
	response, err := f.send(ctx, target, method, path, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s answered %s %s with %d", target, method, path, response.StatusCode)
	}
	return json.NewDecoder(response.Body).Decode(read)
}

func (f *fleet) send(ctx context.Context, target, method, path string, content any) (*http.Response, error) {
	signer, err := wiresign.NewSigner(f.config.Load(), wiresign.WithTarget(target))
	if err != nil {
		return nil, err
	}
	defer signer.Close()
	var body io.Reader
	if content != nil {
		text, err := json.Marshal(content)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, f.url(target)+path, body)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	timed := signedLog{f.logger, target, start}
	client := &http.Client{Transport: &wiresign.Transport{Base: timed, Signer: signer}, Timeout: patience}
	return client.Do(request)
}

// callOnce makes one call, and says what was answered.
func (f *fleet) callOnce(target, method, path string) {
	var body any
	if method != http.MethodGet {
		body = struct{}{}
	}
	response, err := f.send(context.Background(), target, method, path, body)
	if err != nil {
		f.logger.Error(err.Error(), "event", "failed")
		os.Exit(1)
	}
	defer response.Body.Close()
	var refusal struct{ Code string }
	if err := json.NewDecoder(response.Body).Decode(&refusal); err != nil {
		f.logger.Error(err.Error(), "event", "failed")
		os.Exit(1)
	}
	f.logger.Info("answered", "event", "answered", "status", response.StatusCode, "code", refusal.Code)
}

func (f *fleet) failed(r *http.Request, err error) {
	f.logger.Error(err.Error(), "event", "failed", "method", r.Method, "path", r.URL.Path)
}

func (f *fleet) url(service string) string {
	return f.config.Load().URL(service)
}

// signedLog stands behind the signing transport, and so sees what was signed.
type signedLog struct {
	logger *slog.Logger
	target string
	start  time.Time
}

func (s signedLog) RoundTrip(r *http.Request) (*http.Response, error) {
	s.logger.Info("request signed", "event", "signed", "target", s.target, "method", r.Method, "path", r.URL.Path,
		"request_id", r.Header.Get("X-Request-ID"), "duration_us", float64(time.Since(s.start).Nanoseconds())/1000)
	return http.DefaultTransport.RoundTrip(r)
}

// loggerOf writes the lines that the others of the fleet write.
func loggerOf(service string) *slog.Logger {
	options := &slog.HandlerOptions{ReplaceAttr: func(groups []string, field slog.Attr) slog.Attr {
		if field.Key == slog.MessageKey && len(groups) == 0 {
			field.Key = "message"
		}
		return field
	}}
	return slog.New(slog.NewJSONHandler(os.Stdout, options)).With("process", service)
}

func setting(name, usual string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return usual
}
