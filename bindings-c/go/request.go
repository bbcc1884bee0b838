package wiresign

// #include "native.h"
import "C"

import (
	"net/http"
	"net/netip"
	"strings"
	"time"
	"unsafe"
)

// A Request is a request in raw parts, as it was on the wire: to be verified, or to be signed.
type Request struct {
	// Method is the method, such as "POST".
	Method string
	// Target is path and query exactly as in the request line: http.Request.RequestURI of a received request.
	Target string
	// Authority is the Host or :authority that the request was sent to; empty when it is not known.
	Authority string
	// Header holds the header fields as net/http has them: canonical names, repeats kept.
	Header http.Header
	// Fields holds the header fields in the order received, names in any spelling. Where it is not nil, Header is not
	// looked at.
	Fields []Field
	// Body is the whole body. The streaming calls do not look at it.
	Body []byte
	// Client is the address of the caller, of a received request; the zero value when it is not known.
	Client netip.Addr
	// Now is the time to judge by or to sign with; the clock unless set. It is for tests and for the replay of logs.
	Now time.Time
	// Nonce becomes X-Request-ID of a signed request; a fresh UUID where it is nil. Verification does not look at it.
	Nonce *string
}

// A Field is one header field.
type Field struct {
	Name, Value string
}

// requestIDField is X-Request-ID as net/http spells it.
const requestIDField = "X-Request-Id"

// Space on the stack that the fields of usual requests fit into.
const (
	usualFields     = 16
	usualFieldBytes = 512
)

// What a request may have of fields. More of them are passed as they are, to be judged by the library.
const (
	mostFields     = 256
	mostFieldBytes = 65536
)

// A fieldFilter tells the header fields that a configuration reads from the others: of most requests, a few among many.
type fieldFilter struct {
	// Where among the names the first one of a key stands; 0 where there is none, as for most fields of a request.
	first [256]uint8
	// The first one stands for nothing.
	names []filteredName
	// Whether Host is one of the names.
	readsHost bool
	// Whether all fields are read, or the names do not fit; then all are passed.
	takesAll bool
}

type filteredName struct {
	text string
	// The same, if it is no longer, in a size that the compiler copies without a call.
	padded [paddedBytes]byte
	// Another name of the same key; 0 where there is none.
	next        uint8
	isRequestID bool
}

const (
	shortestFiltered = 3
	mostFiltered     = 255
	paddedBytes      = 32
)

// newFieldFilter takes the names as net/http spells them.
func newFieldFilter(names []string) *fieldFilter {
	filter := &fieldFilter{names: make([]filteredName, 1, 1+len(names)), takesAll: len(names) > mostFiltered}
	for _, name := range names {
		if filter.takesAll || len(name) < shortestFiltered {
			return &fieldFilter{takesAll: true}
		}
		key := filteredKey(name)
		added := filteredName{text: name, next: filter.first[key], isRequestID: name == requestIDField}
		copy(added.padded[:], name)
		filter.first[key] = uint8(len(filter.names))
		filter.names = append(filter.names, added)
		filter.readsHost = filter.readsHost || name == "Host"
	}
	return filter
}

// filteredKey mixes what tells most names apart.
func filteredKey(name string) uint8 {
	return uint8(len(name)) ^ name[2]<<3 ^ name[len(name)-2]<<1
}

// find gives the name, if it is one of those; else nil.
func (f *fieldFilter) find(name string) *filteredName {
	if len(name) < shortestFiltered {
		return nil
	}
	if first := f.first[filteredKey(name)]; first != 0 {
		return f.among(first, name)
	}
	return nil
}

func (f *fieldFilter) among(at uint8, name string) *filteredName {
	for ; at != 0; at = f.names[at].next {
		if f.names[at].text == name {
			return &f.names[at]
		}
	}
	return nil
}

// append does what appendField does, for this name.
func (n *filteredName) append(block []byte, lengths []C.uint32_t, value string) ([]byte, []C.uint32_t) {
	start := len(block)
	behind := start + len(n.text)
	if len(n.text) > paddedBytes || max(start+paddedBytes, behind+len(value)) > cap(block) {
		return appendField(block, lengths, n.text, value)
	}
	block = block[:max(start+paddedBytes, behind+len(value))]
	*(*[paddedBytes]byte)(block[start:]) = n.padded
	copy(block[behind:], value)
	return block[:behind+len(value)], append(lengths, C.uint32_t(len(n.text)), C.uint32_t(len(value)))
}

