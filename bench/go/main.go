// G1: a whole verify through cgo, against what is usual in Go and against the most that pure Go can do, on 200 B, 1 KiB
// and 16 KiB. Reads the fleet that bench/src/fleet.rs describes as JSON from stdin, and prints rows as JSON.
package main

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"log"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"

	wiresign "github.com/wiresign/wiresign/bindings-c/go"
)

// How many requests a batch has, and how many rounds there are. Together about as many requests as the store of the
// Rust bench holds.
const (
	batchSize = 50
	rounds    = 400
)

type fleet struct {
	Called         string            `json:"called"`
	Caller         string            `json:"caller"`
	CalledDocument json.RawMessage   `json:"called_document"`
	CallerDocument json.RawMessage   `json:"caller_document"`
	Secrets        map[string]string `json:"secrets"`
	Method         string            `json:"method"`
	Target         string            `json:"target"`
	UsualHeaders   map[string]string `json:"usual_headers"`
}

// A request as net/http has it in hand.
type request struct {
	method, target, authority string
	header                    http.Header
	body                      []byte
}

type row struct {
	ID       string   `json:"id"`
	What     string   `json:"what"`
	Measured float64  `json:"measured"`
	Unit     string   `json:"unit"`
	Must     *float64 `json:"must,omitempty"`
	Reach    *float64 `json:"reach,omitempty"`
}

func main() {
	var described fleet
	check(json.NewDecoder(os.Stdin).Decode(&described))
	if kind := os.Getenv(serviceVariable); kind != "" {
		serve(kind, described)
	}
	var rows []row
	for _, size := range []struct {
		bytes                                        int
		text                                         string
		mustUsual, reachUsual, mustTuned, reachTuned float64
	}{
		{200, "200 B", 2.3, 2.8, 0.93, 1.05},
		{1024, "1 KiB", 2.3, 2.8, 0.93, 1.05},
		{16384, "16 KiB", 0, 0, 0, 0},
	} {
		bench := newBench(described, size.bytes)
		best := contest(rounds, bench.batch, bench.contestants())
		ours, whole, usual, tuned, floor := best[0], best[1], best[2], best[3], best[4]
		rows = append(rows,
			judged("G1", fmt.Sprintf("Go, %s: whole verify (%.0f ns) against the usual Go (%.0f ns)", size.text, ours, usual), usual/ours, "faster", size.mustUsual, size.reachUsual),
			judged("G1", fmt.Sprintf("Go, %s: whole verify against the most tuned Go (%.0f ns)", size.text, tuned), tuned/ours, "faster", size.mustTuned, size.reachTuned),
			row{ID: "G1", What: fmt.Sprintf("Go, %s: whole verify that gives a Caller", size.text), Measured: whole, Unit: "nanoseconds"},
			row{ID: "G1", What: fmt.Sprintf("Go, %s: HMAC of the same bytes alone, its key kept", size.text), Measured: floor, Unit: "nanoseconds"},
		)
		two := contest(rounds, bench.batch, bench.twice())
		rows = append(rows,
			row{ID: "G1", What: fmt.Sprintf("Go, %s: with 2 threads (%.0f ns) against the usual Go (%.0f ns)", size.text, two[0], two[1]), Measured: two[1] / two[0], Unit: "faster"},
			row{ID: "G1", What: fmt.Sprintf("Go, %s: with 2 threads against the most tuned Go (%.0f ns)", size.text, two[2]), Measured: two[2] / two[0], Unit: "faster"},
			judged("G1", fmt.Sprintf("Go, %s: allocations of a verify that succeeds", size.text), bench.allocations(), "count", 0, 0),
		)
	}
	rows = append(rows, manyAtOnce(described))
	rows = append(rows, added(described)...)
	check(json.NewEncoder(os.Stdout).Encode(rows))
}

func judged(id, what string, measured float64, unit string, must, reach float64) row {
	made := row{ID: id, What: what, Measured: measured, Unit: unit}
	if must > 0 || unit == "count" {
		made.Must, made.Reach = &must, &reach
	}
	return made
}

// A bench makes requests of one size, and verifies them in each way.
type bench struct {
	fleet  fleet
	body   []byte
	signer *wiresign.Signer
	ours   *wiresign.Verifier
	usual  *usual
	tuned  *tuned
	mac    hash.Hash
	signed []byte
	tag    []byte
}

