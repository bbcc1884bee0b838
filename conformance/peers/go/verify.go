package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A format is how a sender's scheme looks.
type format struct {
	signature, time, prefix string
	isList                  bool
}

var formats = map[string]format{
	"github":            {signature: "x-hub-signature-256", prefix: "sha256="},
	"whatsapp":          {signature: "x-hub-signature-256", prefix: "sha256="},
	"hub-signature-256": {signature: "x-hub-signature-256", prefix: "sha256="},
	"stripe":            {signature: "stripe-signature", isList: true},
	"slack":             {signature: "x-slack-signature", time: "x-slack-request-timestamp", prefix: "v0="},
	"standard-webhooks": {signature: "webhook-signature", time: "webhook-timestamp", isList: true},
	"memo":              {signature: "x-memo-signature", time: "x-memo-timestamp"},
	"timestamped-body":  {signature: "x-webhook-signature", time: "x-webhook-timestamp"},
}

// \z, because $ may also stand before a line end.
var (
	methods    = regexp.MustCompile(`\A[A-Z0-9_-]{1,32}\z`)
	times      = regexp.MustCompile(`\A(0|[1-9][0-9]{0,11})\z`)
	digits     = regexp.MustCompile(`\A[0-9a-f]{64}\z`)
	nonces     = regexp.MustCompile(`\A[A-Za-z0-9_-]{16,64}\z`)
	messageIDs = regexp.MustCompile(`\A[!-+\-/-~]{1,128}\z`)
)

func isOfServices(scheme string) bool {
	return scheme == "service-hmac-v2" || scheme == "service-hmac" || scheme == "cross-service"
}

type fields [][2]string

func lowered(headers [][2]wire) fields {
	found := make(fields, 0, len(headers))
	for _, header := range headers {
		name := []byte(header[0])
		for at, letter := range name {
			if 'A' <= letter && letter <= 'Z' {
				name[at] = letter + 'a' - 'A'
			}
		}
		found = append(found, [2]string{string(name), string(header[1])})
	}
	return found
}

func (f fields) all(name string) []string {
	var values []string
	for _, field := range f {
		if field[0] == name {
			values = append(values, field[1])
		}
	}
	return values
}

// first is the first value of a header, or nil.
func (f fields) first(name string) *string {
	if values := f.all(name); len(values) > 0 {
		return &values[0]
	}
	return nil
}

// one is the value of a header; it may hold a comma only where the format has a use for it.
func (f fields) one(name string, joined func(string) string) (string, bool, error) {
	values := f.all(name)
	if len(values) > 1 || len(values) == 1 && strings.Contains(values[0], joined(values[0])) {
		return "", false, refused("DUPLICATE_HEADER")
	}
	if len(values) == 0 {
		return "", false, nil
	}
	return values[0], true, nil
}

func comma(string) string { return "," }

func checkBounds(method, target string, headers fields) error {
	size := 0
	for _, field := range headers {
		size += len(field[0]) + len(field[1])
	}
	isGood := methods.MatchString(method) && len(target) <= 8192 && len(headers) <= 256 && size <= 65536
	isGood = isGood && (strings.HasPrefix(target, "/") || target == "*" && method == "OPTIONS")
	for at := range len(target) {
		isGood = isGood && target[at] > ' ' && target[at] < 0x7f && target[at] != '#'
	}
	if !isGood {
		return refused("MALFORMED_REQUEST")
	}
	return nil
}

func (s *service) verify(step step) (object, error) {
	headers := lowered(step.Request.Headers)
	if isOfServices(s.scheme) {
		return s.verifyService(step, headers)
	}
	return s.verifySender(step, headers)
}

