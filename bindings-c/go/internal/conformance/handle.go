// Package conformance answers the questions of the conformance runner through the public API. Two doors use it: the
// driver in the folder beside this file, which the runner asks, and the test of this package, which reads the vectors
// itself. The protocol is described in conformance/README.md of the repository.
package conformance

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	wiresign "github.com/wiresign/wiresign/bindings-c/go"
)

// Capabilities are the operations that can be asked.
var Capabilities = []string{"verify", "verify_stream", "sign", "check", "replace", "sign_context", "verify_context", "handshake", "explain", "ask_identity", "issue_token", "answer_token"}

// A Question is a configuration and steps.
type Question struct {
	ID         string            `json:"id"`
	Config     json.RawMessage   `json:"config"`
	ConfigText *string           `json:"config_text"`
	Env        map[string]string `json:"env"`
	Steps      []Step            `json:"steps"`
}

// A Step is one operation.
type Step struct {
	Op      string          `json:"op"`
	Now     int64           `json:"now"`
	Nonce   *string         `json:"nonce"`
	Target  *string         `json:"target"`
	Chunks  []int           `json:"chunks"`
	Config  json.RawMessage `json:"config"`
	Request Request         `json:"request"`

	Webhook   string   `json:"webhook"`
	Tenant    string   `json:"tenant"`
	Roles     []string `json:"roles"`
	Signature string   `json:"signature"`
	Payload   *Bytes   `json:"payload"`

	Answer      *identityAnswer `json:"answer"`
	Subject     string          `json:"subject"`
	Audience    string          `json:"audience"`
	Lifetime    uint64          `json:"lifetime"`
	Permissions []string        `json:"permissions"`
	Caller      string          `json:"caller"`
	Form        Bytes           `json:"form"`
}

type identityAnswer struct {
	Status int   `json:"status"`
	Body   Bytes `json:"body"`
}

// A Request is in raw parts.
type Request struct {
	Method    Bytes      `json:"method"`
	Target    Bytes      `json:"target"`
	Authority Bytes      `json:"authority"`
	Headers   [][2]Bytes `json:"headers"`
	Body      Bytes      `json:"body"`
}

// Bytes are text, or {"base64": ...}.
type Bytes string

// UnmarshalJSON reads either form.
func (b *Bytes) UnmarshalJSON(text []byte) error {
	var object struct{ Base64 []byte }
	if len(text) > 0 && text[0] == '{' {
		err := json.Unmarshal(text, &object)
		*b = Bytes(object.Base64)
		return err
	}
	return json.Unmarshal(text, (*string)(b))
}

// A HeaderForm is a way in which the header fields are handed to the API; the verdict must be the same.
type HeaderForm func(*wiresign.Request, [][2]Bytes)

// AsReceived hands over a list with everything as it was sent.
func AsReceived(request *wiresign.Request, headers [][2]Bytes) {
	request.Fields = make([]wiresign.Field, len(headers))
	for at, pair := range headers {
		request.Fields[at] = wiresign.Field{Name: string(pair[0]), Value: string(pair[1])}
	}
}

// AsNetHTTP hands over the map of net/http, which has lost the order of different names.
func AsNetHTTP(request *wiresign.Request, headers [][2]Bytes) {
	request.Header = http.Header{}
	for _, pair := range headers {
		request.Header.Add(string(pair[0]), string(pair[1]))
	}
}

// Answer gives one result for each step.
func Answer(question Question, form HeaderForm) []any {
	document := string(question.Config)
	if question.ConfigText != nil {
		document = *question.ConfigText
	}
	env := wiresign.WithEnv(question.Env)
	results := make([]any, len(question.Steps))
	config, err := wiresign.ParseConfig(document, env)
	if err != nil {
		for at := range results {
			results[at] = failed(err)
		}
		return results
	}
	defer config.Close()
	verifier, err := wiresign.NewVerifier(config)
	if err != nil {
		for at := range results {
			results[at] = failed(err)
		}
		return results
	}
	defer verifier.Close()
	asked := service{config, verifier, env, form}
	for at, step := range question.Steps {
		result, err := asked.do(step)
		if err != nil {
			result = failed(err)
		}
		results[at] = result
	}
	return results
}

type service struct {
	config   *wiresign.Config
	verifier *wiresign.Verifier
	env      wiresign.ConfigOption
	form     HeaderForm
}

