//go:build cgo

package wiresign

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// The pace of KeySets unless options say otherwise.
const (
	defaultRefresh      = 5 * time.Minute
	defaultCoolDown     = time.Minute
	defaultFetchTimeout = 5 * time.Second
)

// mostKeySetBytes is the longest set that is taken; the library has the same limit.
const mostKeySetBytes = 64 * 1024

// KeySets keeps the published keys of token issuers up to date: it fetches each JWK Set that a configuration names by a URL,
// all of them at once when it is made, and then again and again until it is closed. A set that cannot be fetched, or is
// wrong, changes nothing. Any number of goroutines may share it.
type KeySets struct {
	pace *pace

	mutex sync.Mutex
	// The configuration that they are fetched for, to know it by: it may be closed.
	served *Config
	// What gets the keys: the same configuration, which nobody else closes.
	own      *Config
	sets     []*keySet
	end      context.CancelFunc
	followed *Verifier
	unfollow func()
	isClosed bool
}

// A KeySetsOption adjusts NewKeySets.
type KeySetsOption func(*pace)

// pace is how sets are fetched.
type pace struct {
	refresh, coolDown, timeout time.Duration
	client                     http.Client
	report                     func(*KeySetError)
}

// WithRefresh sets the time from one fetch of a set to the next; 5 minutes unless given.
func WithRefresh(interval time.Duration) KeySetsOption {
	return func(p *pace) { p.refresh = interval }
}

// WithCoolDown sets the shortest time from the end of one fetch of a set to the next, however many tokens name unknown
// keys, and however the last fetch went; 60 seconds unless given.
func WithCoolDown(pause time.Duration) KeySetsOption {
	return func(p *pace) { p.coolDown = pause }
}

// WithFetchTimeout sets the longest fetch, from the connection to the last byte; 5 seconds unless given.
func WithFetchTimeout(limit time.Duration) KeySetsOption {
	return func(p *pace) { p.timeout = limit }
}

// WithFetchClient fetches with the transport and the cookies of this client, for a proxy or certificates of your own. It
// follows no redirect, whatever it does elsewhere.
func WithFetchClient(client *http.Client) KeySetsOption {
	return func(p *pace) { p.client = *client }
}

// OnKeySetError calls a hook with every set that was not renewed, in place of a warning in the default log of slog.
func OnKeySetError(hook func(*KeySetError)) KeySetsOption {
	return func(p *pace) { p.report = hook }
}

// A KeySetError says why the keys of an issuer were not renewed. Those that were there before stay.
type KeySetError struct {
	// Issuer is its name in the configuration.
	Issuer string
	// URL is where its set was asked for.
	URL string
	// Err is what went wrong: a *ConfigError where the set was fetched, and is wrong.
	Err error
}

func (e *KeySetError) Error() string {
	reason := e.Err.Error()
	// Of a set that is wrong, its fault: the configuration has none.
	if wrong := (*ConfigError)(nil); errors.As(e.Err, &wrong) {
		reason = wrong.Problems[0].Message
	}
	return "wiresign: the keys of " + e.Issuer + " were not renewed: " + reason
}

// Unwrap gives what went wrong.
func (e *KeySetError) Unwrap() error { return e.Err }

// WithKeySets lets Middleware fetch anew when a token names a key that is not known: in the background, and once within the
// cool-down. The request is refused; the next one with that key finds it. Where the sets and the verifier were made of one
// configuration, the sets follow Verifier.Replace: the keys at hand are known to the next configuration from its first request
// on, and issuers that are new to it are fetched. They follow one verifier: Middleware panics when it is given them with a second
// one.
func WithKeySets(sets *KeySets) MiddlewareOption {
	return func(o *observer) { o.keySets = sets }
}