// appendFields appends the header fields as the library takes lists of pairs: all bytes one behind the other, and the
// length of each name and value. Of a header, only the fields that the configuration reads go along; nil means all. The
// text is a value of X-Request-ID, if it was seen.
func (r *Request) appendFields(block []byte, lengths []C.uint32_t, read *fieldFilter) ([]byte, []C.uint32_t, string) {
	if r.Fields != nil {
		for at := range r.Fields {
			block, lengths = appendField(block, lengths, r.Fields[at].Name, r.Fields[at].Value)
		}
		return block, lengths, ""
	}
	if read != nil && !read.takesAll {
		if block, lengths, requestID, isWithin := r.appendRead(block, lengths, read); isWithin {
			return block, lengths, requestID
		}
	}
	for name, values := range r.Header {
		for _, value := range values {
			block, lengths = appendField(block, lengths, name, value)
		}
	}
	if r.lacksHost() {
		block, lengths = appendField(block, lengths, "Host", r.Authority)
	}
	return block, lengths, ""
}

// appendRead appends those fields of the header that are read. All of them are counted, since whether they are too many is
// for the library to say, which has to see them then.
func (r *Request) appendRead(block []byte, lengths []C.uint32_t, read *fieldFilter) ([]byte, []C.uint32_t, string, bool) {
	fields, bytes, requestID := 0, 0, ""
	for name, values := range r.Header {
		fields += len(values)
		known := read.find(name)
		for _, value := range values {
			bytes += len(name) + len(value)
			if known != nil {
				block, lengths = known.append(block, lengths, value)
				if known.isRequestID {
					requestID = value
				}
			}
		}
	}
	if r.Authority != "" && (read.readsHost || fields == mostFields || bytes+len(r.Authority) > mostFieldBytes/2) && r.lacksHost() {
		fields, bytes = fields+1, bytes+len("Host")+len(r.Authority)
		if read.readsHost {
			block, lengths = appendField(block, lengths, "Host", r.Authority)
		}
	}
	return block, lengths, requestID, fields <= mostFields && bytes <= mostFieldBytes
}

// lacksHost is true where net/http has taken this field out of the others.
func (r *Request) lacksHost() bool {
	return r.Authority != "" && len(r.Header["Host"]) == 0
}

func appendField(block []byte, lengths []C.uint32_t, name, value string) ([]byte, []C.uint32_t) {
	// One look at the room for both texts, which is nearly always there.
	if end := len(block) + len(name) + len(value); end <= cap(block) {
		place := block[len(block):end]
		copy(place[copy(place, name):], value)
		block = block[:end]
	} else {
		block = append(append(block, name...), value...)
	}
	return block, append(lengths, C.uint32_t(len(name)), C.uint32_t(len(value)))
}

// now gives the time as the library takes it.
func (r *Request) now() C.uint64_t {
	return unix(r.Now)
}

func unix(now time.Time) C.uint64_t {
	if now.IsZero() {
		return C.WIRESIGN_NOW
	}
	return C.uint64_t(now.Unix())
}

func (r *Request) nonce() string {
	if r.Nonce == nil {
		return ""
	}
	return *r.Nonce
}

// addressBytes is the longest address.
const addressBytes = 16

// client writes the address in network byte order, and gives how many bytes it has.
func (r *Request) client(space *[addressBytes]byte) C.size_t {
	address := r.Client.Unmap()
	switch {
	case address.Is4():
		four := address.As4()
		return C.size_t(copy(space[:], four[:]))
	case address.Is6():
		*space = address.As16()
		return addressBytes
	default:
		return 0
	}
}

// requestID gives a text of the library that stands in a field of the request already as that field's string.
func (r *Request) requestID(text string) string {
	if text == "" {
		return ""
	}
	for _, value := range r.Header[requestIDField] {
		if value == text {
			return value
		}
	}
	for at := range r.Fields {
		if r.Fields[at].Value == text {
			return r.Fields[at].Value
		}
	}
	return strings.Clone(text)
}

func numbers(lengths []C.uint32_t) *C.uint32_t {
	return (*C.uint32_t)(unsafe.SliceData(lengths))
}
