package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// HTTP message signatures (RFC 9421), with digests of bodies (RFC 9530), in the profile of docs/rfc9421.md.

type messageDocument struct {
	Schema      string                `json:"$schema"`
	Service     string                `json:"service"`
	Environment string                `json:"environment"`
	Accept      []string              `json:"accept"`
	SignWith    string                `json:"sign_with"`
	Services    map[string]tokenEntry `json:"services"`
	Window      windowEntry           `json:"window"`
	Replay      json.RawMessage       `json:"replay"`
	Settings    struct {
		Covered   []string `json:"covered"`
		Tag       *string  `json:"tag"`
		Label     *string  `json:"label"`
		URLScheme string   `json:"url_scheme"`
	} `json:"rfc9421"`
}

// messages is a service that takes message signatures.
type messages struct {
	document     messageDocument
	needed       []component
	needsDigest  bool
	isOurs       bool
	keys         map[string][]boundKey
	past, future int64
}

const ourTag = "wiresign"

func newMessages(text []byte, env map[string]string) (judge, error) {
	own := &messages{keys: map[string][]boundKey{}, past: 300, future: 300}
	own.document.Settings.URLScheme = "https"
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&own.document); err != nil {
		return nil, err
	}
	settings := &own.document.Settings
	if own.document.Service == "" {
		return nil, errUnsupported
	}
	if settings.Covered == nil {
		settings.Covered = []string{"@method", "@authority", "@path", "@query", "content-digest"}
		if settings.Tag == nil {
			tag := ourTag
			settings.Tag = &tag
		}
	}
	own.isOurs = settings.Tag != nil && *settings.Tag == ourTag
	for _, written := range settings.Covered {
		if !strings.HasPrefix(written, `"`) {
			written = `"` + written + `"`
		}
		reader := &structuredReader{rest: written}
		read, err := readComponent(item{reader.bare(), reader.parameters()})
		if err != nil || reader.rest != "" || reader.hasEnded {
			return nil, errUnsupported
		}
		if read.identifier == `"content-digest"` {
			own.needsDigest = true
			continue
		}
		own.needed = append(own.needed, read)
	}
	for name, entry := range own.document.Services {
		read, err := readBoundKeys(entry.Keys, env)
		if err != nil {
			return nil, err
		}
		own.keys[name] = read
	}
	if own.document.Window.Past != nil {
		own.past = *own.document.Window.Past
	}
	if own.document.Window.Future != nil {
		own.future = *own.document.Window.Future
	}
	return own, nil
}

func (m *messages) remembersAccepted() bool { return remembersAccepted(m.document.Replay) }

func (m *messages) verify(step step) (object, error) {
	headers := lowered(step.Request.Headers)
	signed, stated := headers.all("signature"), headers.all("signature-input")
	switch {
	case len(signed)+len(stated) == 0:
		return nil, refused("AUTHENTICATION_REQUIRED")
	case len(signed) == 0:
		return nil, refused("MISSING_SIGNATURE")
	case len(stated) == 0:
		return nil, refused("MALFORMED_SIGNATURE")
	}
	inputs, isInputTwice, isInput := readDictionary(stated)
	signatures, isSignatureTwice, isSignature := readDictionary(signed)
	switch {
	case !isInput || !isSignature:
		return nil, refused("MALFORMED_SIGNATURE")
	case isInputTwice || isSignatureTwice:
		return nil, refused("DUPLICATE_HEADER")
	case len(inputs) > 8 || len(signatures) > 8:
		return nil, refused("MALFORMED_SIGNATURE")
	}
	// Each that is asked for stands for itself; where none holds, the first fault is the answer.
	fault := error(refused("SCHEME_NOT_ACCEPTED"))
	isFirst := true
	for _, input := range inputs {
		if !m.isAskedFor(input) {
			continue
		}
		caller, err := m.judge(step, headers, input, signatures)
		if err == nil && slices.ContainsFunc(signatures, member.isNoSignature) {
			// Each member is a byte sequence (RFC 9421, 4.2).
			return nil, refused("MALFORMED_SIGNATURE")
		}
		if err == nil && slices.ContainsFunc(inputs, func(other member) bool {
			also, err := m.judge(step, headers, other, signatures)
			return m.isAskedFor(other) && err == nil && also["service"] == caller["service"] && m.areToldApart(input, other)
		}) {
			return nil, refused("AMBIGUOUS_CREDENTIALS")
		}
		if err == nil || errors.Is(err, errUnsupported) {
			return caller, err
		}
		if isFirst {
			fault, isFirst = err, false
		}
	}
	return nil, fault
}