// NewKeySets begins to fetch the sets of a configuration, which may be closed then.
func NewKeySets(config *Config, options ...KeySetsOption) (*KeySets, error) {
	chosen := &pace{refresh: defaultRefresh, coolDown: defaultCoolDown, timeout: defaultFetchTimeout, report: warnOfKeySet}
	for _, option := range options {
		option(chosen)
	}
	if min(chosen.refresh, chosen.coolDown, chosen.timeout) <= 0 {
		return nil, &Failure{Code: ErrInvalidArgument, Message: "the times of KeySets must be more than nothing"}
	}
	// Keys come from the URL of the configuration, or not at all.
	chosen.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	all := &KeySets{pace: chosen}
	if err := all.Replace(config); err != nil {
		return nil, err
	}
	return all, nil
}

// Refresh fetches all sets, but for those that were fetched within the cool-down, and waits until each was taken or
// reported, or the context ends: a service that calls it before it listens knows the keys from its first request on. The
// error is that of the context.
func (k *KeySets) Refresh(ctx context.Context) error {
	for _, ended := range k.wake() {
		select {
		case <-ended:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Replace serves another configuration from now on, which may be closed then. It gets the keys at hand at once, and all of its
// sets are fetched. Call it before Verifier.Replace, and Refresh between the two, where issuers that are new are to be known
// from the first request on; else there is no need, since Middleware has the sets follow the verifier.
func (k *KeySets) Replace(config *Config) error {
	own, err := config.shared()
	if err != nil {
		return err
	}
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if k.served == config {
		return own.Close()
	}
	known := map[[2]string]string{}
	for _, set := range k.sets {
		known[[2]string{set.issuer, set.url}] = set.taken()
	}
	k.endFetches()
	life, end := context.WithCancel(context.Background())
	k.served, k.own, k.sets, k.end = config, own, nil, end
	for issuer, url := range own.JwksURLs() {
		text := known[[2]string{issuer, url}]
		if text != "" {
			// It was taken before, by the same rules.
			_ = own.PublishKeys(issuer, text)
		}
		set := &keySet{issuer: issuer, url: url, config: own, pace: k.pace, life: life, text: text}
		k.sets = append(k.sets, set)
		if !k.isClosed {
			set.refresh()
		}
	}
	if k.isClosed {
		k.endFetches()
	}
	return nil
}

// Close ends all fetches. The keys stay as they are. It may be called twice.
func (k *KeySets) Close() error {
	k.mutex.Lock()
	k.isClosed = true
	k.endFetches()
	unfollow := k.unfollow
	k.mutex.Unlock()
	// The verifier may be waiting for the mutex.
	if unfollow != nil {
		unfollow()
	}
	return nil
}

// endFetches is called with the mutex.
func (k *KeySets) endFetches() {
	if k.end == nil {
		return
	}
	k.end()
	for _, set := range k.sets {
		set.close()
	}
	k.own.close()
}

// follow has the sets serve each configuration that a verifier gets. Where they serve another configuration than the verifier
// does, what becomes is up to the application. It panics where they follow another verifier: of the two configurations they
// could serve one, and the keys of the other would grow old without a word.
func (k *KeySets) follow(verifier *Verifier) {
	served, isFree := k.isFreeFor(verifier)
	if !isFree {
		return
	}
	// Whoever replaces the configuration of a verifier holds its lock, and then waits for that of the sets.
	unfollow := verifier.onReplacement(served, k.Replace)
	if unfollow == nil {
		return
	}
	k.mutex.Lock()
	isFree = k.followed == nil && !k.isClosed
	if isFree {
		k.followed, k.unfollow = verifier, unfollow
	}
	k.mutex.Unlock()
	if !isFree {
		unfollow()
		// They were given to two verifiers at the same time, perhaps.
		k.isFreeFor(verifier)
	}
}

// isFreeFor is true where the sets may begin to follow a verifier, and gives the configuration that they serve. It panics where
// they follow another one.
func (k *KeySets) isFreeFor(verifier *Verifier) (*Config, bool) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if k.isClosed {
		return nil, false
	}
	if k.followed != nil && k.followed != verifier {
		panic("wiresign: these KeySets follow another verifier already; give each verifier KeySets of its own")
	}
	return k.served, k.followed == nil
}

// heed has keys fetched where a request may have been refused since one is missing. The request does not wait for them: anybody
// can name keys.
func (k *KeySets) heed(r *http.Request, err error) {
	var refusal *Refusal
	if k == nil || !errors.As(err, &refusal) {
		return
	}
	switch refusal.Code {
	case ErrUnknownKey:
	case ErrInvalidSignature, ErrAlgorithmNotAllowed:
		// A token that names no key was tried with those at hand.
		if !slices.ContainsFunc(r.Header["Authorization"], isBearer) {
			return
		}
	default:
		return
	}
	k.wake()
}

func isBearer(value string) bool {
	const scheme = "bearer "
	return len(value) >= len(scheme) && strings.EqualFold(value[:len(scheme)], scheme)
}

// wake has all sets fetched, and gives what ends with the fetches.
func (k *KeySets) wake() []<-chan struct{} {
	k.mutex.Lock()
	sets := k.sets
	k.mutex.Unlock()
	ends := make([]<-chan struct{}, len(sets))
	for at, set := range sets {
		ends[at] = set.refresh()
	}
	return ends
}

// A keySet is the set of one issuer: when it was fetched last, and when it may be fetched again.
type keySet struct {
	issuer, url string
	config      *Config
	pace        *pace
	// Ends when the configuration is no longer served.
	life context.Context

	mutex sync.Mutex
	// What was taken last; empty before.
	text       string
	running    chan struct{}
	next       *time.Timer
	quietUntil time.Time
}

// noFetch is what ends where nothing is fetched.
var noFetch = func() chan struct{} {
	ended := make(chan struct{})
	close(ended)
	return ended
}()

// refresh fetches, unless a fetch is under way, which will do, or one has just ended.
func (s *keySet) refresh() <-chan struct{} {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.running != nil {
		return s.running
	}
	if s.life.Err() != nil || time.Now().Before(s.quietUntil) {
		return noFetch
	}
	if s.next != nil {
		s.next.Stop()
	}
	s.running = make(chan struct{})
	go s.run(s.running)
	return s.running
}

func (s *keySet) run(running chan struct{}) {
	pause := s.pace.coolDown
	err := s.renew()
	if err == nil {
		pause = max(pause, s.pace.refresh)
	} else if s.life.Err() == nil {
		s.report(&KeySetError{Issuer: s.issuer, URL: s.url, Err: err})
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.running = nil
	s.quietUntil = time.Now().Add(s.pace.coolDown)
	if s.life.Err() == nil {
		s.next = time.AfterFunc(pause, func() { s.refresh() })
	}
	close(running)
}

// taken is what the issuer published last, for the configuration that takes the place of this one.
func (s *keySet) taken() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.text
}

func (s *keySet) close() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.next != nil {
		s.next.Stop()
	}
}

// renew fetches the set, and publishes it.
func (s *keySet) renew() error {
	ctx, cancel := context.WithTimeout(s.life, s.pace.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, http.NoBody)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	response, err := s.pace.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the answer has the status %d, and only 200 carries keys", response.StatusCode)
	}
	// Counted behind any compression: what a head declares is only a word.
	text, err := io.ReadAll(io.LimitReader(response.Body, mostKeySetBytes+1))
	switch {
	case err != nil:
		return err
	case len(text) > mostKeySetBytes:
		return fmt.Errorf("the set is longer than %d bytes", mostKeySetBytes)
	case s.life.Err() != nil:
		return errors.New("the fetch was ended")
	}
	if err := s.config.PublishKeys(s.issuer, string(text)); err != nil {
		return err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.text = string(text)
	return nil
}

// report calls the hook. Its panics are reported, and change nothing.
func (s *keySet) report(err *KeySetError) {
	defer func() {
		if thrown := recover(); thrown != nil {
			slog.Error("wiresign: the OnKeySetError hook panicked", "error", thrown)
		}
	}()
	s.pace.report(err)
}

func warnOfKeySet(err *KeySetError) {
	slog.Warn(err.Error(), "issuer", err.Issuer, "url", err.URL)
}
