package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const amazonAlgorithm = "AWS4-HMAC-SHA256"

type amazonDocument struct {
	Schema      string                 `json:"$schema"`
	Service     string                 `json:"service"`
	Environment string                 `json:"environment"`
	Accept      []string               `json:"accept"`
	SignWith    string                 `json:"sign_with"`
	Services    map[string]amazonEntry `json:"services"`
	Replay      json.RawMessage        `json:"replay"`
	Settings    struct {
		Region          string   `json:"region"`
		Service         string   `json:"service"`
		Style           string   `json:"style"`
		SignedHeaders   []string `json:"signed_headers"`
		UnsignedPayload bool     `json:"unsigned_payload"`
	} `json:"aws_sigv4"`
}

type amazonEntry struct {
	Keys           json.RawMessage  `json:"keys"`
	AWSKeys        []amazonKeyEntry `json:"aws_keys"`
	AllowedTargets *[]string        `json:"allowed_targets"`
	URL            string           `json:"url"`
}

type amazonKeyEntry struct {
	keyEntry
	SessionToken string `json:"session_token"`
}

// An amazonKey is an access key: its owner, and the token without which it is none.
type amazonKey struct {
	key
	owner   string
	session *string
}

// amazon is a service that takes signatures of AWS, version 4.
type amazon struct {
	id        string
	document  amazonDocument
	keys      map[string]amazonKey
	remembers bool
}

func newAmazon(text []byte, env map[string]string) (judge, error) {
	own := &amazon{keys: map[string]amazonKey{}}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&own.document); err != nil {
		return nil, err
	}
	own.id, own.remembers = own.document.Service, remembersAccepted(own.document.Replay)
	if own.id == "" {
		return nil, errUnsupported
	}
	for name, entry := range own.document.Services {
		for _, stated := range entry.AWSKeys {
			read, err := readAmazonKey(stated, env)
			if err != nil {
				return nil, err
			}
			read.owner = name
			own.keys[read.id] = read
		}
	}
	return own, nil
}

func readAmazonKey(stated amazonKeyEntry, env map[string]string) (amazonKey, error) {
	if stated.ID == nil {
		return amazonKey{}, errUnsupported
	}
	asText := func(secret string, _ keyEntry) ([]byte, error) { return []byte(secret), nil }
	keys, err := readKeys([]keyEntry{stated.keyEntry}, env, asText)
	if err != nil {
		return amazonKey{}, err
	}
	read := amazonKey{key: keys[0]}
	if name, isVariable := strings.CutPrefix(read.id, "env:"); isVariable {
		read.id = env[name]
	}
	if stated.SessionToken != "" {
		token := env[strings.TrimPrefix(stated.SessionToken, "env:")]
		read.session = &token
	}
	return read, nil
}

func (a *amazon) remembersAccepted() bool { return a.remembers }

// An amazonClaim is what a request says of its signature. What is not there is nil.
type amazonClaim struct {
	isLink                            bool
	algorithm                         string
	credential, names, signature      *string
	date, expires, session, bodyInURL *string
}

// A scope is what a credential says beside the id of its key.
type scope struct{ day, region, service string }

func (s scope) String() string { return s.day + "/" + s.region + "/" + s.service + "/aws4_request" }

func (a *amazon) verify(step step) (object, error) {
	headers, sent := lowered(step.Request.Headers), step.Request
	path, query, _ := strings.Cut(string(sent.Target), "?")
	claim, err := readAmazonClaim(headers, query)
	if err != nil {
		return nil, err
	}
	keyID, scope, err := readScope(*claim.credential)
	if err != nil {
		return nil, err
	}
	names, err := readSignedHeaders(*claim.names)
	if err != nil {
		return nil, err
	}
	if !digits.MatchString(*claim.signature) {
		return nil, refused("MALFORMED_SIGNATURE")
	}
	moment, life, err := claim.times(scope.day)
	if err != nil {
		return nil, err
	}
	canonicalPath, err := a.canonicalPath(path)
	if err != nil {
		return nil, err
	}
	canonicalQuery, err := canonicalQuery(query)
	if err != nil {
		return nil, err
	}
	if headers, err = withHost(headers, sent.Authority); err != nil {
		return nil, err
	}
	payload, err := a.payload(claim, headers, string(sent.Body))
	if err != nil {
		return nil, err
	}
	canonicalHeaders, err := a.canonicalHeaders(headers, names, claim.isLink)
	if err != nil {
		return nil, err
	}
	age := step.Now - moment.Unix()
	if age > life || -age > 900 || life > 604_800 {
		return nil, refused("TIMESTAMP_OUTSIDE_WINDOW")
	}
	held, isKnown := a.keys[keyID]
	if !isKnown {
		return nil, refused("UNKNOWN_KEY")
	}
	// The page of AWS on creating a signed request, steps 1 to 4.
	canonical := strings.Join([]string{
		string(sent.Method), canonicalPath, canonicalQuery, canonicalHeaders, strings.Join(names, ";"), payload,
	}, "\n")
	toSign := strings.Join([]string{amazonAlgorithm, moment.Format(basicTime), scope.String(), hexHash(canonical)}, "\n")
	signing := []byte("AWS4" + string(held.bytes))
	for _, part := range []string{scope.day, scope.region, scope.service, "aws4_request"} {
		signing = key{bytes: signing}.tag(part)
	}
	if !hmac.Equal([]byte(hex.EncodeToString(key{bytes: signing}.tag(toSign))), []byte(*claim.signature)) {
		return nil, refused("INVALID_SIGNATURE")
	}
	if err := claim.checkKey(held, step.Now); err != nil {
		return nil, err
	}
	if digits.MatchString(payload) && payload != hexHash(string(sent.Body)) {
		return nil, refused("DIGEST_MISMATCH")
	}
	if err := a.checkTarget(held.owner, scope); err != nil {
		return nil, err
	}
	return object{"service": held.owner, "key": held.id, "scheme": "aws-sigv4", "age": age}, nil
}

