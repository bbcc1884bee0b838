package wiresign

// #include "native.h"
import "C"

import (
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"
)

// copied gives a text of the library as a string of its own; empty where it is absent.
func copied(text C.wiresign_go_text) string {
	return strings.Clone(borrowed(text))
}

// borrowed gives a text of the library without a copy. It dies with the object that it was read from.
func borrowed(text C.wiresign_go_text) string {
	return unsafe.String((*byte)(unsafe.Pointer(text.data)), int(text.length))
}

// chars and data lend memory of Go to a call. The library keeps none of it.
func chars(text string) *C.char {
	return (*C.char)(unsafe.Pointer(unsafe.StringData(text)))
}

func data(bytes []byte) *C.uint8_t {
	return (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(bytes)))
}

// texts keeps one string for each text that comes again and again: ids of services, keys and schemes, of which a
// configuration has a limited number. So naming a caller takes no memory.
type texts struct {
	known atomic.Pointer[map[string]string]
	write sync.Mutex
}

// mostTexts is far above what configurations hold; behind it the collection begins anew.
const mostTexts = 4096

// of gives the string for a text that may be in borrowed memory.
func (t *texts) of(text string) string {
	if text == "" {
		return ""
	}
	if known := t.known.Load(); known != nil {
		if kept, ok := (*known)[text]; ok {
			return kept
		}
	}
	return t.keep(strings.Clone(text))
}

func (t *texts) keep(text string) string {
	t.write.Lock()
	defer t.write.Unlock()
	grown := map[string]string{text: text}
	if known := t.known.Load(); known != nil && len(*known) < mostTexts {
		for _, other := range *known {
			grown[other] = other
		}
	}
	t.known.Store(&grown)
	return text
}

// written gives a text that the library has written to memory of the caller as a string over the same memory.
func written(first *C.char, length C.uint32_t) string {
	return unsafe.String((*byte)(unsafe.Pointer(first)), int(length))
}
