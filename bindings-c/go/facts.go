package wiresign

/*
#include "native.h"

static int32_t wiresign_go_facts(uintptr_t verifier, uint32_t facts, wiresign_bytes **block, wiresign_error **error)
{
    return wiresign_verifier_facts((const wiresign_verifier *)verifier, facts, block, error);
}
*/
import "C"

import (
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"
)

// facts are what many accepted requests have in common. The library gives them a number, and they are read once.
type facts struct {
	service, keyID, scheme, route string
	covered, schemes              []string
	isPublic                      bool
	keyIsRetiring                 bool
	requestIDIsSigned             bool
}

// nothing are the facts of the zero value of an Identity.
var nothing = &facts{}

// A factsTable holds the facts of one verifier by their numbers, which mean the same for as long as it lives.
type factsTable struct {
	known atomic.Pointer[[]*facts]
	write sync.Mutex
}

// of gives the facts of a number that an outcome of the verifier has given.
func (t *factsTable) of(verifier C.uintptr_t, number C.uint32_t) (*facts, error) {
	if known := t.known.Load(); known != nil && int(number) < len(*known) && (*known)[number] != nil {
		return (*known)[number], nil
	}
	return t.learn(verifier, number)
}

func (t *factsTable) learn(verifier C.uintptr_t, number C.uint32_t) (*facts, error) {
	var block *C.wiresign_bytes
	var failure *C.wiresign_error
	if status := C.wiresign_go_facts(verifier, number, &block, &failure); status != C.WIRESIGN_OK {
		return nil, taken(status, failure)
	}
	learned := factsOf(bytesOf(block))
	t.write.Lock()
	defer t.write.Unlock()
	var known []*facts
	if before := t.known.Load(); before != nil {
		known = *before
	}
	grown := make([]*facts, max(len(known), int(number)+1))
	copy(grown, known)
	grown[number] = learned
	t.known.Store(&grown)
	return learned, nil
}

// factsOf reads a wiresign_facts and its texts.
func factsOf(block []byte) *facts {
	head := (*C.wiresign_facts)(unsafe.Pointer(unsafe.SliceData(block)))
	rest := string(block[unsafe.Sizeof(*head):])
	var texts [C.WIRESIGN_FACTS_TEXTS]string
	for at, length := range head.lengths {
		if length != C.WIRESIGN_ABSENT {
			texts[at], rest = rest[:length], rest[length:]
		}
	}
	return &facts{
		service:           texts[0],
		keyID:             texts[1],
		scheme:            texts[2],
		route:             texts[3],
		covered:           listed(texts[4]),
		schemes:           listed(texts[5]),
		isPublic:          head.flags&C.WIRESIGN_FACTS_PUBLIC != 0,
		keyIsRetiring:     head.flags&C.WIRESIGN_FACTS_RETIRING != 0,
		requestIDIsSigned: head.flags&C.WIRESIGN_FACTS_REQUEST_ID_SIGNED != 0,
	}
}

// listed cuts a list with commas.
func listed(texts string) []string {
	if texts == "" {
		return []string{}
	}
	return strings.Split(texts, ",")
}
