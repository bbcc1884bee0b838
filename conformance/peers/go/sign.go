package main

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
)

func (s *service) sign(step step) (object, error) {
	sent := step.Request
	method := []byte(sent.Method)
	for at, letter := range method {
		if 'a' <= letter && letter <= 'z' {
			method[at] = letter + 'A' - 'a'
		}
	}
	sent.Method = wire(method)
	isPlain := checkBounds(string(sent.Method), string(sent.Target), nil) == nil && len(sent.Headers) == 0
	if !isPlain || !nonces.MatchString(step.Nonce) || step.Now > 999_999_999_999 {
		return nil, errUnsupported
	}
	called := ""
	if step.Target != nil {
		called = *step.Target
		if _, isKnown := s.registry[called]; !isKnown {
			return nil, errUnsupported
		}
	}
	owner := s.id
	if strings.HasPrefix(s.signWith, "webhook:") {
		owner = s.signWith
	}
	var valid []key
	var active *key
	for _, key := range s.keys[owner] {
		if !key.isValid(step.Now) {
			continue
		}
		valid = append(valid, key)
		if key.isActive && active == nil {
			active = &key
		}
	}
	if active == nil {
		return nil, errUnsupported
	}
	timestamp := strconv.FormatInt(step.Now, 10)
	if owner != s.id {
		if len(s.keys[owner]) != 1 || s.accept != owner {
			return nil, errUnsupported
		}
		message := senderMessage(s.scheme, timestamp, step.Nonce, string(sent.Body))
		return signed(message, senderHeaders(s.scheme, timestamp, step.Nonce, active.tag(message))), nil
	}
	message := s.serviceMessage(s.signWith, sent, timestamp, s.id, called, step.Nonce)
	tag := hex.EncodeToString(active.tag(message))
	switch s.signWith {
	case "service-hmac-v2":
		if step.Target == nil {
			return nil, errUnsupported
		}
		var tags []string
		for _, key := range valid {
			tags = append(tags, "v2="+hex.EncodeToString(key.tag(message)))
		}
		return signed(message, [][2]string{
			{"X-Service-ID", s.id}, {"X-Target-Service", called}, {"X-Timestamp", timestamp},
			{"X-Request-ID", step.Nonce}, {"X-Signature", strings.Join(tags, ",")},
		}), nil
	case "service-hmac":
		return signed(message, [][2]string{
			{"X-Service-ID", s.id}, {"X-Timestamp", timestamp}, {"X-Signature", tag}, {"X-Request-ID", step.Nonce},
		}), nil
	case "cross-service":
		return signed(message, [][2]string{
			{"X-Service-Name", s.id}, {"X-Timestamp", timestamp}, {"X-Signature", tag}, {"X-Request-ID", step.Nonce},
		}), nil
	default:
		return nil, errUnsupported
	}
}

func senderHeaders(scheme, timestamp, messageID string, tag []byte) [][2]string {
	digits := hex.EncodeToString(tag)
	switch scheme {
	case "stripe":
		return [][2]string{{"Stripe-Signature", "t=" + timestamp + ",v1=" + digits}}
	case "slack":
		return [][2]string{{"X-Slack-Request-Timestamp", timestamp}, {"X-Slack-Signature", "v0=" + digits}}
	case "standard-webhooks":
		value := "v1," + base64.StdEncoding.EncodeToString(tag)
		return [][2]string{{"webhook-id", messageID}, {"webhook-timestamp", timestamp}, {"webhook-signature", value}}
	case "memo":
		return [][2]string{{"X-Memo-Timestamp", timestamp}, {"X-Memo-Signature", digits}}
	case "timestamped-body":
		return [][2]string{{"X-Webhook-Timestamp", timestamp}, {"X-Webhook-Signature", digits}}
	default:
		return [][2]string{{"X-Hub-Signature-256", "sha256=" + digits}}
	}
}
