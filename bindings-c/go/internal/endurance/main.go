// Many verifies in one process, and what it has in memory at the start, in the middle and at the end. Says so and ends with 1
// when memory has grown after the first tenth: by then the replay store is as large as it gets.
//
//	endurance [COUNT]      ten million unless given
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	wiresign "github.com/wiresign/wiresign/bindings-c/go"
)

const (
	// How long all requests take by the verifier's clock. What is remembered is forgotten after 600 seconds, so the replay
	// store has its full size after a tenth.
	duration      = 7000 * time.Second
	allowedGrowth = 16 << 20
	document      = `{"service": "%s", "services": {
		"orders": {"keys": [{"secret": "env:ORDERS_SECRET"}]},
		"billing": {"keys": [{"secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]}}%s}`
	forgetful = `, "replay": {"store": "none"}`
)

// The secrets of all, new in each run.
var secrets = func() wiresign.ConfigOption {
	variables := map[string]string{}
	for _, name := range []string{"ORDERS_SECRET", "BILLING_SECRET"} {
		secret, err := wiresign.GenerateSecret(wiresign.Hex)
		check(err)
		variables[name] = secret
	}
	return wiresign.WithEnv(variables)
}()

func configOf(service, members string) *wiresign.Config {
	config, err := wiresign.ParseConfig(fmt.Sprintf(document, service, members), secrets)
	check(err)
	return config
}

// A run holds what all requests share.
type run struct {
	verifier *wiresign.Verifier
	signer   *wiresign.Signer
	handler  http.Handler
	start    time.Time
	count    int
	last     *wiresign.Request
}

func main() {
	count := 10_000_000
	if len(os.Args) > 1 {
		var err error
		count, err = strconv.Atoi(os.Args[1])
		check(err)
	}
	verifier, err := wiresign.NewVerifier(configOf("orders", ""))
	check(err)
	// It goes by the clock, within whose window it would have to remember most of the run.
	serving, err := wiresign.NewVerifier(configOf("orders", forgetful))
	check(err)
	signer, err := wiresign.NewSigner(configOf("billing", ""), wiresign.WithTarget("orders"))
	check(err)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(w, r.Body)
		check(err)
	})
	r := &run{verifier: verifier, signer: signer, handler: wiresign.Middleware(serving)(handler), start: time.Now(), count: count}
	var tenth, middle int
	start := residentMemory()
	for number := range count {
		r.one(number)
		switch number {
		case count / 10:
			tenth = residentMemory()
		case count / 2:
			middle = residentMemory()
		}
	}
	end := residentMemory()
	fmt.Printf("Go: %d verifies, resident memory %.1f MiB at the start, %.1f after a tenth, %.1f in the middle, %.1f at the end\n",
		count, mebibytes(start), mebibytes(tenth), mebibytes(middle), mebibytes(end))
	if end-tenth > allowedGrowth {
		os.Exit(1)
	}
}

// one verifies one request, in one of the ways that there are.
func (r *run) one(number int) {
	switch number % 8 {
	case 0:
		r.sign(number)
		var identity wiresign.Identity
		check(r.verifier.VerifyInto(r.last, &identity))
	case 1, 2:
		r.sign(number)
		_, err := r.verifier.VerifyBytes(r.last)
		check(err)
	case 3:
		r.sign(number)
		r.inPieces()
	case 4:
		r.byMiddleware(number)
	case 5:
		r.sign(number)
		r.last.Body[0] = '['
		r.refused(wiresign.ErrInvalidSignature)
	case 6:
		r.sign(number)
		_, err := r.verifier.VerifyBytes(r.last)
		check(err)
	case 7:
		r.refused(wiresign.ErrReplayed)
	}
	if number%100_000 == 0 {
		check(r.verifier.Replace(configOf("orders", "")))
		_, err := r.verifier.Metrics()
		check(err)
	}
}

func (r *run) sign(number int) {
	body := strconv.AppendInt([]byte(`{"invoice":`), int64(number), 10)
	r.last = &wiresign.Request{
		Method: "POST", Target: "/invoices?draft=1", Body: append(body, '}'), Now: r.start.Add(time.Duration(float64(duration) * float64(number) / float64(r.count))),
	}
	fields, err := r.signer.Sign(r.last)
	check(err)
	r.last.Header = http.Header{"User-Agent": {"endurance"}}
	for _, field := range fields {
		r.last.Header.Set(field.Name, field.Value)
	}
}

func (r *run) inPieces() {
	verification, err := r.verifier.Begin(r.last)
	check(err)
	for at := range r.last.Body {
		check(verification.Update(r.last.Body[at : at+1]))
	}
	// Neither it nor its caller is closed: nearly everybody forgets.
	_, err = verification.Finish()
	check(err)
}

func (r *run) byMiddleware(number int) {
	body := []byte(strconv.Itoa(number))
	fields, err := r.signer.Sign(&wiresign.Request{Method: "PUT", Target: "/numbers", Body: body})
	check(err)
	request := httptest.NewRequest("PUT", "/numbers", bytes.NewReader(body))
	for _, field := range fields {
		request.Header.Set(field.Name, field.Value)
	}
	answer := httptest.NewRecorder()
	r.handler.ServeHTTP(answer, request)
	if answer.Code != 200 || answer.Body.String() != string(body) {
		log.Fatal(answer.Code, answer.Body)
	}
}

func (r *run) refused(code wiresign.RefusalCode) {
	if _, err := r.verifier.VerifyBytes(r.last); !errors.Is(err, code) {
		log.Fatalf("%v instead of %v", err, code)
	}
}

// residentMemory is what the process has in memory in bytes, of Go and of the library, without what is garbage.
func residentMemory() int {
	debug.FreeOSMemory()
	statm, err := os.ReadFile("/proc/self/statm")
	check(err)
	pages, err := strconv.Atoi(strings.Fields(string(statm))[1])
	check(err)
	return pages * os.Getpagesize()
}

func mebibytes(bytes int) float64 { return float64(bytes) / (1 << 20) }

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