func (s service) do(step Step) (any, error) {
	switch step.Op {
	case "verify":
		caller, err := s.verifier.VerifyBytes(s.request(step))
		return verdict(caller, err)
	case "verify_stream":
		caller, err := s.stream(step)
		return verdict(caller, err)
	case "sign":
		return s.sign(step)
	case "check":
		return ok(object{"warnings": problems(s.config.Warnings())}), nil
	case "replace":
		config, err := wiresign.ParseConfig(string(step.Config), s.env)
		if err != nil {
			return nil, err
		}
		defer config.Close()
		return ok(object{}), s.verifier.Replace(config)
	case "sign_context":
		return s.signContext(step)
	case "verify_context":
		return s.verifyContext(step)
	case "handshake":
		return s.handshake(step)
	case "explain":
		return s.explain(step)
	case "ask_identity":
		return s.askIdentity(step)
	case "issue_token":
		return s.issueToken(step)
	case "answer_token":
		return s.answerToken(step)
	default:
		return nil, fmt.Errorf("unknown step %q", step.Op)
	}
}

func (s service) request(step Step) *wiresign.Request {
	request := &wiresign.Request{
		Method:    string(step.Request.Method),
		Target:    string(step.Request.Target),
		Authority: string(step.Request.Authority),
		Body:      []byte(step.Request.Body),
		Now:       time.Unix(step.Now, 0),
		Nonce:     step.Nonce,
	}
	s.form(request, step.Request.Headers)
	return request
}

func (s service) stream(step Step) (*wiresign.Caller, error) {
	verification, err := s.verifier.Begin(s.request(step))
	if err != nil {
		return nil, err
	}
	defer verification.Close()
	if verification.NeedsBody() {
		rest := []byte(step.Request.Body)
		for _, length := range append(step.Chunks, -1) {
			if length < 0 {
				length = len(rest)
			}
			if err := verification.Update(rest[:length]); err != nil {
				return nil, err
			}
			rest = rest[length:]
		}
	}
	return verification.Finish()
}

func (s service) sign(step Step) (any, error) {
	var options []wiresign.SignerOption
	if step.Target != nil {
		options = append(options, wiresign.WithTarget(*step.Target))
	}
	signer, err := wiresign.NewSigner(s.config, options...)
	if err != nil {
		return nil, err
	}
	defer signer.Close()
	fields, err := signer.Sign(s.request(step))
	if err != nil {
		return nil, err
	}
	message, err := signer.Message(s.request(step))
	if err != nil {
		return nil, err
	}
	encoded := base64.StdEncoding.EncodeToString(message)
	return ok(object{"headers": pairs(fields), "message": object{"base64": encoded}}), nil
}

func (s service) signContext(step Step) (any, error) {
	contexts, err := wiresign.NewContexts(s.config)
	if err != nil {
		return nil, err
	}
	defer contexts.Close()
	signature, err := contexts.Sign(step.Tenant, step.Roles, time.Unix(step.Now, 0))
	if err != nil {
		return nil, err
	}
	message, err := contexts.Message(step.Tenant, step.Roles)
	if err != nil {
		return nil, err
	}
	encoded := base64.StdEncoding.EncodeToString(message)
	return ok(object{"signature": signature, "message": object{"base64": encoded}}), nil
}

func (s service) verifyContext(step Step) (any, error) {
	contexts, err := wiresign.NewContexts(s.config)
	if err != nil {
		return nil, err
	}
	defer contexts.Close()
	var payload []byte
	if step.Payload != nil {
		payload = append([]byte{}, *step.Payload...)
	}
	verified, err := contexts.Verify(step.Tenant, step.Roles, step.Signature, time.Unix(step.Now, 0), payload)
	if err != nil {
		return nil, err
	}
	return ok(object{
		"key":      verified.KeyID(),
		"matched":  verified.Matched(),
		"retiring": verified.KeyIsRetiring(),
		"roles":    verified.Roles(),
	}), nil
}

func (s service) handshake(step Step) (any, error) {
	response, err := s.verifier.Handshake(step.Webhook, s.request(step))
	if err != nil || response == nil {
		return ok(object{"handshake": nil}), err
	}
	answer := object{"status": response.Status, "headers": pairs(response.Fields), "body": response.Body}
	return ok(object{"handshake": answer}), nil
}

