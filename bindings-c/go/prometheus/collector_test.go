package prometheus

import (
	"bytes"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	wiresign "github.com/wiresign/wiresign/bindings-c/go"
)

func verifier(t *testing.T) *wiresign.Verifier {
	t.Helper()
	config, err := wiresign.ParseConfig(`{"service": "orders", "services": {"orders": {"keys": [{"secret": "env:SECRET"}]}},
		"routes": [{"match": "GET /health", "public": true}]}`, wiresign.WithEnv(map[string]string{
		"SECRET": "0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9",
	}))
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := wiresign.NewVerifier(config)
	if err != nil {
		t.Fatal(err)
	}
	return verifier
}

// Through a registry and out again, every line of the verifier's own text is there.
func TestTheCountersAreThoseOfTheVerifier(t *testing.T) {
	verifier := verifier(t)
	if _, err := verifier.VerifyBytes(&wiresign.Request{Method: "GET", Target: "/health"}); err != nil {
		t.Fatal(err)
	}
	if _, err := verifier.VerifyBytes(&wiresign.Request{Method: "GET", Target: "/"}); err == nil {
		t.Fatal("a stranger was let in")
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(NewCollector(verifier))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var gathered bytes.Buffer
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(&gathered, family); err != nil {
			t.Fatal(err)
		}
	}
	text, err := verifier.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]bool{}
	for line := range bytes.Lines(gathered.Bytes()) {
		lines[string(line)] = true
	}
	for line := range bytes.Lines([]byte(text)) {
		if !lines[string(line)] {
			t.Errorf("missing: %s", line)
		}
		delete(lines, string(line))
	}
	if len(lines) != 0 {
		t.Error("more than the verifier has:", lines)
	}
	if !bytes.Contains(gathered.Bytes(), []byte(`{code="AUTHENTICATION_REQUIRED"} 1`)) {
		t.Error(gathered.String())
	}
}

func TestAClosedVerifierIsAnErrorOfTheCollection(t *testing.T) {
	verifier := verifier(t)
	verifier.Close()
	registry := prometheus.NewRegistry()
	registry.MustRegister(NewCollector(verifier))
	if _, err := registry.Gather(); err == nil {
		t.Error("no error")
	}
}
