// The peer of the Go language: some schemes once more, on the standard library and from the documentation of the formats
// alone. What it answers, and what it leaves to others, is the same as in python/peer.py.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// A question of the runner.
type question struct {
	ID         string            `json:"id"`
	Config     json.RawMessage   `json:"config"`
	ConfigText *string           `json:"config_text"`
	Env        map[string]string `json:"env"`
	Steps      []step            `json:"steps"`
}

type step struct {
	Op      string  `json:"op"`
	Now     int64   `json:"now"`
	Nonce   string  `json:"nonce"`
	Target  *string `json:"target"`
	Request request `json:"request"`
}

type request struct {
	Method    wire      `json:"method"`
	Target    wire      `json:"target"`
	Authority *wire     `json:"authority"`
	Headers   [][2]wire `json:"headers"`
	Body      wire      `json:"body"`
}

// A judge is what a config makes of requests.
type judge interface {
	// verify says who calls, of a request whose bounds hold.
	verify(step step) (object, error)
	// remembersAccepted says whether a request that was accepted may be refused when it comes again.
	remembersAccepted() bool
}

// wire is bytes: a text, or base64 in an object.
type wire string

func (w *wire) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '{' {
		var object struct{ Base64 []byte }
		err := json.Unmarshal(text, &object)
		*w = wire(object.Base64)
		return err
	}
	return json.Unmarshal(text, (*string)(w))
}

// refused is the code by which a request does not hold.
type refused string

func (r refused) Error() string { return string(r) }

// errUnsupported says that a question is about more than this peer knows.
var errUnsupported = errors.New("more than this peer knows")

type object = map[string]any

func result(ok any, err error) object {
	var code refused
	switch {
	case err == nil:
		return object{"ok": ok}
	case errors.As(err, &code):
		return object{"refused": object{"code": string(code)}}
	default:
		return object{"unsupported": err.Error()}
	}
}

func answer(asked question) []object {
	results := make([]object, len(asked.Steps))
	text := []byte(asked.Config)
	if asked.ConfigText != nil {
		text = []byte(*asked.ConfigText)
	}
	own, err := newJudge(text, asked.Env)
	hasAccepted, hasOtherConfig := false, false
	for at, step := range asked.Steps {
		hasOtherConfig = hasOtherConfig || step.Op == "replace"
		signer, canSign := own.(*service)
		switch {
		case err != nil:
			results[at] = result(nil, errUnsupported)
		case step.Op == "sign" && canSign:
			results[at] = result(signer.sign(step))
		case step.Op != "verify" || hasOtherConfig || hasAccepted && own.remembersAccepted():
			results[at] = result(nil, errUnsupported)
			// It may have been accepted.
			hasAccepted = hasAccepted || strings.HasPrefix(step.Op, "verify")
		default:
			caller, refusal := judged(own, step)
			results[at] = result(caller, refusal)
			hasAccepted = hasAccepted || refusal == nil
		}
	}
	return results
}

func newJudge(text []byte, env map[string]string) (judge, error) {
	var config struct{ Accept []string }
	if err := json.Unmarshal(text, &config); err != nil {
		return nil, err
	}
	accepted := ""
	if len(config.Accept) == 1 {
		accepted = config.Accept[0]
	}
	switch accepted {
	case "aws-sigv4":
		return newAmazon(text, env)
	case "rfc9421":
		return newMessages(text, env)
	case "jwt":
		return newTokens(text, env)
	default:
		return newService(text, env)
	}
}

func judged(own judge, step step) (object, error) {
	if err := checkBounds(string(step.Request.Method), string(step.Request.Target), lowered(step.Request.Headers)); err != nil {
		return nil, err
	}
	return own.verify(step)
}

func signed(message string, headers [][2]string) object {
	return object{"headers": headers, "message": object{"base64": base64.StdEncoding.EncodeToString([]byte(message))}}
}

func main() {
	answers := json.NewEncoder(os.Stdout)
	err := answers.Encode(object{
		"protocol": 1, "binding": "peer-go", "version": "1", "runtime": runtime.Version(), "capabilities": []string{"verify", "sign"},
	})
	lines := bufio.NewReader(os.Stdin)
	for err == nil {
		var line []byte
		line, err = lines.ReadBytes('\n')
		if len(line) == 0 {
			return
		}
		var asked question
		if err = json.Unmarshal(line, &asked); err == nil {
			err = answers.Encode(object{"id": asked.ID, "results": answer(asked)})
		}
	}
	fmt.Fprintln(os.Stderr, "peer:", err)
	os.Exit(1)
}
