package wiresign

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

const (
	inside  = "10.1.2.3"
	outside = "203.0.113.9"
)

// from is a request of a connection, with lines of the field that proxies write.
func from(peer string, lines ...string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = peer
	if address, err := netip.ParseAddr(peer); err == nil {
		r.RemoteAddr = netip.AddrPortFrom(address, 1234).String()
	}
	for _, line := range lines {
		r.Header.Add("X-Forwarded-For", line)
	}
	return r
}

// addressOf is an address; no text is one that is not known.
func addressOf(text string) netip.Addr {
	if text == "" {
		return netip.Addr{}
	}
	return netip.MustParseAddr(text)
}

func TestOnlyTrustedProxiesNameTheClient(t *testing.T) {
	proxies := must(NewTrustedProxies("10.0.0.0/8", "fd00::/8", "192.0.2.1", "fe80::/10", "::ffff:198.18.0.0/111"))
	many := strings.Repeat("10.9.9.9, ", mostHops-2)
	for _, c := range []struct {
		peer   string
		lines  []string
		client string
	}{
		{inside, []string{"198.51.100.7"}, "198.51.100.7"},
		{inside, []string{"198.51.100.7, 10.9.9.9"}, "198.51.100.7"},
		{inside, []string{"198.51.100.7", "10.9.9.9"}, "198.51.100.7"},
		{inside, []string{"1.1.1.1, 198.51.100.7"}, "198.51.100.7"},
		{inside, []string{"1.1.1.1", "198.51.100.7,10.9.9.9", "10.9.9.9"}, "198.51.100.7"},
		{inside, []string{" 198.51.100.7\t,\t10.9.9.9 "}, "198.51.100.7"},
		{inside, []string{"2001:db8::7"}, "2001:db8::7"},
		{inside, []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
		{inside, []string{"198.51.100.7, ::ffff:10.9.9.9"}, "198.51.100.7"},
		{inside, []string{"198.51.100.7, fd00::1"}, "198.51.100.7"},
		{inside, []string{"198.51.100.7, 192.0.2.1"}, "198.51.100.7"},
		{inside, []string{"198.51.100.7, 192.0.2.2"}, "192.0.2.2"},
		{inside, nil, inside},
		{inside, []string{"10.9.9.9"}, ""},
		{inside, []string{"unknown"}, ""},
		{inside, []string{"198.51.100.7, unknown, 10.9.9.9"}, ""},
		{inside, []string{"unknown, 198.51.100.7"}, "198.51.100.7"},
		{inside, []string{"198.51.100.7", ""}, ""},
		{inside, []string{"198.51.100.7,"}, ""},
		{inside, []string{"198.51.100.7:1234"}, ""},
		{inside, []string{"[2001:db8::7]"}, ""},
		{inside, []string{"198.51.100.07"}, ""},
		{inside, []string{""}, ""},
		{inside, []string{"198.51.100.7, " + many + "10.9.9.9"}, "198.51.100.7"},
		{inside, []string{"198.51.100.7, 10.9.9.9, " + many + "10.9.9.9"}, ""},
		{inside, append([]string{"198.51.100.7"}, slices.Repeat([]string{"10.9.9.9"}, mostHops-1)...), "198.51.100.7"},
		{inside, append([]string{"198.51.100.7"}, slices.Repeat([]string{"10.9.9.9"}, mostHops)...), ""},
		{"::ffff:" + inside, []string{"198.51.100.7"}, "198.51.100.7"},
		{"fe80::1%eth0", []string{"198.51.100.7"}, "198.51.100.7"},
		{"198.19.255.255", []string{"198.51.100.7"}, "198.51.100.7"},
		{"198.20.0.0", []string{"198.51.100.7"}, "198.20.0.0"},
		{outside, []string{"198.51.100.7"}, outside},
		{outside, []string{"unknown"}, outside},
		{"", []string{"198.51.100.7"}, ""},
		{"@", []string{"198.51.100.7"}, ""},
	} {
		if client := proxies.Client(from(c.peer, c.lines...)); client != addressOf(c.client) {
			t.Errorf("%s %q: %s", c.peer, c.lines, client)
		}
	}
}

func TestTheHeaderIsTheOneThatTheProxiesWrite(t *testing.T) {
	proxies := must(NewTrustedProxies("10.0.0.0/8"))
	r := from(inside, "1.1.1.1")
	r.Header.Set("CF-Connecting-IP", "198.51.100.7")
	if client := proxies.Client(r); client != addressOf("1.1.1.1") {
		t.Error(client)
	}
	proxies.ClientHeader = "CF-Connecting-IP"
	if client := proxies.Client(r); client != addressOf("198.51.100.7") {
		t.Error(client)
	}
}

func TestProxiesHaveNetworks(t *testing.T) {
	for text, says := range map[string]string{
		"10.0.0.1/8":             `write "10.0.0.0/8"`,
		"fd00::1/8":              `write "fd00::/8"`,
		"::ffff:10.0.0.1/104":    "host bits",
		"10.0.0.0/33":            "neither",
		"10.0.0.0/":              "neither",
		"10.0.0.0/255.0.0.0":     "neither",
		"10.0.0":                 "neither",
		"fe80::1%eth0":           "neither",
		"localhost":              "neither",
		"":                       "neither",
		"10.0.0.0/8, 172.16.0.0": "neither",
	} {
		if proxies, err := NewTrustedProxies("fd00::/8", text); proxies != nil || err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if proxies, err := NewTrustedProxies(); proxies != nil || err == nil || !strings.Contains(err.Error(), "at least one") {
		t.Error(err)
	}
	// Who passes the error over trusts nobody.
	var nobody *TrustedProxies
	if client := nobody.Client(from(inside, "198.51.100.7")); client != addressOf(inside) {
		t.Error(client)
	}
}

func TestFailuresAndRecordsAreThoseOfTheClientBehindTheProxies(t *testing.T) {
	proxies := must(NewTrustedProxies("10.0.0.0/8"))
	var clients []netip.Addr
	note := OnDecision(func(decision Decision) { clients = append(clients, decision.Client) })
	ask := func(handler http.Handler, target, lines string) int {
		r := received(t, "GET", "/", "")
		r.RequestURI = target
		r.RemoteAddr = inside + ":1234"
		r.Header.Set("X-Forwarded-For", lines)
		return serveOnce(handler, r).Code
	}
	once := `"limits": {"failures_per_minute": 1, `
	behind := Middleware(verifierWith(t, `"limits": {`, once), note, WithTrustedProxies(proxies))(whoCalled)
	// A minute may end between two of them.
	codes := []int{}
	for range 3 {
		codes = append(codes, ask(behind, "/forged", "1.1.1.1, 192.0.2.7"))
	}
	if !slices.Contains(codes, http.StatusTooManyRequests) {
		t.Error(codes)
	}
	if code := ask(behind, "/", "1.1.1.1, 192.0.2.8"); code != http.StatusOK {
		t.Error("another client of the same proxies:", code)
	}
	// Without proxies nobody reads the field.
	alone := Middleware(verifierOfOrders(t), note)(whoCalled)
	if code := ask(alone, "/", "1.1.1.1, 192.0.2.7"); code != http.StatusOK {
		t.Error(code)
	}
	first, second := addressOf("192.0.2.7"), addressOf("192.0.2.8")
	if !slices.Equal(clients, []netip.Addr{first, first, first, second, addressOf(inside)}) {
		t.Error(clients)
	}
	// Of two options about the client the last one counts.
	clients = nil
	fixed := WithClient(func(*http.Request) netip.Addr { return second })
	ask(Middleware(verifierOfOrders(t), note, fixed, WithTrustedProxies(proxies))(whoCalled), "/", "192.0.2.7")
	ask(Middleware(verifierOfOrders(t), note, WithTrustedProxies(proxies), fixed)(whoCalled), "/", "192.0.2.7")
	if !slices.Equal(clients, []netip.Addr{first, second}) {
		t.Error(clients)
	}
}
