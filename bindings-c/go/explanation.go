package wiresign

/*
#include "native.h"

static int32_t wiresign_go_explain(const wiresign_verifier *verifier, const char *method, size_t method_length,
                                   const char *target, size_t target_length, const char *authority,
                                   size_t authority_length, const uint8_t *headers, size_t headers_length,
                                   const uint32_t *header_lengths, size_t header_count, const uint8_t *body,
                                   size_t body_length, const uint8_t *client, size_t client_length, uint64_t now,
                                   wiresign_explanation **explanation, wiresign_error **error)
{
    return wiresign_verifier_explain(
        verifier, method, method_length, target, target_length, authority_length == 0 ? NULL : authority,
        authority_length, (const char *)headers, headers_length, header_lengths, header_count, body, body_length,
        client_length == 0 ? NULL : client, client_length, now, explanation, error);
}

static wiresign_go_text wiresign_go_explanation_verdict(const wiresign_explanation *explanation)
{
    return WIRESIGN_GO_TEXT(wiresign_explanation_verdict, explanation);
}

static wiresign_go_text wiresign_go_explanation_text(const wiresign_explanation *explanation)
{
    return WIRESIGN_GO_TEXT(wiresign_explanation_text, explanation);
}

static wiresign_go_text wiresign_go_explanation_json(const wiresign_explanation *explanation)
{
    return WIRESIGN_GO_TEXT(wiresign_explanation_json, explanation);
}

static wiresign_go_text wiresign_go_hint_id(const wiresign_explanation *explanation, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_explanation_hint_id, explanation, index);
}

static wiresign_go_text wiresign_go_hint_cause(const wiresign_explanation *explanation, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_explanation_hint_cause, explanation, index);
}

static wiresign_go_text wiresign_go_hint_fix(const wiresign_explanation *explanation, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_explanation_hint_fix, explanation, index);
}
*/
import "C"

// An Explanation says how a verification went, and what probably went wrong. It is for operators, not for the answer to a
// caller.
type Explanation struct {
	// Verdict is "OK", or the code of the refusal.
	Verdict string
	// Hints are the causes; those that a signature proves come first.
	Hints []Hint
	// JSON is all of it as one JSON object.
	JSON string

	text string
}

// A Hint is one cause that an explanation names.
type Hint struct {
	// ID is the stable name of the cause.
	ID string
	// Cause is a sentence that names the cause.
	Cause string
	// Fix is a sentence that says what to do.
	Fix string
	// IsProved says whether the signature is right once this cause is taken away.
	IsProved bool
}

// String is all of it as text for people, of several lines.
func (e *Explanation) String() string { return e.text }

// Explain says how a request is judged and, where it is refused, what the cause may be. Nothing is remembered or counted. It takes
// up to some thousand times as long as a verification: it is not for every refusal.
func (v *Verifier) Explain(request *Request) (*Explanation, error) {
	if !v.enter() {
		return nil, spent("verifier")
	}
	defer v.leave()
	var addressSpace [addressBytes]byte
	block, lengths, _ := request.appendFields(nil, nil, nil)
	var native *C.wiresign_explanation
	var failure *C.wiresign_error
	status := C.wiresign_go_explain(v.pointer, chars(request.Method), C.size_t(len(request.Method)),
		chars(request.Target), C.size_t(len(request.Target)), chars(request.Authority),
		C.size_t(len(request.Authority)), data(block), C.size_t(len(block)), numbers(lengths),
		C.size_t(len(lengths)/2), data(request.Body), C.size_t(len(request.Body)),
		(*C.uint8_t)(&addressSpace[0]), request.client(&addressSpace), request.now(), &native, &failure)
	if status != C.WIRESIGN_OK {
		return nil, taken(status, failure)
	}
	defer C.wiresign_explanation_free(native)
	explanation := &Explanation{
		Verdict: copied(C.wiresign_go_explanation_verdict(native)),
		Hints:   make([]Hint, C.wiresign_explanation_hint_count(native)),
		JSON:    copied(C.wiresign_go_explanation_json(native)),
		text:    copied(C.wiresign_go_explanation_text(native)),
	}
	for at := range explanation.Hints {
		explanation.Hints[at] = Hint{
			ID:       copied(C.wiresign_go_hint_id(native, C.size_t(at))),
			Cause:    copied(C.wiresign_go_hint_cause(native, C.size_t(at))),
			Fix:      copied(C.wiresign_go_hint_fix(native, C.size_t(at))),
			IsProved: bool(C.wiresign_explanation_hint_is_proved(native, C.size_t(at))),
		}
	}
	return explanation, nil
}
