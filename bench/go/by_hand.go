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

// The same work twice more, as it would be written in Go: header lookup, window, registry, signature, policy, replay. Both
// do what those in the other languages do: they refuse a field that came twice, know what each service may do, and say who
// called. They know one scheme and simple prefixes, and judge no hostile spelling of anything.

const (
	windowSeconds = 300
	shortestNonce = 16
	longestNonce  = 64
)

var errRefused = errors.New("refused")

// A caller is what a request that is accepted says of who made it.
type caller struct {
	service   string
	age       int64
	requestID string
}

// A permission is one of a service.
type permission struct {
	method, prefix string
}

var usualPermissions = []permission{{"GET", "/api/v1/"}, {"POST", "/api/v1/images/"}}

// A usual verifier is what most people write: a hash per call, a buffer for the message, Header.Values.
type usual struct {
	own      string
	services map[string]*usualService
	seen     seen
}

type usualService struct {
	secret      []byte
	permissions []permission
}

func newUsual(own string, secrets map[string]string) *usual {
	verifier := &usual{own: own, services: map[string]*usualService{}}
	for id, secret := range secrets {
		verifier.services[id] = &usualService{[]byte(secret), usualPermissions}
	}
	return verifier
}

func (u *usual) verify(r *request) (*caller, error) {
	id, target := single(r.header, "X-Service-ID"), single(r.header, "X-Target-Service")
	timestamp, nonce, signature := single(r.header, "X-Timestamp"), single(r.header, "X-Request-ID"), single(r.header, "X-Signature")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return nil, err
	}
	now := time.Now().Unix()
	if now-seconds > windowSeconds || seconds-now > windowSeconds || !isNonce(nonce) {
		return nil, errRefused
	}
	service, known := u.services[id]
	if !known || !strings.HasPrefix(signature, "v2=") {
		return nil, errRefused
	}
	claimed, err := hex.DecodeString(signature[len("v2="):])
	if err != nil {
		return nil, err
	}
	path, query, _ := strings.Cut(r.target, "?")
	var message bytes.Buffer
	for _, part := range []string{"wiresign-v2", r.method, path, query, timestamp, id, target, nonce} {
		message.WriteString(part)
		message.WriteByte('\n')
	}
	message.Write(r.body)
	mac := hmac.New(sha256.New, service.secret)
	mac.Write(message.Bytes())
	if !hmac.Equal(mac.Sum(nil), claimed) || target != u.own || !isPermitted(service.permissions, r.method, path) {
		return nil, errRefused
	}
	if err := u.seen.remember(id+"\n"+nonce, now); err != nil {
		return nil, err
	}
	return &caller{service: id, age: now - seconds, requestID: nonce}, nil
}

// single gives a field that came once.
func single(header http.Header, name string) string {
	if values := header.Values(name); len(values) == 1 {
		return values[0]
	}
	return ""
}

// A tuned verifier takes no memory: keyed hashes and buffers come from pools, header fields from the map itself.
type tuned struct {
	own      string
	services map[string]*tunedService
	seen     tunedSeen
}

type tunedService struct {
	keyed       sync.Pool
	permissions []permission
}

type keyed struct {
	mac     hash.Hash
	message []byte
	tag     [sha256.Size]byte
}

func newTuned(own string, secrets map[string]string) *tuned {
	verifier := &tuned{own: own, services: map[string]*tunedService{}}
	for id, secret := range secrets {
		verifier.services[id] = &tunedService{permissions: usualPermissions, keyed: sync.Pool{New: func() any {
			return &keyed{mac: hmac.New(sha256.New, []byte(secret)), message: make([]byte, 0, 512)}
		}}}
	}
	return verifier
}

// verify writes who called to memory of the caller.
func (u *tuned) verify(r *request, found *caller) error {
	id, target := first(r.header, "X-Service-Id"), first(r.header, "X-Target-Service")
	timestamp, nonce, signature := first(r.header, "X-Timestamp"), first(r.header, "X-Request-Id"), first(r.header, "X-Signature")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return err
	}
	now := time.Now().Unix()
	if now-seconds > windowSeconds || seconds-now > windowSeconds || !isNonce(nonce) {
		return errRefused
	}
	service, known := u.services[id]
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
	state := service.keyed.Get().(*keyed)
	message := append(state.message[:0], "wiresign-v2\n"...)
	message = append(append(message, r.method...), '\n')
	message = append(append(message, path...), '\n')
	message = append(append(message, query...), '\n')
	message = append(append(message, timestamp...), '\n')
	message = append(append(message, id...), '\n')
	message = append(append(message, target...), '\n')
	message = append(append(message, nonce...), '\n')
	state.message = message
	state.mac.Reset()
	state.mac.Write(message)
	state.mac.Write(r.body)
	tag := state.mac.Sum(state.tag[:0])
	equal := subtle.ConstantTimeCompare(tag, claimed[:]) == 1
	service.keyed.Put(state)
	if !equal || target != u.own || !isPermitted(service.permissions, r.method, path) {
		return errRefused
	}
	if err := u.seen.remember(id, nonce, now); err != nil {
		return err
	}
	*found = caller{service: id, age: now - seconds, requestID: nonce}
	return nil
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

func isPermitted(permissions []permission, method, path string) bool {
	for _, permission := range permissions {
		if permission.method == method && strings.HasPrefix(path, permission.prefix) {
			return true
		}
	}
	return false
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
