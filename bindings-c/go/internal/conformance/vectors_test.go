package conformance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

type suite struct {
	Groups []struct {
		Question
		Tests []struct {
			ID    string `json:"id"`
			Steps []struct {
				Step
				Expect map[string]any `json:"expect"`
			} `json:"steps"`
		} `json:"tests"`
	} `json:"groups"`
}

// The expectations of the vectors, compared here as conformance/README.md says, under both forms of header fields.
func TestEveryVector(t *testing.T) {
	files, err := filepath.Glob("../../../../conformance/vectors/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no vectors:", err)
	}
	forms := map[string]HeaderForm{"as received": AsReceived, "as net/http has them": AsNetHTTP}
	for _, file := range files {
		for name, form := range forms {
			t.Run(filepath.Base(file)+" "+name, func(t *testing.T) { judge(t, file, form) })
		}
	}
}

func judge(t *testing.T, file string, form HeaderForm) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var vectors suite
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	unasked := 0
	for _, group := range vectors.Groups {
		for _, test := range group.Tests {
			question := group.Question
			canDo := true
			for _, step := range test.Steps {
				question.Steps = append(question.Steps, step.Step)
				canDo = canDo && slices.Contains(Capabilities, step.Op)
			}
			if !canDo {
				// The runner does not ask it either, and says so.
				unasked++
				continue
			}
			for at, result := range Answer(question, form) {
				if want, got := test.Steps[at].Expect, plain(t, result); !matches(want, got) {
					t.Errorf("%s, step %d: expected %v, got %v", test.ID, at+1, want, got)
				}
			}
		}
	}
	if unasked > 0 {
		t.Logf("%d cases need an operation that is not declared", unasked)
	}
}

// plain gives a result as JSON has it.
func plain(t *testing.T, result any) map[string]any {
	text, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	var read map[string]any
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

func matches(want, got map[string]any) bool {
	switch {
	case want["refused"] != nil:
		refused, _ := got["refused"].(map[string]any)
		return refused != nil && refused["code"] == want["refused"]
	case want["failed"] != nil:
		failed, _ := got["failed"].(map[string]any)
		return failed != nil && failed["code"] == want["failed"]
	case want["config_errors"] != nil:
		list, _ := got["config_errors"].([]any)
		return list != nil && slices.Equal(pointers(list), texts(want["config_errors"]))
	}
	fields, _ := want["ok"].(map[string]any)
	result, _ := got["ok"].(map[string]any)
	if result == nil {
		return false
	}
	for name, value := range fields {
		switch name {
		case "warnings":
			list, _ := result[name].([]any)
			if !slices.Equal(pointers(list), texts(value)) {
				return false
			}
		case "message":
			if bytesOf(value) != bytesOf(result[name]) {
				return false
			}
		default:
			if !reflect.DeepEqual(result[name], value) {
				return false
			}
		}
	}
	return true
}

// pointers are the places of problems, sorted, each once.
func pointers(problems []any) []string {
	list := []string{}
	for _, problem := range problems {
		pointer, _ := problem.(map[string]any)["pointer"].(string)
		list = append(list, pointer)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func texts(value any) []string {
	list := []string{}
	for _, text := range value.([]any) {
		list = append(list, text.(string))
	}
	return list
}

func bytesOf(value any) Bytes {
	text, _ := json.Marshal(value)
	var bytes Bytes
	_ = json.Unmarshal(text, &bytes)
	return bytes
}
