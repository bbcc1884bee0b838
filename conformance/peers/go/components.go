package main

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// A component is a part of a message that a signature covers (RFC 9421, 2).
type component struct {
	name string
	parameters
	// identifier is its name with its parameters, as it is signed.
	identifier string
}

// What is covered along with a derived component.
var derived = map[string][]string{
	"@method": nil, "@authority": nil, "@scheme": nil, "@path": nil, "@query": nil, "@query-param": nil,
	"@target-uri": {"@scheme", "@authority", "@path", "@query"}, "@request-target": {"@path", "@query"},
}

// structuredTypes are those of fields that requests have, as the registry of IANA has them; true is a dictionary.
var structuredTypes = map[string]bool{
	"accept-signature": true, "cdn-cache-control": true, "content-digest": true, "priority": true, "repr-digest": true,
	"signature": true, "signature-input": true, "want-content-digest": true, "want-repr-digest": true,
	"cache-status": false, "client-cert": false, "client-cert-chain": false, "proxy-status": false,
}

func readComponents(input member) ([]component, error) {
	if len(input.items) > 32 {
		return nil, refused("MALFORMED_SIGNATURE")
	}
	var components []component
	for _, inner := range input.items {
		read, err := readComponent(inner)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(components, read.isSame) {
			return nil, refused("MALFORMED_SIGNATURE")
		}
		components = append(components, read)
	}
	return components, nil
}

// isSame says whether two identifiers are one; the order of their parameters makes no difference.
func (c component) isSame(other component) bool {
	if c.name != other.name || len(c.list) != len(other.list) {
		return false
	}
	return !slices.ContainsFunc(c.list, func(known parameter) bool { return !slices.Contains(other.list, known) })
}

func readComponent(inner item) (component, error) {
	read := component{name: inner.value.text, parameters: inner.parameters, identifier: inner.String()}
	_, isDerived := derived[read.name]
	isField := headerNames.MatchString(read.name)
	isGood := inner.value.kind == aString && (isDerived || isField) && !read.isRepeated && len(read.list) <= 16
	for _, known := range read.list {
		switch known.name {
		case "sf", "bs":
			isGood = isGood && isField && known.value == bare{aFlag, "1"}
		case "key":
			isGood = isGood && isField && known.value.kind == aString
		case "name":
			isGood = isGood && read.name == "@query-param" && known.value.kind == aString
		default:
			// Of the rest, `req` is for responses and trailers (`tr`) are not read.
			isGood = false
		}
	}
	isWrapped := read.find("bs") != nil
	_, isRegistered := structuredTypes[read.name]
	switch {
	case !isGood, isWrapped && len(read.list) > 1,
		read.find("sf") != nil && !isRegistered && read.find("key") == nil,
		read.name == "@query-param" && read.find("name") == nil:
		return component{}, refused("MALFORMED_SIGNATURE")
	}
	return read, nil
}

// standsFor says whether what is covered holds all of what is needed.
func (c component) standsFor(needed component) bool {
	switch {
	case slices.Contains(derived[c.name], needed.name):
		return true
	case needed.name == "@query-param" && (c.name == "@query" || len(derived[c.name]) > 0):
		return true
	case c.name != needed.name:
		return false
	case needed.find("name") != nil:
		return *c.find("name") == *needed.find("name")
	case c.find("key") != nil:
		return needed.find("key") != nil && *c.find("key") == *needed.find("key")
	default:
		return needed.find("bs") == nil || c.find("bs") != nil
	}
}

// valueOf is what stands for a component in what is signed (RFC 9421, 2.1 and 2.2).
func (m *messages) valueOf(covered component, sent request, headers fields) (string, error) {
	target := string(sent.Target)
	path, query, _ := strings.Cut(target, "?")
	scheme := m.document.Settings.URLScheme
	switch covered.name {
	case "@method":
		return string(sent.Method), nil
	case "@scheme":
		return scheme, nil
	case "@path":
		return path, nil
	case "@query":
		return "?" + query, nil
	case "@request-target":
		return target, nil
	case "@query-param":
		return queryParameter(query, covered.find("name").text)
	case "@authority":
		return authorityOf(sent, headers, scheme)
	case "@target-uri":
		authority, err := authorityOf(sent, headers, scheme)
		if target == "*" {
			// RFC 9110, 7.1: the star stands for no path.
			target = ""
		}
		return scheme + "://" + authority + target, err
	default:
		return fieldValue(covered, headers.all(covered.name))
	}
}

