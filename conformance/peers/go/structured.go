package main

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Structured fields (RFC 8941, in the form of RFC 9651, which obsoletes it and adds dates and display strings).

type kind string

const (
	aString  kind = "string"
	aToken   kind = "token"
	someData kind = "bytes"
	aNumber  kind = "integer"
	aDecimal kind = "decimal"
	aDate    kind = "date"
	aFlag    kind = "boolean"
	aDisplay kind = "display"
)

// A bare value: the text that it means. That of a number is in its one form already.
type bare struct {
	kind kind
	text string
}

type parameter struct {
	name  string
	value bare
}

// parameters are in their order; of one that is there again the last value counts, in the place of the first.
type parameters struct {
	list       []parameter
	isRepeated bool
}

type item struct {
	value bare
	parameters
}

// A member of a dictionary: an item, or an inner list.
type member struct {
	key    string
	isList bool
	items  []item
	value  bare
	parameters
}

func (p parameters) find(name string) *bare {
	for at := range p.list {
		if p.list[at].name == name {
			return &p.list[at].value
		}
	}
	return nil
}

// A structuredReader reads from left to right, and stops for good where the text is none of the format (RFC 9651, 4.2).
type structuredReader struct {
	rest     string
	hasEnded bool
}

var (
	structuredKey   = regexp.MustCompile(`\A[a-z*][a-z0-9_.*-]*`)
	structuredToken = regexp.MustCompile("\\A[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*")
	number          = regexp.MustCompile(`\A-?[0-9]+(?:\.[0-9]*)?`)
	wholeNumber     = regexp.MustCompile(`\A-?[0-9]{1,15}\z`)
	decimalNumber   = regexp.MustCompile(`\A-?[0-9]{1,12}\.[0-9]{1,3}\z`)
	quoted          = regexp.MustCompile(`\A"((?:[ !#-\[\]-~]|\\["\\])*)"`)
	displayed       = regexp.MustCompile(`\A%"((?:[ !#$&-~]|%[0-9a-f]{2})*)"`)
	wrapped         = regexp.MustCompile(`\A:([A-Za-z0-9+/=]*):`)
	flag            = regexp.MustCompile(`\A\?([01])`)
	escapedText     = regexp.MustCompile(`\\(.)`)
)

// readDictionary reads the lines of a field as one dictionary.
func readDictionary(lines []string) (members []member, isRepeated, isGood bool) {
	reader := &structuredReader{rest: strings.Trim(joinedLines(lines), " ")}
	for reader.rest != "" && !reader.hasEnded {
		read := reader.member()
		at := slices.IndexFunc(members, func(known member) bool { return known.key == read.key })
		if at >= 0 {
			members[at], isRepeated = read, true
		} else {
			members = append(members, read)
		}
		reader.skip(" \t")
		if reader.rest == "" {
			break
		}
		reader.expect(",")
		reader.skip(" \t")
		if reader.rest == "" {
			reader.fail()
		}
	}
	return members, isRepeated, !reader.hasEnded
}

// joinedLines is the value of a field (RFC 9421, 2.1): its lines without white space around, a comma and a space between.
func joinedLines(lines []string) string {
	var values []string
	for _, line := range lines {
		values = append(values, strings.Trim(line, " \t"))
	}
	return strings.Join(values, ", ")
}

func (r *structuredReader) fail() {
	r.rest, r.hasEnded = "", true
}

func (r *structuredReader) skip(blanks string) {
	r.rest = strings.TrimLeft(r.rest, blanks)
}

func (r *structuredReader) expect(text string) {
	rest, isThere := strings.CutPrefix(r.rest, text)
	if !isThere {
		r.fail()
		return
	}
	r.rest = rest
}

// take gives what a pattern finds here, and its first group.
func (r *structuredReader) take(pattern *regexp.Regexp) (whole, group string) {
	found := pattern.FindStringSubmatch(r.rest)
	if found == nil {
		r.fail()
		return "", ""
	}
	r.rest = r.rest[len(found[0]):]
	return found[0], found[len(found)-1]
}

func (r *structuredReader) member() member {
	key, _ := r.take(structuredKey)
	read := member{key: key}
	if !strings.HasPrefix(r.rest, "=") {
		read.value, read.parameters = bare{aFlag, "1"}, r.parameters()
		return read
	}
	r.expect("=")
	if !strings.HasPrefix(r.rest, "(") {
		read.value, read.parameters = r.bare(), r.parameters()
		return read
	}
	r.expect("(")
	read.isList = true
	for {
		r.skip(" ")
		if strings.HasPrefix(r.rest, ")") || r.hasEnded {
			break
		}
		read.items = append(read.items, item{r.bare(), r.parameters()})
		if !strings.HasPrefix(r.rest, " ") && !strings.HasPrefix(r.rest, ")") {
			r.fail()
		}
	}
	r.expect(")")
	read.parameters = r.parameters()
	return read
}

