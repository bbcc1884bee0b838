package wiresign

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// As many names as there may be have many keys in common.
func TestTheFilterFindsItsNamesAndNoOthers(t *testing.T) {
	var names, others []string
	for count := range mostFiltered {
		names = append(names, fmt.Sprintf("X-Read-%03d", count))
		others = append(others, fmt.Sprintf("X-Raed-%03d", count), fmt.Sprintf("X-Read-%d-", count))
	}
	filter := newFieldFilter(names)
	if filter.takesAll {
		t.Fatal("they fit")
	}
	for _, name := range names {
		if found := filter.find(name); found == nil || found.text != name {
			t.Errorf("%s is not found", name)
		}
	}
	for _, name := range append(others, "", "X", "X-", "Host", "x-read-001", strings.Repeat("X", 300)) {
		if filter.find(name) != nil {
			t.Errorf("%q is found", name)
		}
	}
	if filter.readsHost || !newFieldFilter([]string{"X-Signature", "Host"}).readsHost {
		t.Error("Host is one of the names where it is")
	}
}

func TestWhatDoesNotFitIntoAFilterIsNotFiltered(t *testing.T) {
	for _, names := range [][]string{{"*"}, {"X-Signature", "*"}, {"Te"}, {""}, make([]string, mostFiltered+1)} {
		if !newFieldFilter(names).takesAll {
			t.Errorf("%q is filtered", names)
		}
	}
}

// Names and values of all lengths, in space that is too small, just enough, or more than that.
func TestTheFieldsThatAreReadGoAlongAsTheyAre(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 7))
	text := func(most int) string { return strings.Repeat("v", random.IntN(most)) + fmt.Sprint(random.IntN(1000)) }
	for range 2000 {
		header, read := http.Header{}, []string{}
		var wanted []string
		for count := range 1 + random.IntN(12) {
			name := http.CanonicalHeaderKey(fmt.Sprintf("X-%d-%s", count, text(50)))
			for range 1 + random.IntN(2) {
				header.Add(name, text(80))
			}
			if random.IntN(2) == 0 {
				read = append(read, name)
				for _, value := range header[name] {
					wanted = append(wanted, name+": "+value)
				}
			}
		}
		request := &Request{Header: header}
		block, lengths, _ := request.appendFields(make([]byte, 0, random.IntN(900)), nil, newFieldFilter(read))
		var passed []string
		for at := 0; at < len(lengths); at += 2 {
			name, value := block[:lengths[at]], block[lengths[at]:][:lengths[at+1]]
			passed = append(passed, string(name)+": "+string(value))
			block = block[len(name)+len(value):]
		}
		slices.Sort(wanted)
		slices.Sort(passed)
		if !slices.Equal(wanted, passed) || len(block) != 0 {
			t.Fatalf("%q instead of %q, and %d bytes behind them", passed, wanted, len(block))
		}
	}
}
