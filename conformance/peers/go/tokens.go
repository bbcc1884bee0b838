package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What a token may say of a key with this algorithm.
var tokenNames = map[string][]string{
	"hmac-sha256":       {"HS256"},
	"hmac-sha384":       {"HS384"},
	"hmac-sha512":       {"HS512"},
	"ed25519":           {"EdDSA", "Ed25519"},
	"ecdsa-p256-sha256": {"ES256"},
	"ecdsa-p384-sha384": {"ES384"},
	"rsa-v1_5-sha256":   {"RS256"},
	"rsa-pss-sha256":    {"PS256"},
	"rsa-pss-sha512":    {"PS512"},
}

type tokenDocument struct {
	Schema      string                `json:"$schema"`
	Service     string                `json:"service"`
	Environment string                `json:"environment"`
	Accept      []string              `json:"accept"`
	SignWith    string                `json:"sign_with"`
	Services    map[string]tokenEntry `json:"services"`
	Replay      json.RawMessage       `json:"replay"`
	JWT         struct {
		Leeway   *int64          `json:"leeway"`
		Audience json.RawMessage `json:"audience"`
		Lifetime int64           `json:"lifetime"`
	} `json:"jwt"`
}

type tokenEntry struct {
	Keys           []boundKeyEntry `json:"keys"`
	AllowedTargets *[]string       `json:"allowed_targets"`
	URL            string          `json:"url"`
}

// tokens is a service that takes tokens.
type tokens struct {
	id       string
	leeway   int64
	audience []string
	registry map[string]tokenEntry
	keys     map[string][]boundKey
}

func newTokens(text []byte, env map[string]string) (judge, error) {
	var config tokenDocument
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&config); err != nil {
		return nil, err
	}
	own := &tokens{id: config.Service, leeway: 30, registry: config.Services, keys: map[string][]boundKey{}}
	if config.JWT.Leeway != nil {
		own.leeway = *config.JWT.Leeway
	}
	var single string
	switch {
	case config.Service == "":
		return nil, errUnsupported
	case config.JWT.Audience == nil:
		own.audience = []string{config.Service}
	case json.Unmarshal(config.JWT.Audience, &single) == nil:
		own.audience = []string{single}
	default:
		if err := json.Unmarshal(config.JWT.Audience, &own.audience); err != nil {
			return nil, err
		}
	}
	for name, entry := range config.Services {
		read, err := readBoundKeys(entry.Keys, env)
		if err != nil {
			return nil, err
		}
		own.keys[name] = read
	}
	return own, nil
}

// algorithmOf is that of the key; a secret without one is of HS256, where it is long enough (RFC 7518, 3.2).
func algorithmOf(k boundKey) string {
	if k.algorithm == "" && len(k.bytes) >= sha256.Size {
		return "hmac-sha256"
	}
	return k.algorithm
}

// A token may come again.
func (t *tokens) remembersAccepted() bool { return false }

func (t *tokens) verify(step step) (object, error) {
	values := lowered(step.Request.Headers).all("authorization")
	isBearer := func(value string) bool { return len(value) >= 7 && strings.EqualFold(value[:7], "bearer ") }
	switch {
	case !slices.ContainsFunc(values, isBearer):
		return nil, refused("AUTHENTICATION_REQUIRED")
	case len(values) > 1 || strings.Contains(values[0], ","):
		return nil, refused("DUPLICATE_HEADER")
	}
	token := values[0][7:]
	pieces := strings.Split(token, ".")
	if len(token) > 8192 || len(pieces) != 3 {
		return nil, refused("INVALID_TOKEN")
	}
	var raw [3][]byte
	for at, piece := range pieces {
		read, err := base64.RawURLEncoding.Strict().DecodeString(piece)
		if err != nil || base64.RawURLEncoding.EncodeToString(read) != piece {
			return nil, refused("INVALID_TOKEN")
		}
		raw[at] = read
	}
	header, isHeader := readObject(raw[0])
	alg, isNamed := header["alg"].(string)
	if !isHeader || !isNamed {
		return nil, refused("INVALID_TOKEN")
	}
	isOffered := false
	for _, names := range tokenNames {
		isOffered = isOffered || slices.Contains(names, alg)
	}
	if !isOffered {
		return nil, refused("ALGORITHM_NOT_ALLOWED")
	}
	claims, isClaims := readObject(raw[1])
	if !isClaims || !haveTypes(header, claims) {
		return nil, refused("INVALID_TOKEN")
	}
	issuer, _ := claims["iss"].(string)
	entry, isKnown := t.registry[issuer]
	if !isKnown {
		return nil, refused("UNKNOWN_SERVICE")
	}
	matched, err := t.matching(issuer, step.Now, header, alg, pieces[0]+"."+pieces[1], raw[2])
	if err != nil {
		return nil, err
	}
	if err := t.checkClaims(step.Now, claims, issuer); err != nil {
		return nil, err
	}
	if entry.AllowedTargets != nil && !slices.Contains(*entry.AllowedTargets, t.id) {
		return nil, refused("TARGET_NOT_ALLOWED")
	}
	return object{"service": issuer, "key": matched, "scheme": "jwt"}, nil
}