func (s *service) verifyService(step step, headers fields) (object, error) {
	isSecond, isCross := s.scheme == "service-hmac-v2", s.scheme == "cross-service"
	named, foreign := "x-service-id", "x-service-name"
	if isCross {
		named, foreign = foreign, named
	}
	read := []string{named, "x-signature", "x-timestamp", "x-request-id"}
	if isSecond {
		read = append(read, "x-target-service")
	}
	values, isThere := map[string]string{}, map[string]bool{}
	for _, name := range read {
		joined := comma
		if name == "x-signature" {
			joined = func(value string) string {
				if strings.HasPrefix(value, "v2=") {
					return ", "
				}
				return ","
			}
		}
		var err error
		if values[name], isThere[name], err = headers.one(name, joined); err != nil {
			return nil, err
		}
	}
	signature := values["x-signature"]
	switch {
	case !isThere[named] && !isThere["x-signature"]:
		return nil, refused("AUTHENTICATION_REQUIRED")
	case !isThere[named] && len(headers.all(foreign)) > 0:
		return nil, refused("SCHEME_NOT_ACCEPTED")
	case !isThere[named]:
		return nil, refused("MISSING_SERVICE_ID")
	case !isThere["x-signature"]:
		return nil, refused("MISSING_SIGNATURE")
	case !isCross && strings.HasPrefix(signature, "v2=") != isSecond:
		return nil, refused("SCHEME_NOT_ACCEPTED")
	case !isThere["x-timestamp"]:
		return nil, refused("MISSING_TIMESTAMP")
	case isSecond && !isThere["x-request-id"]:
		return nil, refused("MISSING_NONCE")
	case isSecond && !isThere["x-target-service"]:
		return nil, refused("MISSING_TARGET")
	}
	caller, timestamp := values[named], values["x-timestamp"]
	nonce, called := values["x-request-id"], values["x-target-service"]
	seconds, err := readTime(timestamp)
	if err != nil {
		return nil, err
	}
	texts := []string{signature}
	if isSecond {
		texts = strings.Split(signature, ",")
	}
	var tags [][]byte
	for _, text := range texts {
		if isSecond {
			text = prefixed(text, "v2=")
		}
		tag := readHex(text)
		if tag == nil || len(texts) > 8 {
			return nil, refused("MALFORMED_SIGNATURE")
		}
		tags = append(tags, tag)
	}
	if isSecond && !nonces.MatchString(nonce) {
		return nil, refused("INVALID_NONCE")
	}
	age, err := s.checkWindow(step.Now, seconds)
	if err != nil {
		return nil, err
	}
	message := s.serviceMessage(s.scheme, step.Request, timestamp, caller, called, nonce)
	if len(s.keys[caller]) == 0 || s.registry[caller].Keys == nil {
		return nil, refused("UNKNOWN_SERVICE")
	}
	matched, err := s.matching(caller, step.Now, message, tags)
	if err != nil {
		return nil, err
	}
	isAllowed := isSecond || caller != s.id
	if allowed := s.registry[caller].AllowedTargets; allowed != nil {
		isAllowed = slices.Contains(*allowed, s.id)
	}
	if isSecond && called != s.id || !isAllowed {
		return nil, refused("TARGET_NOT_ALLOWED")
	}
	return object{"service": caller, "key": matched, "scheme": s.scheme, "age": age}, nil
}

func (s *service) serviceMessage(scheme string, sent request, timestamp, caller, called, nonce string) string {
	path, query, _ := strings.Cut(string(sent.Target), "?")
	method, body := string(sent.Method), string(sent.Body)
	parts := []string{method, path, timestamp, body}
	switch scheme {
	case "service-hmac-v2":
		parts = []string{"wiresign-v2", method, path, query, timestamp, caller, called, nonce, body}
	case "service-hmac":
		parts = append(parts, caller)
	}
	return strings.Join(parts, "\n")
}