func newBench(described fleet, size int) *bench {
	variables := map[string]string{}
	for id, secret := range described.Secrets {
		variables["SECRET_OF_"+id] = secret
	}
	env := wiresign.WithEnv(variables)
	called, err := wiresign.ParseConfig(string(described.CalledDocument), env)
	check(err)
	caller, err := wiresign.ParseConfig(string(described.CallerDocument), env)
	check(err)
	signer, err := wiresign.NewSigner(caller, wiresign.WithTarget(described.Called))
	check(err)
	verifier, err := wiresign.NewVerifier(called)
	check(err)
	body := make([]byte, size)
	for at := range body {
		body[at] = 'x'
	}
	signed, err := signer.Message(&wiresign.Request{Method: described.Method, Target: described.Target, Body: body})
	check(err)
	return &bench{
		mac: hmac.New(sha256.New, []byte(described.Secrets[described.Caller])), signed: signed,
		fleet: described, body: body, signer: signer, ours: verifier,
		usual: newUsual(described.Called, described.Secrets), tuned: newTuned(described.Called, described.Secrets),
	}
}

// batch signs new requests, and has net/http read them, outside the timed section: their header lies in memory as it does in
// a server.
func (b *bench) batch() []*request {
	batch := make([]*request, batchSize)
	for at, wire := range b.wires(batchSize) {
		read, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire)))
		check(err)
		batch[at] = &request{method: read.Method, target: read.RequestURI, authority: read.Host, header: read.Header, body: b.body}
	}
	return batch
}

// wires signs new requests, and gives them as they are sent.
func (b *bench) wires(count int) [][]byte {
	wires := make([][]byte, count)
	for at := range wires {
		wire := bytes.NewBufferString(b.fleet.Method + " " + b.fleet.Target + " HTTP/1.1\r\n")
		for name, value := range b.fleet.UsualHeaders {
			wire.WriteString(name + ": " + value + "\r\n")
		}
		fields, err := b.signer.Sign(&wiresign.Request{Method: b.fleet.Method, Target: b.fleet.Target, Body: b.body})
		check(err)
		for _, field := range fields {
			wire.WriteString(field.Name + ": " + field.Value + "\r\n")
		}
		wire.WriteString("Content-Length: " + strconv.Itoa(len(b.body)) + "\r\n\r\n")
		wire.Write(b.body)
		wires[at] = wire.Bytes()
	}
	return wires
}

// raw gives the request as the binding takes it.
func (r *request) raw() wiresign.Request {
	return wiresign.Request{Method: r.method, Target: r.target, Authority: r.authority, Header: r.header, Body: r.body}
}

func (b *bench) into(batch []*request) {
	var identity wiresign.Identity
	for _, r := range batch {
		made := r.raw()
		check(b.ours.VerifyInto(&made, &identity))
	}
}

func (b *bench) contestants() []contestant {
	return []contestant{
		{"ours", b.into},
		{"ours, with a Caller", func(batch []*request) {
			for _, r := range batch {
				made := r.raw()
				_, err := b.ours.VerifyBytes(&made)
				check(err)
			}
		}},
		{"usual", b.byUsual},
		{"tuned", b.byTuned},
		// What nobody can do without: the same bytes through a keyed SHA-256 that is kept.
		{"floor", b.byFloor},
	}
}

func (b *bench) byUsual(batch []*request) {
	for _, r := range batch {
		_, err := b.usual.verify(r)
		check(err)
	}
}

func (b *bench) byFloor(batch []*request) {
	for range batch {
		b.mac.Reset()
		b.mac.Write(b.signed)
		b.tag = b.mac.Sum(b.tag[:0])
	}
}

func (b *bench) byTuned(batch []*request) {
	var found caller
	for _, r := range batch {
		check(b.tuned.verify(r, &found))
	}
}

// twice lets two threads share a batch.
func (b *bench) twice() []contestant {
	shared := func(run func([]*request)) func([]*request) {
		return func(batch []*request) {
			var group sync.WaitGroup
			for _, half := range [][]*request{batch[:len(batch)/2], batch[len(batch)/2:]} {
				group.Add(1)
				go func() {
					defer group.Done()
					run(half)
				}()
			}
			group.Wait()
		}
	}
	return []contestant{{"ours", shared(b.into)}, {"usual", shared(b.byUsual)}, {"tuned", shared(b.byTuned)}}
}

// allocations counts those of Go, over requests that were made before.
func (b *bench) allocations() float64 {
	batch := append(b.batch(), b.batch()...)
	next := 0
	return testing.AllocsPerRun(len(batch)-1, func() {
		b.into(batch[next : next+1])
		next++
	})
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