// areToldApart is true where a request is another one to who looks for replays by the second signature: the nonces differ, or there
// are none, and a store of the adapter knows the first signature only.
func (m *messages) areToldApart(first, second member) bool {
	one, other := first.find("nonce"), second.find("nonce")
	var replay struct{ Store string }
	_ = json.Unmarshal(m.document.Replay, &replay) // What it may hold beside that says nothing here.
	switch {
	case replay.Store == "none" || first.key == second.key:
		return false
	case one == nil && other == nil:
		return replay.Store == "external"
	default:
		return one == nil || other == nil || *one != *other
	}
}

func (m member) isNoSignature() bool { return m.isList || m.value.kind != someData }

func (m *messages) isAskedFor(input member) bool {
	tag := input.find("tag")
	isTag := m.document.Settings.Tag == nil || tag != nil && *tag == bare{aString, *m.document.Settings.Tag}
	isLabel := m.document.Settings.Label == nil || *m.document.Settings.Label == input.key
	return isTag && isLabel
}

// A statement is what the parameters of a signature say.
type statement struct {
	created, expires      int64
	keyID, algorithm      string
	hasAlgorithm, doesEnd bool
}

func (m *messages) judge(step step, headers fields, input member, signatures []member) (object, error) {
	at := slices.IndexFunc(signatures, func(made member) bool { return made.key == input.key })
	if at < 0 {
		return nil, refused("MISSING_SIGNATURE")
	}
	made := signatures[at]
	stated, err := m.readStatement(input)
	if err != nil {
		return nil, err
	}
	if made.isNoSignature() || made.value.text == "" || len(made.list) > 0 || !input.isList {
		return nil, refused("MALFORMED_SIGNATURE")
	}
	components, err := readComponents(input)
	if err != nil {
		return nil, err
	}
	message, err := m.signatureBase(step.Request, headers, components, input)
	if err != nil {
		return nil, err
	}
	for _, needed := range m.needed {
		if !slices.ContainsFunc(components, func(covered component) bool { return covered.standsFor(needed) }) {
			return nil, refused("INSUFFICIENT_COVERAGE")
		}
	}
	if len(components) == 0 {
		return nil, refused("INSUFFICIENT_COVERAGE")
	}
	// The form and the reach of a digest are seen before the signature; the body is compared behind it.
	inBody := m.checkBody(string(step.Request.Body), headers, components)
	if inBody != nil && !errors.Is(inBody, refused("DIGEST_MISMATCH")) {
		return nil, inBody
	}
	age := step.Now - stated.created
	if age > m.past || -age > m.future || stated.doesEnd && step.Now >= stated.expires {
		return nil, refused("TIMESTAMP_OUTSIDE_WINDOW")
	}
	owner, held, err := m.keyOf(stated.keyID)
	if err != nil {
		return nil, err
	}
	algorithm := held.algorithm
	if algorithm == "" {
		algorithm = "hmac-sha256"
	}
	switch {
	case stated.hasAlgorithm && stated.algorithm != algorithm:
		return nil, refused("ALGORITHM_NOT_ALLOWED")
	case !held.holds(algorithm, message, []byte(made.value.text)):
		return nil, refused("INVALID_SIGNATURE")
	case !held.isValid(step.Now):
		return nil, refused("KEY_NOT_VALID_NOW")
	case inBody != nil:
		return nil, inBody
	}
	// Nothing says which authority is ours, so what a service sends could be sent back to it with the host that it was for.
	isAllowed := owner != m.document.Service
	if allowed := m.document.Services[owner].AllowedTargets; allowed != nil {
		isAllowed = slices.Contains(*allowed, m.document.Service)
	}
	if !isAllowed {
		return nil, refused("TARGET_NOT_ALLOWED")
	}
	return object{"service": owner, "key": held.id, "scheme": "rfc9421", "age": age}, nil
}