func (r *structuredReader) parameters() parameters {
	var read parameters
	for strings.HasPrefix(r.rest, ";") {
		r.expect(";")
		r.skip(" ")
		key, _ := r.take(structuredKey)
		value := bare{aFlag, "1"}
		if strings.HasPrefix(r.rest, "=") {
			r.expect("=")
			value = r.bare()
		}
		if known := read.find(key); known != nil {
			*known, read.isRepeated = value, true
		} else {
			read.list = append(read.list, parameter{key, value})
		}
	}
	return read
}

func (r *structuredReader) bare() bare {
	if r.rest == "" {
		r.fail()
		return bare{}
	}
	switch first := r.rest[0]; {
	case first == '"':
		_, text := r.take(quoted)
		return bare{aString, escapedText.ReplaceAllString(text, "$1")}
	case first == '%':
		_, text := r.take(displayed)
		text = escaped.ReplaceAllStringFunc(text, unescape)
		if !utf8.ValidString(text) {
			r.fail()
		}
		return bare{aDisplay, text}
	case first == ':':
		_, text := r.take(wrapped)
		data, err := base64.StdEncoding.Strict().DecodeString(text)
		// The reader of the RFC may be lenient here; a signature has one text in our profile.
		if err != nil {
			r.fail()
		}
		return bare{someData, string(data)}
	case first == '?':
		_, digit := r.take(flag)
		return bare{aFlag, digit}
	case first == '@':
		r.expect("@")
		if read := r.number(); read.kind == aNumber {
			return bare{aDate, read.text}
		}
		r.fail()
		return bare{}
	case first == '-' || first >= '0' && first <= '9':
		return r.number()
	default:
		text, _ := r.take(structuredToken)
		return bare{aToken, text}
	}
}

// number reads digits into their one form: no zeros before them, nor behind a fraction.
func (r *structuredReader) number() bare {
	text, _ := r.take(number)
	isWhole := wholeNumber.MatchString(text)
	if !isWhole && !decimalNumber.MatchString(text) {
		r.fail()
		return bare{}
	}
	amount, isNegative := strings.CutPrefix(text, "-")
	whole, fraction, _ := strings.Cut(amount, ".")
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	sign := ""
	if isNegative && whole+fraction != "" {
		sign = "-"
	}
	whole = strings.Repeat("0", max(0, 1-len(whole))) + whole
	if isWhole {
		return bare{aNumber, sign + whole}
	}
	return bare{aDecimal, sign + whole + "." + fraction + strings.Repeat("0", max(0, 1-len(fraction)))}
}

// Writing (RFC 9651, 4.1).

func (b bare) String() string {
	switch b.kind {
	case aString:
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(b.text) + `"`
	case aDisplay:
		var written strings.Builder
		for at := range len(b.text) {
			if letter := b.text[at]; letter < ' ' || letter > '~' || letter == '%' || letter == '"' {
				fmt.Fprintf(&written, "%%%02x", letter)
			} else {
				written.WriteByte(letter)
			}
		}
		return `%"` + written.String() + `"`
	case someData:
		return ":" + base64.StdEncoding.EncodeToString([]byte(b.text)) + ":"
	case aFlag:
		return "?" + b.text
	case aDate:
		return "@" + b.text
	default:
		return b.text
	}
}

func (p parameters) String() string {
	var written strings.Builder
	for _, known := range p.list {
		written.WriteString(";" + known.name)
		if known.value != (bare{aFlag, "1"}) {
			written.WriteString("=" + known.value.String())
		}
	}
	return written.String()
}

func (i item) String() string { return i.value.String() + i.parameters.String() }

// String is the member without its key.
func (m member) String() string {
	if !m.isList {
		return m.value.String() + m.parameters.String()
	}
	var written []string
	for _, inner := range m.items {
		written = append(written, inner.String())
	}
	return "(" + strings.Join(written, " ") + ")" + m.parameters.String()
}

func writeDictionary(members []member) string {
	var written []string
	for _, known := range members {
		text := known.key
		if known.isList || known.value != (bare{aFlag, "1"}) {
			text += "=" + known.String()
		} else {
			text += known.parameters.String()
		}
		written = append(written, text)
	}
	return strings.Join(written, ", ")
}