// checkKey looks at the key of a signature that holds.
func (claim *amazonClaim) checkKey(held amazonKey, now int64) error {
	if !held.isValid(now) {
		return refused("KEY_NOT_VALID_NOW")
	}
	isSame := (held.session == nil) == (claim.session == nil)
	if !isSame || held.session != nil && *held.session != *claim.session {
		return refused("INVALID_TOKEN")
	}
	return nil
}

func (a *amazon) checkTarget(owner string, scope scope) error {
	isHere := scope.region == a.document.Settings.Region && scope.service == a.document.Settings.Service
	if allowed := a.document.Services[owner].AllowedTargets; allowed != nil {
		isHere = isHere && slices.Contains(*allowed, a.id)
	}
	if !isHere {
		return refused("TARGET_NOT_ALLOWED")
	}
	return nil
}

// readAmazonClaim finds the credential, which must be there once, and whole.
func readAmazonClaim(headers fields, query string) (*amazonClaim, error) {
	for _, name := range []string{"authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "host"} {
		commas := 0
		if name == "authorization" {
			commas = 2
		}
		for at, value := range headers.all(name) {
			if at > 0 || strings.Count(value, ",") > commas {
				return nil, refused("DUPLICATE_HEADER")
			}
		}
	}
	header := headers.first("authorization")
	isHeader := header != nil && len(*header) >= 5 && strings.EqualFold((*header)[:5], "AWS4-")
	link := linkMembers(query)
	isLink := slices.ContainsFunc(link, func(member [2]string) bool {
		return slices.Contains([]string{"x-amz-algorithm", "x-amz-credential", "x-amz-signature"}, strings.ToLower(member[0]))
	})
	var claim *amazonClaim
	var err error
	switch {
	case isHeader && isLink:
		return nil, refused("AMBIGUOUS_CREDENTIALS")
	case isHeader:
		claim, err = claimInHeader(*header, headers)
	case isLink:
		claim, err = claimInLink(link)
	default:
		return nil, refused("AUTHENTICATION_REQUIRED")
	}
	switch {
	case err != nil:
		return nil, err
	case claim.algorithm != amazonAlgorithm:
		return nil, refused("ALGORITHM_NOT_ALLOWED")
	case claim.credential == nil:
		return nil, refused("MISSING_SERVICE_ID")
	case claim.names == nil || *claim.names == "":
		return nil, refused("INSUFFICIENT_COVERAGE")
	case claim.signature == nil:
		return nil, refused("MISSING_SIGNATURE")
	case claim.date == nil || claim.isLink && claim.expires == nil:
		return nil, refused("MISSING_TIMESTAMP")
	}
	return claim, nil
}

// claimInHeader reads `AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...`. Blanks may stand before a member.
func claimInHeader(header string, headers fields) (*amazonClaim, error) {
	claim := &amazonClaim{session: headers.first("x-amz-security-token"), date: headers.first("x-amz-date")}
	if claim.date == nil {
		claim.date = headers.first("date")
	}
	var members string
	claim.algorithm, members, _ = strings.Cut(header, " ")
	places := map[string]**string{
		"Credential": &claim.credential, "SignedHeaders": &claim.names, "Signature": &claim.signature,
	}
	if members == "" {
		return claim, nil
	}
	for _, member := range strings.Split(members, ",") {
		name, value, isPair := strings.Cut(strings.TrimLeft(member, " "), "=")
		place, isKnown := places[name]
		if !isPair || !isKnown || *place != nil {
			return nil, refused("MALFORMED_SIGNATURE")
		}
		*place = &value
	}
	return claim, nil
}