// readStatement reads the parameters that RFC 9421 (2.3) defines; others are signed and mean nothing.
func (m *messages) readStatement(input member) (statement, error) {
	kinds := map[string]kind{
		"created": aNumber, "expires": aNumber, "keyid": aString, "alg": aString, "nonce": aString, "tag": aString,
	}
	texts := map[string]string{}
	isGood := !input.isRepeated && len(input.list) <= 16
	for _, known := range input.list {
		if kind, isDefined := kinds[known.name]; isDefined {
			isGood = isGood && known.value.kind == kind
			texts[known.name] = known.value.text
		}
	}
	for _, name := range []string{"keyid", "alg", "nonce", "tag"} {
		text, isThere := texts[name]
		isGood = isGood && (!isThere || text != "" && !strings.ContainsAny(text, `"\`))
	}
	created, isDated := texts["created"]
	expires, doesEnd := texts["expires"]
	keyID, isKeyed := texts["keyid"]
	nonce, isNamed := texts["nonce"]
	algorithm, hasAlgorithm := texts["alg"]
	switch {
	case !isDated:
		return statement{}, refused("MISSING_TIMESTAMP")
	case !isKeyed:
		return statement{}, refused("MISSING_SERVICE_ID")
	case !isNamed && m.isOurs:
		return statement{}, refused("MISSING_NONCE")
	case !isGood:
		return statement{}, refused("MALFORMED_SIGNATURE")
	case !times.MatchString(created) || doesEnd && !times.MatchString(expires):
		return statement{}, refused("INVALID_TIMESTAMP")
	case m.isOurs && !nonces.MatchString(nonce):
		return statement{}, refused("INVALID_NONCE")
	}
	read := statement{keyID: keyID, algorithm: algorithm, hasAlgorithm: hasAlgorithm, doesEnd: doesEnd, expires: math.MaxInt64}
	var err error
	if read.created, err = strconv.ParseInt(created, 10, 64); err == nil && doesEnd {
		read.expires, err = strconv.ParseInt(expires, 10, 64)
	}
	return read, err
}

// keyOf finds a key by `SERVICE/KEY`, or, where the signatures are not of our profile, by the id of the key alone.
func (m *messages) keyOf(keyID string) (string, boundKey, error) {
	owner, id, isBoth := strings.Cut(keyID, "/")
	named := func(id string) func(boundKey) bool { return func(held boundKey) bool { return held.id == id } }
	keys, isKnown := m.keys[owner]
	if at := slices.IndexFunc(keys, named(id)); isBoth && at >= 0 {
		return owner, keys[at], nil
	}
	if m.isOurs {
		if !isKnown || len(keys) == 0 || !isBoth {
			return "", boundKey{}, refused("UNKNOWN_SERVICE")
		}
		return "", boundKey{}, refused("UNKNOWN_KEY")
	}
	var owners []string
	for name, keys := range m.keys {
		if slices.ContainsFunc(keys, named(keyID)) {
			owners = append(owners, name)
		}
	}
	switch len(owners) {
	case 0:
		return "", boundKey{}, refused("UNKNOWN_KEY")
	case 1:
		keys := m.keys[owners[0]]
		return owners[0], keys[slices.IndexFunc(keys, named(keyID))], nil
	default:
		return "", boundKey{}, errUnsupported
	}
}

// signatureBase is what is signed (RFC 9421, 2.5).
func (m *messages) signatureBase(sent request, headers fields, components []component, input member) (string, error) {
	var lines []string
	for _, covered := range components {
		value, err := m.valueOf(covered, sent, headers)
		if err != nil {
			return "", err
		}
		if !plainText.MatchString(value) {
			return "", refused("MALFORMED_REQUEST")
		}
		lines = append(lines, covered.identifier+": "+value)
	}
	return strings.Join(append(lines, `"@signature-params": `+input.String()), "\n"), nil
}

// Neither a line end, which would end the line of the component, nor bytes that are no text of HTTP.
var plainText = regexp.MustCompile(`\A[\t -~]*\z`)

// checkBody compares the body with its digests that are signed (RFC 9530, 2).
func (m *messages) checkBody(body string, headers fields, components []component) error {
	sum256, sum512 := sha256.Sum256([]byte(body)), sha512.Sum512([]byte(body))
	known := map[string]string{"sha-256": string(sum256[:]), "sha-512": string(sum512[:])}
	isSigned := func(algorithm string) bool {
		return slices.ContainsFunc(components, func(covered component) bool {
			key := covered.find("key")
			return covered.name == "content-digest" && (key == nil || key.text == algorithm)
		})
	}
	isCovered := false
	if isSigned("sha-256") || isSigned("sha-512") {
		digests, isRepeated, isGood := readDictionary(headers.all("content-digest"))
		if !isGood || isRepeated {
			return refused("MALFORMED_SIGNATURE")
		}
		for _, digest := range digests {
			sum, isKnown := known[digest.key]
			switch {
			case !isKnown:
			case digest.isList || digest.value.kind != someData || len(digest.value.text) != len(sum):
				return refused("MALFORMED_SIGNATURE")
			case isSigned(digest.key):
				isCovered = true
				if digest.value.text != sum {
					return refused("DIGEST_MISMATCH")
				}
			}
		}
	}
	if m.needsDigest && body != "" && !isCovered {
		return refused("INSUFFICIENT_COVERAGE")
	}
	return nil
}
