// The driver lets the conformance runner judge the Go package: one JSON object per line in, one per line out.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"

	wiresign "github.com/wiresign/wiresign/bindings-c/go"
	"github.com/wiresign/wiresign/bindings-c/go/internal/conformance"
)

func main() {
	if err := converse(); err != nil {
		fmt.Fprintln(os.Stderr, "driver:", err)
		os.Exit(1)
	}
}

func converse() error {
	answers := json.NewEncoder(os.Stdout)
	err := answers.Encode(map[string]any{
		"protocol":     1,
		"binding":      "go",
		"version":      wiresign.Version(),
		"runtime":      runtime.Version(),
		"capabilities": conformance.Capabilities,
	})
	questions := bufio.NewReader(os.Stdin)
	for err == nil {
		var line []byte
		line, err = questions.ReadBytes('\n')
		if len(line) == 0 {
			return nil
		}
		var question conformance.Question
		if err = json.Unmarshal(line, &question); err != nil {
			return fmt.Errorf("a line that is no question: %w", err)
		}
		results := conformance.Answer(question, conformance.AsReceived)
		err = answers.Encode(map[string]any{"id": question.ID, "results": results})
	}
	return err
}