// linkMembers are the parameters of a query that say something of a link, in any spelling: names decoded, values as sent.
func linkMembers(query string) [][2]string {
	var found [][2]string
	for _, piece := range strings.Split(query, "&") {
		name, value, _ := strings.Cut(piece, "=")
		name = escaped.ReplaceAllStringFunc(name, unescape)
		if strings.HasPrefix(strings.ToLower(name), "x-amz-") {
			found = append(found, [2]string{name, value})
		}
	}
	return found
}

func claimInLink(members [][2]string) (*amazonClaim, error) {
	claim := &amazonClaim{isLink: true}
	var algorithm *string
	places := map[string]**string{
		"X-Amz-Algorithm": &algorithm, "X-Amz-Credential": &claim.credential, "X-Amz-SignedHeaders": &claim.names,
		"X-Amz-Signature": &claim.signature, "X-Amz-Date": &claim.date, "X-Amz-Expires": &claim.expires,
		"X-Amz-Security-Token": &claim.session, "X-Amz-Content-Sha256": &claim.bodyInURL,
	}
	for _, member := range members {
		for name, place := range places {
			if !strings.EqualFold(name, member[0]) {
				continue
			}
			value, err := decoded(member[1])
			if err != nil || name != member[0] || *place != nil {
				return nil, refused("MALFORMED_REQUEST")
			}
			*place = &value
		}
	}
	if algorithm != nil {
		claim.algorithm = *algorithm
	}
	return claim, nil
}

func readScope(credential string) (string, scope, error) {
	parts := strings.Split(credential, "/")
	isWhole := len(parts) == 5 && !slices.Contains(parts, "") && parts[4] == "aws4_request" && days.MatchString(parts[1])
	if !isWhole {
		return "", scope{}, refused("MALFORMED_SIGNATURE")
	}
	return parts[0], scope{day: parts[1], region: parts[2], service: parts[3]}, nil
}

func readSignedHeaders(text string) ([]string, error) {
	names := strings.Split(text, ";")
	if len(names) > 64 {
		return nil, refused("MALFORMED_REQUEST")
	}
	for at, name := range names {
		if !headerNames.MatchString(name) || at > 0 && names[at-1] >= name {
			return nil, refused("MALFORMED_SIGNATURE")
		}
	}
	return names, nil
}

const basicTime = "20060102T150405Z"

// The moment in the form of ISO 8601 that AWS has, or that of the Date header (RFC 9110, 5.6.7; RFC 5322, 3.3).
var timeLayouts = []string{basicTime, "Mon, 02 Jan 2006 15:04:05 GMT", "Mon, 02 Jan 2006 15:04:05 +0000", "Mon, 02 Jan 2006 15:04:05 -0000"}

// times are the moment of the signature and the seconds for which it is good.
func (claim *amazonClaim) times(day string) (time.Time, int64, error) {
	for _, layout := range timeLayouts {
		moment, err := time.ParseInLocation(layout, *claim.date, time.UTC)
		// Written again, since the library also takes other letter case, another weekday and fractions.
		if err != nil || moment.Unix() < 0 || moment.UTC().Format(layout) != *claim.date || moment.UTC().Format("20060102") != day {
			continue
		}
		if !claim.isLink {
			return moment.UTC(), 900, nil
		}
		if times.MatchString(*claim.expires) && *claim.expires != "0" {
			life, err := strconv.ParseInt(*claim.expires, 10, 64)
			return moment.UTC(), life, err
		}
	}
	return time.Time{}, 0, refused("INVALID_TIMESTAMP")
}

// canonicalPath is the path of what is signed. Where another path has the same one, it is refused.
func (a *amazon) canonicalPath(path string) (string, error) {
	segments := strings.Split(path, "/")
	for at, segment := range segments {
		if a.isS3() {
			plain, err := decoded(segment)
			if err != nil || encoded(plain) != segment {
				return "", refused("MALFORMED_REQUEST")
			}
			continue
		}
		isInside := at > 0 && at < len(segments)-1
		if segment == "." || segment == ".." || segment == "" && isInside {
			return "", refused("MALFORMED_REQUEST")
		}
		segments[at] = encoded(segment)
	}
	return strings.Join(segments, "/"), nil
}