func pairs(fields []wiresign.Field) [][2]string {
	list := make([][2]string, len(fields))
	for at, field := range fields {
		list[at] = [2]string{field.Name, field.Value}
	}
	return list
}

func (s service) askIdentity(step Step) (any, error) {
	question, err := s.verifier.IdentityRequest(s.request(step))
	if err != nil || question == nil {
		return ok(object{"question": nil}), err
	}
	defer question.Close()
	// Without an answer the status is 0.
	var answer identityAnswer
	if step.Answer != nil {
		answer = *step.Answer
	}
	if err := s.verifier.IdentityAnswer(question, answer.Status, []byte(answer.Body)); err != nil {
		return nil, err
	}
	shown := object{"method": question.Method, "url": question.URL, "body": question.Body}
	shown["headers"] = pairs(question.Fields)
	return ok(object{"question": shown}), nil
}

func (s service) issueToken(step Step) (any, error) {
	issuer, err := wiresign.NewTokenIssuer(s.config)
	if err != nil {
		return nil, err
	}
	defer issuer.Close()
	token, err := issuer.Issue(&wiresign.TokenRequest{
		Subject:     step.Subject,
		Audience:    step.Audience,
		Lifetime:    step.Lifetime,
		Permissions: step.Permissions,
		Tenant:      step.Tenant,
		Now:         time.Unix(step.Now, 0),
		ID:          *step.Nonce,
	})
	if err != nil {
		return nil, err
	}
	permissions := append([]string{}, token.Permissions...)
	known := object{"text": token.Text, "expires": token.Expires, "lifetime": token.Lifetime}
	known["permissions"] = permissions
	return ok(known), nil
}

func (s service) answerToken(step Step) (any, error) {
	issuer, err := wiresign.NewTokenIssuer(s.config)
	if err != nil {
		return nil, err
	}
	defer issuer.Close()
	answer, err := issuer.Answer(&wiresign.TokenForm{
		Caller: step.Caller,
		Form:   []byte(step.Form),
		Tenant: step.Tenant,
		Now:    time.Unix(step.Now, 0),
		ID:     *step.Nonce,
	})
	if err != nil {
		return nil, err
	}
	return ok(object{"status": answer.Status, "headers": pairs(answer.Fields), "body": answer.Body}), nil
}

func (s service) explain(step Step) (any, error) {
	explanation, err := s.verifier.Explain(s.request(step))
	if err != nil {
		return nil, err
	}
	hints := make([]string, len(explanation.Hints))
	for at, hint := range explanation.Hints {
		hints[at] = hint.ID
	}
	return ok(object{"verdict": explanation.Verdict, "hints": hints}), nil
}

type object map[string]any

func ok(result object) object { return object{"ok": result} }

func verdict(caller *wiresign.Caller, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	var age any
	if seconds, known := caller.Age(); known {
		age = seconds
	}
	return ok(object{
		"service":    orNull(caller.Service()),
		"key":        orNull(caller.KeyID()),
		"scheme":     orNull(caller.Scheme()),
		"age":        age,
		"request_id": orNull(caller.RequestID()),
		"route":      orNull(caller.Route()),
		"retiring":   caller.KeyIsRetiring(),
		"public":     caller.IsPublic(),
		"covered":    caller.Covered(),
		"replay_key": orNull(caller.ReplayKey()),
	}), nil
}

func failed(err error) any {
	var refusal *wiresign.Refusal
	var config *wiresign.ConfigError
	var signing *wiresign.SigningError
	switch {
	case errors.As(err, &refusal):
		return object{"refused": object{
			"code":       refusal.Code.String(),
			"status":     refusal.Status(),
			"request_id": orNull(refusal.RequestID),
			"response": object{
				"status":           refusal.Response.Status,
				"body":             refusal.Response.Body,
				"www_authenticate": orNull(refusal.Response.WWWAuthenticate),
			},
		}}
	case errors.As(err, &config):
		return object{"config_errors": problems(config.Problems)}
	case errors.As(err, &signing):
		return object{"failed": object{"code": wiresign.ErrSigningFailed.String(), "message": signing.Message}}
	default:
		return object{"crashed": err.Error()}
	}
}

func problems(found []wiresign.Problem) []object {
	list := make([]object, len(found))
	for at, problem := range found {
		list[at] = object{"pointer": problem.Pointer, "message": problem.Message}
	}
	return list
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}