func (t *tokens) matching(issuer string, now int64, header object, alg, message string, signature []byte) (string, error) {
	id, isNamed := header["kid"]
	keys := slices.DeleteFunc(slices.Clone(t.keys[issuer]), func(k boundKey) bool { return isNamed && k.id != id })
	if len(keys) == 0 {
		return "", refused("UNKNOWN_KEY")
	}
	keys = slices.DeleteFunc(keys, func(k boundKey) bool { return !slices.Contains(tokenNames[algorithmOf(k)], alg) })
	if len(keys) == 0 && isNamed {
		return "", refused("ALGORITHM_NOT_ALLOWED")
	}
	if len(keys) == 0 {
		return "", refused("UNKNOWN_KEY")
	}
	code := refused("INVALID_SIGNATURE")
	for _, key := range keys {
		switch {
		case !key.holds(algorithmOf(key), message, signature):
		case key.isValid(now):
			return key.id, nil
		default:
			code = "KEY_NOT_VALID_NOW"
		}
	}
	return "", code
}

func (t *tokens) checkClaims(now int64, claims object, issuer string) error {
	isMeant := func(name any) bool {
		text, isText := name.(string)
		return isText && slices.Contains(t.audience, text)
	}
	named, isList := claims["aud"].([]any)
	if !isList {
		named = []any{claims["aud"]}
	}
	seconds := func(name string) int64 {
		number, _ := claims[name].(json.Number)
		read, _ := number.Int64()
		return read
	}
	subject, isThere := claims["sub"]
	switch {
	case !slices.ContainsFunc(named, isMeant):
		return refused("INVALID_TOKEN")
	case now >= seconds("exp")+t.leeway:
		return refused("TOKEN_EXPIRED")
	case seconds("nbf") > now+t.leeway || seconds("iat") > now+t.leeway || isThere && subject != issuer:
		return refused("INVALID_TOKEN")
	}
	return nil
}

func haveTypes(header, claims object) bool {
	for _, name := range []string{"crit", "b64", "zip"} {
		if _, isThere := header[name]; isThere {
			return false
		}
	}
	for _, name := range []string{"kid", "typ"} {
		if value, isThere := header[name]; isThere && !isName(value) {
			return false
		}
	}
	for _, name := range []string{"exp", "nbf", "iat"} {
		value, isThere := claims[name]
		number, isNumber := value.(json.Number)
		if isThere && !(isNumber && times.MatchString(number.String())) {
			return false
		}
	}
	for _, name := range []string{"iss", "sub", "jti"} {
		if value, isThere := claims[name]; isThere && !isName(value) {
			return false
		}
	}
	audience, isThere := claims["aud"]
	_, ends := claims["exp"]
	return ends && (!isThere || isAudience(audience))
}

func isAudience(value any) bool {
	named, isList := value.([]any)
	isNoText := func(value any) bool { _, isText := value.(string); return !isText }
	return isList && !slices.ContainsFunc(named, isNoText) || !isList && isName(value)
}

func isName(value any) bool {
	text, isText := value.(string)
	return isText && text != "" && len(text) <= 512 && !strings.ContainsFunc(text, unicode.IsControl)
}

// Half a surrogate pair is written as an escape; the library reads it as a replacement character.
var escapes = regexp.MustCompile(`\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[dD][89a-fA-F]|.)`)

// readObject reads one JSON object, strictly: the library takes the last of several members of one name.
func readObject(text []byte) (object, bool) {
	if !utf8.Valid(text) {
		return nil, false
	}
	for _, escape := range escapes.FindAllString(string(text), -1) {
		if len(escape) == 4 {
			return nil, false
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	value, err := readValue(decoder, 1)
	if err != nil {
		return nil, false
	}
	_, err = decoder.Token()
	members, isObject := value.(object)
	return members, isObject && errors.Is(err, io.EOF)
}

func readValue(decoder *json.Decoder, level int) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	delimiter, isOpen := token.(json.Delim)
	if !isOpen {
		return token, nil
	}
	if level > 8 {
		return nil, errUnsupported
	}
	members, items := object{}, []any{}
	for decoder.More() {
		name := ""
		if delimiter == '{' {
			read, err := decoder.Token()
			if err != nil {
				return nil, err
			}
			name = read.(string)
			if _, isThere := members[name]; isThere || len(members) == 64 {
				return nil, errUnsupported
			}
		}
		value, err := readValue(decoder, level+1)
		if err != nil {
			return nil, err
		}
		members[name] = value
		items = append(items, value)
	}
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	if delimiter == '{' {
		return members, nil
	}
	return items, nil
}
