package wiresign

/*
#cgo noescape wiresign_go_read_error
#cgo nocallback wiresign_go_read_error
#include "native.h"

typedef struct wiresign_go_error {
    wiresign_go_text message;
    wiresign_go_text detail;
    wiresign_go_text service;
    wiresign_go_text request_id;
    wiresign_go_text body;
    wiresign_go_text www_authenticate;
    size_t problem_count;
    int32_t code;
    int32_t response_code;
    uint16_t response_status;
} wiresign_go_error;

// All of an error in one crossing.
static void wiresign_go_read_error(const wiresign_error *error, wiresign_go_error *out)
{
    out->code = wiresign_error_code(error);
    out->message = WIRESIGN_GO_TEXT(wiresign_error_message, error);
    out->detail = WIRESIGN_GO_TEXT(wiresign_error_detail, error);
    out->service = WIRESIGN_GO_TEXT(wiresign_error_service, error);
    out->request_id = WIRESIGN_GO_TEXT(wiresign_error_request_id, error);
    out->body = WIRESIGN_GO_TEXT(wiresign_error_response_body, error);
    out->www_authenticate = WIRESIGN_GO_TEXT(wiresign_error_response_www_authenticate, error);
    out->response_status = wiresign_error_response_status(error);
    out->response_code = wiresign_error_response_code(error);
    out->problem_count = wiresign_error_problem_count(error);
}

static wiresign_go_text wiresign_go_problem_pointer(const wiresign_error *error, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_error_problem_pointer, error, index);
}

static wiresign_go_text wiresign_go_problem_message(const wiresign_error *error, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_error_problem_message, error, index);
}
*/
import "C"

import (
	"fmt"
	"strings"
)

// Error gives the sentence of the code. A code is an error itself, for errors.Is.
func (code RefusalCode) Error() string { return "wiresign: " + code.Message() }

// Error gives the sentence of the code. A code is an error itself, for errors.Is.
func (code FailureCode) Error() string { return "wiresign: " + code.Message() }

// ErrReplayed is the short name of ErrReplayedRequest.
const ErrReplayed = ErrReplayedRequest

// A Refusal says why a request is not accepted. Find it with errors.As, and compare it with errors.Is:
//
//	errors.Is(err, wiresign.ErrReplayedRequest)
type Refusal struct {
	// Code is the stable code.
	Code RefusalCode
	// Detail is more, for the operator's log only.
	Detail string
	// Service is the known service that was claimed, not proven; empty where none was.
	Service string
	// RequestID is the request id, where it has the form of one, not verified; else empty.
	RequestID string
	// Response is the answer to send.
	Response RefusalResponse
}

// A RefusalResponse is what every language answers with, byte for byte, as application/json. It honours "reveal" of
// the configuration.
type RefusalResponse struct {
	// Status is the HTTP status.
	Status int
	// Code is the code that is shown, which "reveal" may have made uniform.
	Code RefusalCode
	// WWWAuthenticate is the header of that name, with status 401; else empty.
	WWWAuthenticate string
	// Body is the JSON text: error, code, requestId.
	Body string
}

// Status is the HTTP status of the code. What to answer with is Response.Status.
func (r *Refusal) Status() int { return r.Code.Status() }

// Message is one sentence that is safe to show to whoever sent the request.
func (r *Refusal) Message() string { return r.Code.Message() }

// Error names the code and its sentence. It is safe to show; Detail is not part of it.
func (r *Refusal) Error() string { return "wiresign: " + r.Code.String() + ": " + r.Message() }

// Unwrap gives the code, so that errors.Is finds it.
func (r *Refusal) Unwrap() error { return r.Code }

// A Failure says that the library was used or set up in a wrong way: never a verdict on a request. Whoever gets one
// instead of a verdict has to answer 500.
type Failure struct {
	// Code is the stable code.
	Code FailureCode
	// Message says what is wrong, for the programmer or the operator.
	Message string
}

func (f *Failure) Error() string { return "wiresign: " + f.Code.String() + ": " + f.Message }

// Unwrap gives the code, so that errors.Is finds it.
func (f *Failure) Unwrap() error { return f.Code }

// A Problem is one finding about a configuration.
type Problem struct {
	// Pointer is where it is: an RFC 6901 JSON pointer, or the name of an environment variable.
	Pointer string
	// Message says what to do, without any secret.
	Message string
}

// A ConfigError lists every problem of a configuration that cannot be used.
type ConfigError struct {
	// Problems are in the order of the document.
	Problems []Problem
}

func (e *ConfigError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "wiresign: the configuration has %d problem(s)", len(e.Problems))
	for _, problem := range e.Problems {
		fmt.Fprintf(&text, "\n  %s: %s", problem.Pointer, problem.Message)
	}
	return text.String()
}

// Unwrap gives ErrConfigInvalid, so that errors.Is finds it.
func (e *ConfigError) Unwrap() error { return ErrConfigInvalid }

// A SigningError says why a request cannot be signed.
type SigningError struct {
	// Message says what is missing.
	Message string

	cause error
}

func (e *SigningError) Error() string { return "wiresign: " + e.Message }

// Unwrap gives ErrSigningFailed, so that errors.Is finds it, and what others have failed with, where it is their failure.
func (e *SigningError) Unwrap() []error {
	if e.cause == nil {
		return []error{ErrSigningFailed}
	}
	return []error{ErrSigningFailed, e.cause}
}

// firstFailure is the first number that is no refusal.
const firstFailure = 1000

// taken makes a Go error of a native one, which it frees. The status counts also where there was no memory for more.
func taken(status C.int32_t, native *C.wiresign_error) error {
	if native == nil {
		return &Failure{Code: ErrInternal, Message: fmt.Sprintf("a call failed with status %d and no error", status)}
	}
	defer C.wiresign_error_free(native)
	var read C.wiresign_go_error
	C.wiresign_go_read_error(native, &read)
	if read.code < firstFailure {
		return &Refusal{
			Code:      RefusalCode(read.code),
			Detail:    copied(read.detail),
			Service:   copied(read.service),
			RequestID: copied(read.request_id),
			Response: RefusalResponse{
				Status:          int(read.response_status),
				Code:            RefusalCode(read.response_code),
				WWWAuthenticate: copied(read.www_authenticate),
				Body:            copied(read.body),
			},
		}
	}
	switch code := FailureCode(read.code); code {
	case ErrConfigInvalid:
		problems := make([]Problem, read.problem_count)
		for at := range problems {
			problems[at] = Problem{
				Pointer: copied(C.wiresign_go_problem_pointer(native, C.size_t(at))),
				Message: copied(C.wiresign_go_problem_message(native, C.size_t(at))),
			}
		}
		return &ConfigError{Problems: problems}
	case ErrSigningFailed:
		return &SigningError{Message: copied(read.message)}
	default:
		message := copied(read.message)
		if detail := copied(read.detail); detail != "" {
			message += " " + detail
		}
		return &Failure{Code: code, Message: message}
	}
}

// spent is the error of a call on something that is closed, or was never made.
func spent(what string) error {
	return &Failure{Code: ErrObjectSpent, Message: "the " + what + " is closed, or was never made"}
}
