package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

type document struct {
	Schema      string                   `json:"$schema"`
	Service     string                   `json:"service"`
	Environment string                   `json:"environment"`
	Accept      []string                 `json:"accept"`
	SignWith    string                   `json:"sign_with"`
	Services    map[string]registryEntry `json:"services"`
	Webhooks    map[string]webhookEntry  `json:"webhooks"`
	Window      *windowEntry             `json:"window"`
	Replay      json.RawMessage          `json:"replay"`
}

type registryEntry struct {
	Keys           []keyEntry `json:"keys"`
	AllowedTargets *[]string  `json:"allowed_targets"`
	URL            string     `json:"url"`
}

type webhookEntry struct {
	Scheme string     `json:"scheme"`
	Keys   []keyEntry `json:"keys"`
	URL    string     `json:"url"`
}

type windowEntry struct {
	Past   *int64 `json:"past"`
	Future *int64 `json:"future"`
}

type keyEntry struct {
	ID        *string `json:"id"`
	Secret    string  `json:"secret"`
	Encoding  string  `json:"encoding"`
	State     string  `json:"state"`
	NotBefore string  `json:"not_before"`
	NotAfter  string  `json:"not_after"`
}

type key struct {
	id         string
	isRevoked  bool
	isActive   bool
	start, end int64
	bytes      []byte
}

func (k key) isValid(now int64) bool { return !k.isRevoked && k.start <= now && now < k.end }

// A service is what the config says about the schemes that this peer knows.
type service struct {
	id, accept, scheme, signWith string
	registry                     map[string]registryEntry
	keys                         map[string][]key
	past, future                 int64
	remembers                    bool
}

func newService(text []byte, env map[string]string) (judge, error) {
	var config document
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&config); err != nil {
		return nil, err
	}
	if config.Accept == nil {
		config.Accept = []string{"service-hmac-v2"}
	}
	if len(config.Accept) != 1 {
		return nil, errUnsupported
	}
	own := &service{
		id: config.Service, accept: config.Accept[0], scheme: config.Accept[0], signWith: config.SignWith,
		registry: config.Services, keys: map[string][]key{}, past: 300, future: 300,
		remembers: remembersAccepted(config.Replay),
	}
	if own.signWith == "" {
		own.signWith = "service-hmac-v2"
	}
	var err error
	for name, entry := range config.Services {
		if own.keys[name], err = readKeys(entry.Keys, env, secretOfService); err != nil {
			return nil, err
		}
	}
	for name, entry := range config.Webhooks {
		decode := func(secret string, _ keyEntry) ([]byte, error) { return []byte(secret), nil }
		if entry.Scheme == "standard-webhooks" {
			decode = func(secret string, _ keyEntry) ([]byte, error) {
				return base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
			}
		}
		if own.keys["webhook:"+name], err = readKeys(entry.Keys, env, decode); err != nil {
			return nil, err
		}
		if own.accept == "webhook:"+name {
			own.scheme, config.Window = entry.Scheme, nil
		}
	}
	if !isOfServices(own.scheme) && formats[own.scheme].signature == "" {
		return nil, errUnsupported
	}
	if config.Window != nil && config.Window.Past != nil {
		own.past = *config.Window.Past
	}
	if config.Window != nil && config.Window.Future != nil {
		own.future = *config.Window.Future
	}
	return own, nil
}

func (s *service) remembersAccepted() bool { return s.remembers }

func remembersAccepted(replay json.RawMessage) bool {
	return !strings.Contains(string(replay), `"none"`)
}

func readKeys(entries []keyEntry, env map[string]string, decode func(string, keyEntry) ([]byte, error)) ([]key, error) {
	keys := make([]key, 0, len(entries))
	for at, entry := range entries {
		name, isVariable := strings.CutPrefix(entry.Secret, "env:")
		secret, isThere := env[name]
		if !isVariable || !isThere {
			return nil, errUnsupported
		}
		read := key{id: strconv.Itoa(at + 1), isRevoked: entry.State == "revoked", isActive: entry.State != "revoked" && entry.State != "retiring", end: math.MaxInt64}
		if entry.ID != nil {
			read.id = *entry.ID
		}
		var err error
		if read.bytes, err = decode(secret, entry); err != nil {
			return nil, err
		}
		for text, place := range map[string]*int64{entry.NotBefore: &read.start, entry.NotAfter: &read.end} {
			if text == "" {
				continue
			}
			moment, err := time.Parse("2006-01-02T15:04:05Z", text)
			if err != nil {
				return nil, err
			}
			*place = moment.Unix()
		}
		keys = append(keys, read)
	}
	return keys, nil
}

func secretOfService(secret string, entry keyEntry) ([]byte, error) {
	switch entry.Encoding {
	case "hex":
		return hex.DecodeString(secret)
	case "base64":
		return base64.StdEncoding.DecodeString(secret)
	default:
		return []byte(secret), nil
	}
}