func canonicalQuery(query string) (string, error) {
	var pairs [][2]string
	for _, piece := range strings.Split(query, "&") {
		if piece == "" {
			continue
		}
		name, value, _ := strings.Cut(piece, "=")
		name, inName := decoded(name)
		value, inValue := decoded(value)
		if inName != nil || inValue != nil {
			return "", refused("MALFORMED_REQUEST")
		}
		pairs = append(pairs, [2]string{encoded(name), encoded(value)})
	}
	if len(pairs) > 100 {
		return "", refused("MALFORMED_REQUEST")
	}
	slices.SortFunc(pairs, func(a, b [2]string) int {
		if a[0] != b[0] {
			return strings.Compare(a[0], b[0])
		}
		return strings.Compare(a[1], b[1])
	})
	var texts []string
	for _, pair := range pairs {
		if pair[0] != "X-Amz-Signature" {
			texts = append(texts, pair[0]+"="+pair[1])
		}
	}
	return strings.Join(texts, "&"), nil
}

// withHost adds the host that HTTP/2 has outside of its headers.
func withHost(headers fields, authority *wire) (fields, error) {
	if authority == nil || *authority == "" {
		return headers, nil
	}
	host := headers.first("host")
	switch {
	case host == nil:
		return append(slices.Clone(headers), [2]string{"host", string(*authority)}), nil
	case !strings.EqualFold(*host, string(*authority)):
		return nil, refused("MALFORMED_REQUEST")
	}
	return headers, nil
}

// payload is what stands for the body in what is signed.
func (a *amazon) payload(claim *amazonClaim, headers fields, body string) (string, error) {
	declared := headers.first("x-amz-content-sha256")
	if declared == nil {
		declared = claim.bodyInURL
	}
	open := "UNSIGNED-PAYLOAD"
	if declared == nil && a.isS3() && claim.isLink {
		declared = &open
	}
	switch {
	case declared == nil && a.isS3():
		return "", refused("INSUFFICIENT_COVERAGE")
	case declared == nil:
		return hexHash(body), nil
	case *declared == open && a.document.Settings.UnsignedPayload || digits.MatchString(*declared):
		return *declared, nil
	case *declared == open || strings.HasPrefix(*declared, "STREAMING-"):
		return "", refused("INSUFFICIENT_COVERAGE")
	default:
		return "", refused("MALFORMED_SIGNATURE")
	}
}

// canonicalHeaders are those that are signed, each with a line end; they must be there, and be all that must be signed.
func (a *amazon) canonicalHeaders(headers fields, names []string, isLink bool) (string, error) {
	must := []string{"host"}
	for _, name := range a.document.Settings.SignedHeaders {
		must = append(must, strings.ToLower(name))
	}
	for _, field := range headers {
		if field[0] == "content-type" || strings.HasPrefix(field[0], "x-amz-") {
			must = append(must, field[0])
		}
	}
	if !isLink && headers.first("x-amz-date") == nil {
		must = append(must, "date")
	}
	for _, name := range must {
		if !slices.Contains(names, name) {
			return "", refused("INSUFFICIENT_COVERAGE")
		}
	}
	var text strings.Builder
	for _, name := range names {
		values := headers.all(name)
		if len(values) == 0 {
			return "", refused("INSUFFICIENT_COVERAGE")
		}
		for at, value := range values {
			if controls.MatchString(value) {
				return "", refused("MALFORMED_REQUEST")
			}
			values[at] = strings.Trim(blanks.ReplaceAllString(value, " "), " ")
		}
		text.WriteString(name + ":" + strings.Join(values, ",") + "\n")
	}
	return text.String(), nil
}

func (a *amazon) isS3() bool { return a.document.Settings.Style == "s3" }

var (
	days        = regexp.MustCompile(`\A[0-9]{8}\z`)
	headerNames = regexp.MustCompile("\\A[a-z0-9!#$%&'*+.^_`|~-]+\\z")
	escaped     = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	badEscape   = regexp.MustCompile(`%(?:[^0-9A-Fa-f]|[0-9A-Fa-f][^0-9A-Fa-f]|[0-9A-Fa-f]?\z)`)
	unreserved  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
	blanks      = regexp.MustCompile(`[ \t]+`)
	controls    = regexp.MustCompile(`[\x00-\x08\x0a-\x1f\x7f]`)
)

func unescape(escape string) string {
	raw, _ := hex.DecodeString(escape[1:])
	return string(raw)
}

// decoded undoes the escapes (RFC 3986, 2.1). A plus sign has no one meaning in a query, and is refused.
func decoded(text string) (string, error) {
	if badEscape.MatchString(text) || strings.Contains(text, "+") {
		return "", refused("MALFORMED_REQUEST")
	}
	return escaped.ReplaceAllStringFunc(text, unescape), nil
}

// encoded writes everything but the unreserved characters (RFC 3986, 2.3) as escapes.
func encoded(text string) string {
	var written strings.Builder
	for at := range len(text) {
		if strings.IndexByte(unreserved, text[at]) >= 0 {
			written.WriteByte(text[at])
		} else {
			fmt.Fprintf(&written, "%%%02X", text[at])
		}
	}
	return written.String()
}

func hexHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
