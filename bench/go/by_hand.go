package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"hash"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The same work twice more, as it would be written in Go: header lookup, window, registry, signature, policy, replay.
// Both know one scheme and simple prefixes, and judge no hostile spelling of anything.

const (
	windowSeconds = 300
	shortestNonce = 16
	longestNonce  = 64
)

var errRefused = errors.New("refused")

// A usual verifier is what most people write: a hash per call, a buffer for the message, Header.Get.
type usual struct {
	own     string
	secrets map[string][]byte
	seen    seen
}

func newUsual(own string, secrets map[string]string) *usual {
	verifier := &usual{own: own, secrets: map[string][]byte{}}
	for id, secret := range secrets {
		verifier.secrets[id] = []byte(secret)
	}
	return verifier
}

func (u *usual) verify(r *request) error {
	service, target := r.header.Get("X-Service-ID"), r.header.Get("X-Target-Service")
	timestamp, nonce, signature := r.header.Get("X-Timestamp"), r.header.Get("X-Request-ID"), r.header.Get("X-Signature")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return err
	}
	now := time.Now().Unix()
	if now-seconds > windowSeconds || seconds-now > windowSeconds || !isNonce(nonce) {
		return errRefused
	}
	secret, known := u.secrets[service]
	if !known {
		return errRefused
	}
	claimed, err := hex.DecodeString(strings.TrimPrefix(signature, "v2="))
	if err != nil {
		return err
	}
	path, query, _ := strings.Cut(r.target, "?")
	var message bytes.Buffer
	for _, part := range []string{"wiresign-v2", r.method, path, query, timestamp, service, target, nonce} {
		message.WriteString(part)
		message.WriteByte('\n')
	}
	message.Write(r.body)
	mac := hmac.New(sha256.New, secret)
	mac.Write(message.Bytes())
	if !hmac.Equal(mac.Sum(nil), claimed) || target != u.own || !isPermitted(r.method, path) {
		return errRefused
	}
	return u.seen.remember(service+"\n"+nonce, now)
}

// A tuned verifier takes no memory: keyed hashes and buffers come from pools, header fields from the map itself.
type tuned struct {
	own      string
	services map[string]*sync.Pool
	seen     tunedSeen
}

type keyed struct {
	mac     hash.Hash
	message []byte
	tag     [sha256.Size]byte
}

func newTuned(own string, secrets map[string]string) *tuned {
	verifier := &tuned{own: own, services: map[string]*sync.Pool{}}
	for id, secret := range secrets {
		verifier.services[id] = &sync.Pool{New: func() any {
			return &keyed{mac: hmac.New(sha256.New, []byte(secret)), message: make([]byte, 0, 512)}
		}}
	}
	return verifier
}

func (u *tuned) verify(r *request) error {
	service, target := first(r.header, "X-Service-Id"), first(r.header, "X-Target-Service")
	timestamp, nonce, signature := first(r.header, "X-Timestamp"), first(r.header, "X-Request-Id"), first(r.header, "X-Signature")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return err
	}
	now := time.Now().Unix()
	if now-seconds > windowSeconds || seconds-now > windowSeconds || !isNonce(nonce) {
		return errRefused
	}
	pool, known := u.services[service]
	if !known || len(signature) != len("v2=")+2*sha256.Size || signature[:3] != "v2=" {
		return errRefused
	}
	var claimed [sha256.Size]byte
	for at := range claimed {
		high, low := digits[signature[3+2*at]], digits[signature[4+2*at]]
		if high|low > 15 {
			return errRefused
		}
		claimed[at] = high<<4 | low
	}
	split := strings.IndexByte(r.target, '?')
	path, query := r.target, ""
	if split >= 0 {
		path, query = r.target[:split], r.target[split+1:]
	}
	state := pool.Get().(*keyed)
	message := append(state.message[:0], "wiresign-v2\n"...)
	message = append(append(message, r.method...), '\n')
	message = append(append(message, path...), '\n')
	message = append(append(message, query...), '\n')
	message = append(append(message, timestamp...), '\n')
	message = append(append(message, service...), '\n')
	message = append(append(message, target...), '\n')
	message = append(append(message, nonce...), '\n')
	state.message = message
	state.mac.Reset()
	state.mac.Write(message)
	state.mac.Write(r.body)
	tag := state.mac.Sum(state.tag[:0])
	equal := subtle.ConstantTimeCompare(tag, claimed[:]) == 1
	pool.Put(state)
	if !equal || target != u.own || !isPermitted(r.method, path) {
		return errRefused
	}
	return u.seen.remember(service, nonce, now)
}

func first(header http.Header, name string) string {
	if values := header[name]; len(values) == 1 {
		return values[0]
	}
	return ""
}

// digits gives the value of each lower-case hexadecimal digit, and 255 for everything else.
var digits = func() (table [256]byte) {
	for at := range table {
		table[at] = 255
	}
	for at, digit := range []byte("0123456789abcdef") {
		table[digit] = byte(at)
	}
	return table
}()

func isNonce(nonce string) bool {
	if len(nonce) < shortestNonce || len(nonce) > longestNonce {
		return false
	}
	for at := range len(nonce) {
		c := nonce[at]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

func isPermitted(method, path string) bool {
	return method == "GET" && strings.HasPrefix(path, "/api/v1/") || method == "POST" && strings.HasPrefix(path, "/api/v1/images/")
}

// What was seen lives in two generations, each as long as the window: that costs less than a sweep through one map.
type generations[K comparable] struct {
	lock       sync.Mutex
	young, old map[K]struct{}
	since      int64
}

func (g *generations[K]) remember(key K, now int64) error {
	g.lock.Lock()
	defer g.lock.Unlock()
	if g.young == nil || now > g.since+windowSeconds {
		g.young, g.old, g.since = map[K]struct{}{}, g.young, now
	}
	if _, repeated := g.young[key]; repeated {
		return errRefused
	}
	if _, repeated := g.old[key]; repeated {
		return errRefused
	}
	g.young[key] = struct{}{}
	return nil
}

type seen = generations[string]

// tunedSeen has keys that need no memory to be put together.
type tunedSeen struct {
	kept generations[[2]string]
}

func (t *tunedSeen) remember(service, nonce string, now int64) error {
	return t.kept.remember([2]string{service, nonce}, now)
}