var authorities = regexp.MustCompile(`\A((?:\[[0-9A-Za-z:.~_!$&'()*+,;=%-]+\]|(?:[A-Za-z0-9._~!$&'()*+,;=%-])+))(:[0-9]{0,5})?\z`)

// authorityOf is the authority in its one form (RFC 9110, 4.2.3); the request may say it in two places.
func authorityOf(sent request, headers fields, scheme string) (string, error) {
	said := headers.all("host")
	if len(said) > 1 {
		return "", refused("DUPLICATE_HEADER")
	}
	for at := range said {
		said[at] = strings.Trim(said[at], " \t")
	}
	if sent.Authority != nil && *sent.Authority != "" {
		said = append(said, string(*sent.Authority))
	}
	usual := map[string]string{"https": ":443", "http": ":80"}[scheme]
	found := ""
	for _, text := range said {
		parts := authorities.FindStringSubmatch(text)
		if parts == nil {
			return "", refused("MALFORMED_REQUEST")
		}
		if parts[2] == ":" || parts[2] == usual {
			parts[2] = ""
		}
		plain := strings.ToLower(parts[1]) + parts[2]
		if found != "" && found != plain {
			return "", refused("MALFORMED_REQUEST")
		}
		found = plain
	}
	if found == "" {
		return "", refused("INSUFFICIENT_COVERAGE")
	}
	return found, nil
}

func fieldValue(covered component, lines []string) (string, error) {
	if len(lines) == 0 {
		return "", refused("INSUFFICIENT_COVERAGE")
	}
	key := covered.find("key")
	switch {
	case covered.find("bs") != nil:
		var wrapped []string
		for _, line := range lines {
			wrapped = append(wrapped, ":"+base64.StdEncoding.EncodeToString([]byte(strings.Trim(line, " \t")))+":")
		}
		return strings.Join(wrapped, ", "), nil
	case key != nil:
		members, _, isGood := readDictionary(lines)
		at := slices.IndexFunc(members, func(known member) bool { return known.key == key.text })
		switch {
		case !isGood:
			return "", refused("MALFORMED_REQUEST")
		case at < 0:
			return "", refused("INSUFFICIENT_COVERAGE")
		}
		return members[at].String(), nil
	case covered.find("sf") != nil && !structuredTypes[covered.name]:
		return "", errUnsupported
	case covered.find("sf") != nil:
		members, _, isGood := readDictionary(lines)
		if !isGood {
			return "", refused("MALFORMED_REQUEST")
		}
		return writeDictionary(members), nil
	default:
		return joinedLines(lines), nil
	}
}

// queryParameter is the one value of a name, decoded as a form is and encoded again (RFC 9421, 2.2.8).
func queryParameter(query, wanted string) (string, error) {
	var found []string
	pieces := strings.Split(query, "&")
	if len(pieces) > 100 {
		return "", refused("MALFORMED_REQUEST")
	}
	for _, piece := range pieces {
		name, value, _ := strings.Cut(piece, "=")
		if badEscape.MatchString(name) {
			return "", refused("MALFORMED_REQUEST")
		}
		name = formDecoded(name)
		if !utf8.ValidString(name) || !utf8.ValidString(formDecoded(value)) {
			return "", errUnsupported
		}
		if piece != "" && formEncoded(name) == wanted {
			found = append(found, formEncoded(formDecoded(value)))
		}
	}
	switch len(found) {
	case 0:
		return "", refused("INSUFFICIENT_COVERAGE")
	case 1:
		return found[0], nil
	default:
		return "", refused("MALFORMED_REQUEST")
	}
}

func formDecoded(text string) string {
	return escaped.ReplaceAllStringFunc(strings.ReplaceAll(text, "+", " "), unescape)
}

var formPlain = regexp.MustCompile(`[A-Za-z0-9*._-]`)

func formEncoded(text string) string {
	var written strings.Builder
	for at := range len(text) {
		if letter := text[at : at+1]; formPlain.MatchString(letter) {
			written.WriteString(letter)
		} else {
			fmt.Fprintf(&written, "%%%02X", text[at])
		}
	}
	return written.String()
}