func (s *service) verifySender(step step, headers fields) (object, error) {
	form := formats[s.scheme]
	if len(headers.all(form.signature)) == 0 {
		return nil, refused("AUTHENTICATION_REQUIRED")
	}
	joined := comma
	if form.isList {
		joined = func(string) string { return ", " }
	}
	signature, _, err := headers.one(form.signature, joined)
	if err != nil {
		return nil, err
	}
	timestamp, isDated := "", false
	// A header may be sent without a name, and is none that a format without a time header has.
	if form.time != "" {
		if timestamp, isDated, err = headers.one(form.time, comma); err != nil {
			return nil, err
		}
	}
	messageID, isNamed, err := headers.one("webhook-id", comma)
	isStandard := s.scheme == "standard-webhooks"
	if err != nil && isStandard {
		return nil, err
	}
	texts := []string{signature}
	if form.isList {
		separator, assign, once := " ", ",", ""
		if s.scheme == "stripe" {
			separator, assign, once = ",", "=", "t"
		}
		items, err := readList(signature, separator, assign, once)
		if err != nil {
			return nil, err
		}
		texts = nil
		for _, item := range items {
			switch {
			case item[0] == "v1":
				texts = append(texts, item[1])
			case item[0] == once && once != "":
				timestamp, isDated = item[1], true
			}
		}
	}
	isTimed := s.scheme == "stripe" || form.time != ""
	switch {
	case len(texts) > 8:
		return nil, refused("MALFORMED_SIGNATURE")
	case isTimed && !isDated:
		return nil, refused("MISSING_TIMESTAMP")
	case isStandard && !isNamed:
		return nil, refused("MISSING_NONCE")
	}
	var seconds int64
	if isTimed {
		if seconds, err = readTime(timestamp); err != nil {
			return nil, err
		}
	}
	var tags [][]byte
	for _, text := range texts {
		if tag := s.readTag(text); tag != nil {
			tags = append(tags, tag)
		}
	}
	if len(tags) == 0 {
		return nil, refused("MALFORMED_SIGNATURE")
	}
	// A full stop ends the id in the message.
	if isStandard && (!messageIDs.MatchString(messageID) || strings.Contains(messageID, ".")) {
		return nil, refused("INVALID_NONCE")
	}
	caller := object{"service": s.accept, "scheme": s.scheme, "age": nil}
	if isTimed {
		if caller["age"], err = s.checkWindow(step.Now, seconds); err != nil {
			return nil, err
		}
	}
	message := senderMessage(s.scheme, timestamp, messageID, string(step.Request.Body))
	caller["key"], err = s.matching(s.accept, step.Now, message, tags)
	return caller, err
}

func (s *service) readTag(text string) []byte {
	switch s.scheme {
	case "standard-webhooks":
		tag, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || len(tag) != sha256.Size || base64.StdEncoding.EncodeToString(tag) != text {
			return nil
		}
		return tag
	case "memo", "timestamped-body":
		return readHex(strings.TrimPrefix(text, "sha256="))
	default:
		return readHex(prefixed(text, formats[s.scheme].prefix))
	}
}

func (s *service) checkWindow(now, seconds int64) (int64, error) {
	if now-seconds > s.past || seconds-now > s.future {
		return 0, refused("TIMESTAMP_OUTSIDE_WINDOW")
	}
	return now - seconds, nil
}

func (s *service) matching(owner string, now int64, message string, tags [][]byte) (string, error) {
	code := refused("INVALID_SIGNATURE")
	for _, key := range s.keys[owner] {
		expected := key.tag(message)
		if !slices.ContainsFunc(tags, func(tag []byte) bool { return hmac.Equal(expected, tag) }) {
			continue
		}
		if key.isValid(now) {
			return key.id, nil
		}
		code = "KEY_NOT_VALID_NOW"
	}
	return "", code
}

func (k key) tag(message string) []byte {
	mac := hmac.New(sha256.New, k.bytes)
	mac.Write([]byte(message))
	return mac.Sum(nil)
}

func senderMessage(scheme, timestamp, messageID, body string) string {
	switch scheme {
	case "stripe", "memo", "timestamped-body":
		return timestamp + "." + body
	case "slack":
		return "v0:" + timestamp + ":" + body
	case "standard-webhooks":
		return messageID + "." + timestamp + "." + body
	default:
		return body
	}
}

func readTime(text string) (int64, error) {
	if !times.MatchString(text) {
		return 0, refused("INVALID_TIMESTAMP")
	}
	return strconv.ParseInt(text, 10, 64)
}

// prefixed takes the prefix off; a text without it becomes one that is no signature.
func prefixed(text, prefix string) string {
	rest, found := strings.CutPrefix(text, prefix)
	if !found {
		return ""
	}
	return rest
}

func readHex(text string) []byte {
	if !digits.MatchString(text) {
		return nil
	}
	tag, err := hex.DecodeString(text)
	if err != nil {
		return nil
	}
	return tag
}

func readList(value, separator, assign, once string) ([][2]string, error) {
	var found [][2]string
	for _, item := range strings.Split(value, separator) {
		name, content, isPair := strings.Cut(item, assign)
		if !isPair {
			return nil, refused("MALFORMED_SIGNATURE")
		}
		isAgain := slices.ContainsFunc(found, func(other [2]string) bool { return other[0] == name })
		if once != "" && name == once && isAgain {
			return nil, refused("DUPLICATE_HEADER")
		}
		found = append(found, [2]string{name, content})
	}
	if len(found) > 16 {
		return nil, refused("MALFORMED_SIGNATURE")
	}
	return found, nil
}
