package wiresign

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestASignatureIsTheSameForTheSameRequest(t *testing.T) {
	signer := signerOf(t, "billing")
	nonce := "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11"
	request := &Request{Method: "POST", Target: "/a?b=c", Body: []byte("{}"), Now: time.Unix(1767225600, 0), Nonce: &nonce}
	first, second := must(signer.Sign(request)), must(signer.AppendFields([]Field{{"A", "b"}}, request))
	if len(first) != 5 || len(second) != 6 || second[0] != (Field{"A", "b"}) {
		t.Fatal(first, second)
	}
	for at := range first {
		if first[at] != second[at+1] {
			t.Error(first[at], second[at+1])
		}
	}
	message := string(must(signer.Message(request)))
	if !strings.HasPrefix(message, "wiresign-v2\nPOST\n/a\nb=c\n1767225600\nbilling\norders\n"+nonce+"\n{}") {
		t.Errorf("%q", message)
	}
}

func TestEachSignatureHasANonceOfItsOwn(t *testing.T) {
	signer := signerOf(t, "billing")
	request := &Request{Method: "GET", Target: "/"}
	if first, second := must(signer.Sign(request)), must(signer.Sign(request)); first[4] == second[4] {
		t.Error(first, second)
	}
}

func TestWhatCannotBeSignedIsAnError(t *testing.T) {
	var signing *SigningError
	if _, err := NewSigner(configOfService(t, "billing")); !errors.As(err, &signing) || !errors.Is(err, ErrSigningFailed) {
		t.Error(err)
	}
	if _, err := NewSigner(configOfService(t, "billing"), WithTarget("")); !errors.As(err, &signing) {
		t.Error(err)
	}
	empty := ""
	for _, request := range []*Request{
		{Method: "GET", Target: "/", Nonce: &empty},
		{Method: "GET", Target: "no slash"},
		{Method: "get it", Target: "/"},
	} {
		if _, err := signerOf(t, "billing").Sign(request); !errors.As(err, &signing) {
			t.Error(request.Target, err)
		}
	}
}
