package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	wiresign "github.com/wiresign/wiresign/bindings-c/go"
)

// G2: what the middleware adds to the CPU time of a request to a real server of net/http, against a usual middleware by hand.
// Three servers run, each in a process of its own; they take turns, and what their threads spent is read from the kernel.

const (
	addedBatch  = 300
	addedRounds = 40
	// The variable that turns this program into one of the servers.
	serviceVariable = "WIRESIGN_BENCH_SERVICE"
)

var services = []string{"bare", "ours", "by hand"}

func added(described fleet) []row {
	bench := newBench(described, 200)
	best := make([]float64, len(services))
	running := make([]*service, len(services))
	for at, kind := range services {
		best[at] = math.Inf(1)
		running[at] = startService(kind, described)
		defer running[at].stop()
	}
	for round := range addedRounds {
		for turn := range running {
			at := (round + turn) % len(running)
			best[at] = min(best[at], running[at].spent(bench.wires(addedBatch)))
		}
	}
	ours, theirs := best[1]-best[0], best[2]-best[0]
	what := fmt.Sprintf("net/http, CPU added by the middleware (%.0f ns) against hmac by hand (%.0f ns)", ours, theirs)
	ratio := row{ID: "G2", What: what, Measured: theirs / ours, Unit: "faster"}
	if min(ours, theirs) <= 0 {
		// Less than nothing is no measurement: other programs took turns with the servers.
		ratio = row{ID: "G2", What: what + ": lost in noise, bare server", Measured: best[0], Unit: "nanoseconds"}
	}
	return []row{ratio, {ID: "G2", What: "net/http, CPU of a request to the bare server", Measured: best[0], Unit: "nanoseconds"}}
}

// A service is one of the servers, and a connection to it.
type service struct {
	process    *exec.Cmd
	connection net.Conn
	answers    *bufio.Reader
}

func startService(kind string, described fleet) *service {
	program, err := os.Executable()
	check(err)
	input, err := json.Marshal(described)
	check(err)
	process := exec.Command(program)
	process.Env = append(os.Environ(), serviceVariable+"="+kind)
	process.Stdin, process.Stderr = bytes.NewReader(input), os.Stderr
	output, err := process.StdoutPipe()
	check(err)
	check(process.Start())
	address, err := bufio.NewReader(output).ReadString('\n')
	check(err)
	connection, err := net.Dial("tcp", strings.TrimSpace(address))
	check(err)
	return &service{process, connection, bufio.NewReader(connection)}
}

func (s *service) stop() {
	s.connection.Close()
	check(s.process.Process.Kill())
	// It was killed, so it has no other end.
	_ = s.process.Wait()
}

// spent sends requests one after the other, and gives the nanoseconds of CPU that each took the service.
func (s *service) spent(wires [][]byte) float64 {
	before := s.cpu()
	for _, wire := range wires {
		_, err := s.connection.Write(wire)
		check(err)
		answer, err := http.ReadResponse(s.answers, nil)
		check(err)
		_, err = io.Copy(io.Discard, answer.Body)
		check(err)
		if answer.StatusCode != http.StatusOK {
			check(fmt.Errorf("the service answered %s", answer.Status))
		}
	}
	return float64(s.cpu()-before) / float64(len(wires))
}

// cpu is what all threads of the service spent so far.
func (s *service) cpu() int64 {
	paths, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", s.process.Process.Pid))
	check(err)
	var sum int64
	for _, path := range paths {
		text, err := os.ReadFile(path)
		check(err)
		spent, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		check(err)
		sum += spent
	}
	return sum
}

// serve is one of the servers, until it is killed.
func serve(kind string, described fleet) {
	var handler http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		read, err := io.Copy(io.Discard, r.Body)
		check(err)
		fmt.Fprintf(w, `{"read":%d}`, read)
	})
	switch kind {
	case "ours":
		handler = wiresign.Middleware(newBench(described, 200).ours)(handler)
	case "by hand":
		handler = byHand(newUsual(described.Called, described.Secrets), handler)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Println(listener.Addr())
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	check(server.Serve(listener))
}

// byHand is what most people write.
func byHand(verifier *usual, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 10<<20))
		if err != nil {
			http.Error(w, "the body cannot be read", http.StatusBadRequest)
			return
		}
		if _, err := verifier.verify(&request{method: r.Method, target: r.RequestURI, header: r.Header, body: body}); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}
