//go:build !race && !wiresigndebug

package wiresign

import "testing"

// An accepted request takes no memory of Go: the arguments and the result are on the stack, and the names of callers are
// kept strings. Replays are not looked for here, so that one request can be verified again and again.
func TestVerifyIntoAllocatesNothing(t *testing.T) {
	request := signedRequest(t, "POST", "/invoices?draft=1", "{}")
	config := must(ParseConfig(sprintOrders(bodyLimit)[:len(sprintOrders(bodyLimit))-1]+`, "replay": {"store": "none"}}`, secrets))
	verifier := must(NewVerifier(config))
	var identity Identity
	verify := func() {
		if err := verifier.VerifyInto(request, &identity); err != nil {
			t.Fatal(err)
		}
	}
	if allocations := testing.AllocsPerRun(1000, verify); allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}

// Of a signature the caller gets one string for all values.
func TestAppendFieldsAllocatesOneString(t *testing.T) {
	signer := signerOf(t, "billing")
	request := &Request{Method: "POST", Target: "/invoices?draft=1", Body: []byte("{}")}
	var space [8]Field
	sign := func() { must(signer.AppendFields(space[:0], request)) }
	if allocations := testing.AllocsPerRun(1000, sign); allocations > 1 {
		t.Errorf("%v allocations", allocations)
	}
}
