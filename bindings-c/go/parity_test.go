package wiresign

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The types of the contract that Go has, with what stands for a member of another name. An empty text: a member that
// another language's form of the type needs.
var contractTypes = map[string]struct {
	kind  reflect.Type
	other map[string]string
}{
	"Config":            {reflect.TypeFor[*Config](), map[string]string{"parse": "func ParseConfig", "from_env": "func ConfigFromEnv", "jwks_urls": "JwksURLs"}},
	"Problem":           {reflect.TypeFor[*Problem](), nil},
	"ConfigError":       {reflect.TypeFor[*ConfigError](), nil},
	"Signer":            {reflect.TypeFor[*Signer](), map[string]string{"new": "func NewSigner", "with_aws_credentials": "func NewSignerWithAWSCredentials"}},
	"SigningError":      {reflect.TypeFor[*SigningError](), map[string]string{"code": "Unwrap"}},
	"Verifier":          {reflect.TypeFor[*Verifier](), map[string]string{"new": "func NewVerifier"}},
	"BodyVerification":  {reflect.TypeFor[*BodyVerification](), nil},
	"Verified":          {reflect.TypeFor[*Caller](), nil},
	"Refusal":           {reflect.TypeFor[*Refusal](), nil},
	"RefusalResponse":   {reflect.TypeFor[*RefusalResponse](), map[string]string{"www_authenticate": "WWWAuthenticate"}},
	"HandshakeResponse": {reflect.TypeFor[*HandshakeResponse](), map[string]string{"headers": "Fields"}},
	"IdentityRequest":   {reflect.TypeFor[*IdentityRequest](), map[string]string{"headers": "Fields"}},
	"TokenIssuer":       {reflect.TypeFor[*TokenIssuer](), map[string]string{"new": "func NewTokenIssuer"}},
	"IssuedToken":       {reflect.TypeFor[*IssuedToken](), nil},
	"TokenResponse":     {reflect.TypeFor[*TokenResponse](), map[string]string{"headers": "Fields"}},
	"Explanation":       {reflect.TypeFor[*Explanation](), map[string]string{"json": "JSON"}},
	"Hint":              {reflect.TypeFor[*Hint](), nil},
	"Contexts":          {reflect.TypeFor[*Contexts](), map[string]string{"new": "func NewContexts"}},
	"VerifiedContext":   {reflect.TypeFor[*VerifiedContext](), nil},
	"Metrics":           {reflect.TypeFor[*Verifier](), map[string]string{"prometheus": "Metrics"}},
}

// What only Go needs: its interfaces, and other forms of members of the contract.
var onlyInGo = map[string][]string{
	"Config":           {"Close", "String", "GoString"},
	"ConfigError":      {"Error", "Unwrap"},
	"Signer":           {"Close", "AppendFields"},
	"SigningError":     {"Error"},
	"Verifier":         {"Close", "VerifyBytes", "VerifyInto"},
	"BodyVerification": {"Close"},
	"Verified":         {"String", "Identity"},
	"Refusal":          {"Error", "Unwrap"},
	"IdentityRequest":  {"Close", "String", "GoString"},
	"TokenIssuer":      {"Close"},
	"IssuedToken":      {"String", "GoString"},
	"TokenResponse":    {"String", "GoString"},
	"Explanation":      {"String"},
	"Contexts":         {"Close"},
}

var (
	ofName      = regexp.MustCompile(`(?m)^name = "(.*)"$`)
	ofLanguages = regexp.MustCompile(`(?m)^languages = \[(.*)\]$`)
)

// What the contract promises to C, Go has too, and of these types nothing else.
func TestTheExportsAreThoseOfTheContract(t *testing.T) {
	contract, err := os.ReadFile("../../conformance/contract/api.toml")
	if err != nil {
		t.Fatal(err)
	}
	wanted := map[string][]string{}
	kind := ""
	for _, block := range strings.Split(string(contract), "\n[[")[1:] {
		languages := ofLanguages.FindStringSubmatch(block)
		isForC := languages == nil || strings.Contains(languages[1], `"c"`)
		switch {
		case strings.HasPrefix(block, "type]]"):
			kind = ofName.FindStringSubmatch(block)[1]
			if !isForC {
				kind = ""
			} else if _, ok := contractTypes[kind]; !ok {
				t.Errorf("%s is not in the table of this test", kind)
			}
		case strings.HasPrefix(block, "type.member]]") && isForC && kind != "":
			wanted[kind] = append(wanted[kind], goMember(kind, ofName.FindStringSubmatch(block)[1]))
		}
	}
	functions := must(os.ReadDir("."))
	var source strings.Builder
	for _, file := range functions {
		if strings.HasSuffix(file.Name(), ".go") {
			source.Write(must(os.ReadFile(file.Name())))
		}
	}
	for name, members := range wanted {
		exported := exportsOf(contractTypes[name].kind)
		for _, member := range members {
			if strings.HasPrefix(member, "func ") {
				if !strings.Contains(source.String(), "\n"+member+"(") {
					t.Errorf("%s: no %s", name, member)
				}
			} else if !slices.Contains(exported, member) {
				t.Errorf("%s: no %s", name, member)
			}
		}
		for _, member := range exported {
			if name != "Metrics" && !slices.Contains(members, member) && !slices.Contains(onlyInGo[name], member) {
				t.Errorf("%s: %s is not in the contract", name, member)
			}
		}
	}
}

// goMember gives a member of the contract as Go spells it.
func goMember(kind, member string) string {
	if other, ok := contractTypes[kind].other[member]; ok {
		return other
	}
	words := strings.Split(member, "_")
	for at, word := range words {
		switch word {
		case "id", "url":
			words[at] = strings.ToUpper(word)
		case "ids":
			words[at] = "IDs"
		default:
			words[at] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, "")
}

// exportsOf are the methods and fields of a type that others see.
func exportsOf(kind reflect.Type) []string {
	var names []string
	for at := range kind.NumMethod() {
		names = append(names, kind.Method(at).Name)
	}
	for at := range kind.Elem().NumField() {
		if field := kind.Elem().Field(at); field.IsExported() {
			names = append(names, field.Name)
		}
	}
	return names
}
