//go:build cgo

package wiresign

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	// stsTimeout is how long a question may take as a whole unless an option says otherwise.
	stsTimeout = 3 * time.Second
	// stsAtOnce is how many connections to one region there are at most.
	stsAtOnce = 16
	// mostAnswerBytes is the longest answer that is read; the library has the same limit.
	mostAnswerBytes = 16 * 1024
)

// identityField carries a proof, as net/http spells it. Most requests have none.
const identityField = "X-Service-Aws-Identity"

// STS asks the Security Token Service of AWS who made the proofs of IAM identities ("aws-identity"). A question goes to the
// host of a region in the configuration, over TLS, and nowhere else; without an answer the request is refused. One is enough
// for a process, and any number of goroutines may share it.
type STS struct {
	client   http.Client
	timeout  time.Duration
	endpoint string

	mutex sync.Mutex
	asked map[asked]chan struct{}
}

// asked tells questions apart, and who wants to know.
type asked struct {
	verifier *Verifier
	question string
}

// An STSOption adjusts NewSTS.
type STSOption func(*STS)

// WithSTSTimeout sets how long a question may take, from the connection to the last byte; 3 seconds unless given.
func WithSTSTimeout(limit time.Duration) STSOption {
	return func(s *STS) { s.timeout = limit }
}

// WithSTSClient asks with the transport of this client, for a proxy or certificates of your own. It follows no redirect,
// whatever it does elsewhere.
func WithSTSClient(client *http.Client) STSOption {
	return func(s *STS) { s.client = *client }
}

// WithSTSEndpoint sends all questions to another place, for tests. It must be on this machine; the header fields stay as they
// are.
func WithSTSEndpoint(address string) STSOption {
	return func(s *STS) { s.endpoint = address }
}

// NewSTS makes what Middleware asks AWS with.
func NewSTS(options ...STSOption) (*STS, error) {
	s := &STS{timeout: stsTimeout, asked: map[asked]chan struct{}{}}
	for _, option := range options {
		option(s)
	}
	if s.timeout <= 0 {
		return nil, &Failure{Code: ErrInvalidArgument, Message: "the timeout must be more than nothing"}
	}
	if s.endpoint != "" && !isOnThisMachine(s.endpoint) {
		return nil, &Failure{Code: ErrInvalidArgument, Message: "the endpoint is for tests, and must be on this machine"}
	}
	if base, ok := http.DefaultTransport.(*http.Transport); ok && s.client.Transport == nil {
		own := base.Clone()
		own.MaxConnsPerHost = stsAtOnce
		s.client.Transport = own
	}
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return s, nil
}

// WithSTS lets Middleware ask AWS about the proofs of IAM identities. Without it they are refused with
// ErrIdentityUnavailable.
func WithSTS(sts *STS) MiddlewareOption {
	return func(o *observer) { o.sts = sts }
}

// Identify asks AWS about the proof that a request carries, where it carries one that is not known yet, and tells the verifier
// what the answer is. Call it before Verify, where Middleware does not. Of several requests with the same proof at once, one
// has AWS asked. The error says why there was no answer: for the log, since the verification refuses the request then.
func (s *STS) Identify(ctx context.Context, verifier *Verifier, request *Request) error {
	question, err := verifier.IdentityRequest(request)
	if question == nil {
		return err
	}
	key := asked{verifier, question.key()}
	answered, leads := s.join(key)
	if !leads {
		question.Close()
		select {
		case <-answered:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	// The answer may have come between the question and now.
	if again, err := verifier.IdentityRequest(request); again == nil {
		question.Close()
		s.part(key)
		return err
	} else {
		again.Close()
	}
	failure := make(chan error, 1)
	// Whoever asked first may leave; others wait for the same.
	go func() {
		defer s.part(key)
		defer question.Close()
		failure <- s.ask(context.WithoutCancel(ctx), verifier, question)
	}()
	select {
	case err := <-failure:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close closes the connections that are not in use.
func (s *STS) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// join gives what ends when a question was answered, and whether the caller is the one to ask it.
func (s *STS) join(key asked) (<-chan struct{}, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if answered, isAsked := s.asked[key]; isAsked {
		return answered, false
	}
	s.asked[key] = make(chan struct{})
	return s.asked[key], true
}

func (s *STS) part(key asked) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	close(s.asked[key])
	delete(s.asked, key)
}

// ask sends a question, and hands on its answer, or that there is none.
func (s *STS) ask(ctx context.Context, verifier *Verifier, question *IdentityRequest) error {
	status, body, err := s.send(ctx, question)
	if err != nil {
		status, body = 0, nil
		// The reason may hold the address, and nothing of the proof.
		err = fmt.Errorf("wiresign: %s gave no answer: %w", question.URL, err)
	}
	return errors.Join(err, verifier.IdentityAnswer(question, status, body))
}

func (s *STS) send(ctx context.Context, question *IdentityRequest) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	address := question.URL
	if s.endpoint != "" {
		address = s.endpoint
	}
	request, err := http.NewRequestWithContext(ctx, question.Method, address, strings.NewReader(question.Body))
	if err != nil {
		return 0, nil, err
	}
	for _, field := range question.Fields {
		if field.Name == "Host" {
			request.Host = field.Value
		} else {
			request.Header.Set(field.Name, field.Value)
		}
	}
	// A compressed answer could be small on the way and huge here.
	request.Header.Set("Accept-Encoding", "identity")
	response, err := s.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, mostAnswerBytes+1))
	if err == nil && len(body) > mostAnswerBytes {
		err = fmt.Errorf("the answer is longer than %d bytes", mostAnswerBytes)
	}
	return response.StatusCode, body, err
}

// key is the same for equal questions.
func (q *IdentityRequest) key() string {
	var key strings.Builder
	key.WriteString(q.URL)
	for _, field := range q.Fields {
		key.WriteByte('\n')
		key.WriteString(field.Value)
	}
	return key.String()
}

func isOnThisMachine(address string) bool {
	parsed, err := url.Parse(address)
	if err != nil {
		return false
	}
	name := parsed.Hostname()
	number, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && number.IsLoopback()
}

// identify asks AWS where a request carries a proof, and tells the operator when there was no answer.
func (o *observer) identify(r *http.Request, verifier *Verifier, request *Request) {
	if o.sts == nil || len(r.Header[identityField]) == 0 {
		return
	}
	err := o.sts.Identify(r.Context(), verifier, request)
	if err != nil && r.Context().Err() == nil {
		o.report(r.Context(), "nobody can say who made the proof of an IAM identity", err)
	}
}
