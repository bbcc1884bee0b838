//go:build cgo

package wiresign

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/netip"
	"slices"
	"time"
)

// A BodyError says that the body of a request did not arrive whole: its client went away, or was too slow. Nobody is
// left to be answered.
type BodyError struct {
	// Err is what reading the body gave.
	Err error
}

func (e *BodyError) Error() string {
	return "wiresign: the body did not arrive whole: " + e.Err.Error()
}

// Unwrap gives what reading the body gave.
func (e *BodyError) Unwrap() error { return e.Err }

// onePiece is up to how many bytes a body is judged in one piece; longer ones are judged while they arrive.
const onePiece = 65536

// Verify judges a request that a server of net/http received, and gives who called. It takes what it needs of the body,
// within the limit of the configuration, and sets r.Body so that the same bytes are read from there again. Call it
// before anything else reads the body.
//
// The error is a *Refusal; a *Failure where no verdict was possible, to be answered with 500; or a *BodyError. The
// request is accepted only when it is nil.
func (v *Verifier) Verify(r *http.Request) (*Caller, error) {
	caller, _, err := v.receive(r, requestOf(r))
	return caller, err
}

// receive does what Verify does with the raw parts of the same request, and says how long the judging took, without the
// wait for the body.
func (v *Verifier) receive(r *http.Request, request *Request) (*Caller, time.Duration, error) {
	if r.Body == nil || r.Body == http.NoBody {
		start := time.Now()
		caller, err := v.VerifyBytes(request)
		return caller, time.Since(start), err
	}
	isShort := 0 < r.ContentLength && r.ContentLength <= min(onePiece, v.BodyLimit())
	if isShort && !v.IsPublic(request.Method, request.Target) {
		return v.receiveWhole(r, request)
	}
	return v.receivePieces(r, request)
}

// receiveWhole judges a body of a short declared length.
func (v *Verifier) receiveWhole(r *http.Request, request *Request) (*Caller, time.Duration, error) {
	// One byte more than declared shows a body that is not what its head says.
	buffer := make([]byte, r.ContentLength+1)
	length, err := io.ReadFull(r.Body, buffer)
	body := buffer[:length]
	restore(r, body, errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF))
	switch {
	case int64(length) == r.ContentLength && errors.Is(err, io.ErrUnexpectedEOF):
		start := time.Now()
		request.Body = body
		caller, err := v.VerifyBytes(request)
		return caller, time.Since(start), err
	case err == nil:
		return nil, 0, notAsReceived("is longer than its Content-Length")
	case errors.Is(err, io.EOF):
		return nil, 0, notAsReceived("was read already")
	default:
		return v.unread(request, err)
	}
}

// receivePieces judges a body while it arrives: one that is too long is refused as soon as that is known. One that nobody
// vouches for is left where it is. Which of them it is the verification itself says: whoever was asked before may have
// had another configuration.
func (v *Verifier) receivePieces(r *http.Request, request *Request) (*Caller, time.Duration, error) {
	var spent time.Duration
	timed := func(work func() error) error {
		start := time.Now()
		err := work()
		spent += time.Since(start)
		return err
	}
	var verification *BodyVerification
	err := timed(func() (err error) {
		verification, err = v.Begin(request)
		if err == nil && r.ContentLength > 0 {
			err = verification.DeclareLength(uint64(r.ContentLength))
		}
		return err
	})
	defer verification.Close()
	if err != nil {
		return nil, spent, err
	}
	var caller *Caller
	finish := func() (err error) {
		caller, err = verification.Finish()
		return err
	}
	if !verification.NeedsBody() {
		err = timed(finish)
		return caller, spent, err
	}
	var body []byte
	for {
		body = slices.Grow(body, onePiece/2)
		length, err := r.Body.Read(body[len(body):cap(body)])
		piece := body[len(body) : len(body)+length]
		body = body[:len(body)+length]
		if refusal := timed(func() error { return verification.Update(piece) }); refusal != nil {
			restore(r, body, false)
			return nil, spent, refusal
		}
		if err == nil {
			continue
		}
		if !errors.Is(err, io.EOF) {
			restore(r, body, false)
			return v.unread(request, err)
		}
		restore(r, body, true)
		if len(body) == 0 && r.ContentLength > 0 {
			return nil, spent, notAsReceived("was read already")
		}
		err = timed(finish)
		return caller, spent, err
	}
}

// unread gives the error of a body that could not be read. An http.MaxBytesReader in front of us answers nothing by
// itself; its limit gets the answer that our own has.
func (v *Verifier) unread(request *Request, err error) (*Caller, time.Duration, error) {
	var tooLong *http.MaxBytesError
	if errors.Is(err, http.ErrBodyReadAfterClose) {
		return nil, 0, notAsReceived("was closed already")
	}
	if !errors.As(err, &tooLong) {
		return nil, 0, &BodyError{Err: err}
	}
	start := time.Now()
	verification, refusal := v.Begin(request)
	if refusal == nil {
		defer verification.Close()
		refusal = verification.DeclareLength(math.MaxUint64)
	}
	return nil, time.Since(start), refusal
}

func notAsReceived(what string) error {
	return &Failure{
		Code:    ErrInvalidArgument,
		Message: fmt.Sprintf("the body of this request %s: verify requests before anything reads or changes their bodies", what),
	}
}

// requestOf gives the raw parts of a request without its body. RequestURI is the target as it was sent; the URL was
// parsed, so it may have lost its spelling.
func requestOf(r *http.Request) *Request {
	return &Request{Method: r.Method, Target: r.RequestURI, Authority: r.Host, Header: r.Header, Client: peerOf(r)}
}

// peerOf gives the address of the connection.
func peerOf(r *http.Request) netip.Addr {
	address, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return address.Addr()
}

// gather reads a whole body of at most so many bytes, and puts it back. False when it is longer.
func gather(r *http.Request, limit int64) ([]byte, bool, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, true, nil
	}
	if r.ContentLength > limit {
		return nil, false, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	complete := err == nil && int64(len(body)) <= limit
	restore(r, body, complete)
	return body, complete, err
}

// A restoredBody gives bytes that were read once more, and then what was not read.
type restoredBody struct {
	io.Reader
	io.Closer
}

// restore puts back what was taken. Of a body that was read to its end nothing follows.
func restore(r *http.Request, taken []byte, complete bool) {
	reader := io.Reader(bytes.NewReader(taken))
	if !complete {
		reader = io.MultiReader(reader, r.Body)
	}
	r.Body = restoredBody{reader, r.Body}
}
