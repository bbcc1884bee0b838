package wiresign

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// What net/http does with a request before a middleware sees it. The package relies on each of these facts.

// exchange writes bytes to a server and reads one answer.
func exchange(t *testing.T, server *httptest.Server, wire string) (int, string) {
	t.Helper()
	connection := must(net.Dial("tcp", server.Listener.Addr().String()))
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(time.Minute))
	must(io.WriteString(connection, wire))
	answer := must(http.ReadResponse(bufio.NewReader(connection), nil))
	defer answer.Body.Close()
	return answer.StatusCode, string(must(io.ReadAll(answer.Body)))
}

// head is the request line and the fields of a signed request, without the empty line.
func head(t *testing.T, method, target, body string) string {
	t.Helper()
	request := &Request{Method: method, Target: target, Body: []byte(body)}
	text := method + " " + target + " HTTP/1.1\r\nHost: orders.example\r\nConnection: close\r\n"
	for _, field := range must(signerOf(t, "billing").Sign(request)) {
		text += field.Name + ": " + field.Value + "\r\n"
	}
	return text
}

func protected(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(Middleware(verifierOfOrders(t))(handler))
	t.Cleanup(server.Close)
	return server
}

func TestRequestURIIsTheExactTarget(t *testing.T) {
	var uri, escaped string
	server := protected(t, func(w http.ResponseWriter, r *http.Request) { uri, escaped = r.RequestURI, r.URL.EscapedPath() })
	// The spelling of the escapes is signed. EscapedPath gives another one: it is no substitute.
	for _, target := range []string{"/a%20b?c=%2f", "/caf%C3%A9?", "/a'(b)!", "/a?b=c?d", "/a^b"} {
		status, body := exchange(t, server, head(t, "GET", target, "")+"\r\n")
		if status != 200 || uri != target {
			t.Errorf("%s: %d %s, the handler saw %q", target, status, body, uri)
		}
	}
	if uri != "/a^b" || escaped != "/a%5Eb" {
		t.Errorf("net/http has changed: %q %q", uri, escaped)
	}
}

func TestTheAbsoluteFormIsRefused(t *testing.T) {
	var uri string
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { uri = r.RequestURI }))
	defer bare.Close()
	exchange(t, bare, "GET http://orders.example/a?b HTTP/1.1\r\nHost: orders.example\r\nConnection: close\r\n\r\n")
	if uri != "http://orders.example/a?b" {
		t.Error("net/http has changed:", uri)
	}
	server := protected(t, func(http.ResponseWriter, *http.Request) { t.Error("let through") })
	signed := strings.Replace(head(t, "GET", "/a?b", ""), "GET /a?b ", "GET http://orders.example/a?b ", 1)
	if status, body := exchange(t, server, signed+"\r\n"); status != 400 || !strings.Contains(body, "MALFORMED_REQUEST") {
		t.Error(status, body)
	}
}

func TestARepeatedCredentialIsSeen(t *testing.T) {
	server := protected(t, func(http.ResponseWriter, *http.Request) { t.Error("let through") })
	for _, repeated := range []string{"X-Service-ID: billing", "x-service-id: shop", "X-SIGNATURE: v2=00"} {
		status, body := exchange(t, server, head(t, "GET", "/", "")+repeated+"\r\n\r\n")
		if !strings.Contains(body, "DUPLICATE_HEADER") {
			t.Error(repeated, status, body)
		}
	}
}

func TestOrderBetweenNamesIsLostAndDoesNotMatter(t *testing.T) {
	server := protected(t, func(http.ResponseWriter, *http.Request) {})
	text := head(t, "GET", "/", "")
	lines := strings.Split(strings.TrimSuffix(text, "\r\n"), "\r\n")
	for left, right := 1, len(lines)-1; left < right; left, right = left+1, right-1 {
		lines[left], lines[right] = lines[right], lines[left]
	}
	if status, body := exchange(t, server, strings.Join(lines, "\r\n")+"\r\n\r\n"); status != 200 {
		t.Error(status, body)
	}
}

func TestAFoldedFieldArrivesJoined(t *testing.T) {
	var values []string
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { values = r.Header["X-Folded"] }))
	defer bare.Close()
	exchange(t, bare, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Folded: one\r\n  two\r\n\r\n")
	if len(values) != 1 || values[0] != "one two" {
		t.Errorf("net/http has changed: %q", values)
	}
	// A folded credential is therefore a value with a space, which no credential has.
	server := protected(t, func(http.ResponseWriter, *http.Request) { t.Error("let through") })
	folded := strings.Replace(head(t, "GET", "/", ""), "X-Service-ID: bill", "X-Service-ID: bill\r\n ", 1)
	if status, body := exchange(t, server, folded+"\r\n"); status != 401 || strings.Contains(body, "AUTHENTICATION_REQUIRED") {
		t.Error(status, body)
	}
}

func TestHostIsNoFieldOfTheHeader(t *testing.T) {
	server := protected(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "orders.example" || len(r.Header["Host"]) != 0 {
			t.Error("net/http has changed:", r.Host, r.Header)
		}
		block, lengths, _ := requestOf(r).appendFields(nil, nil, nil)
		if !strings.Contains(string(block), "Hostorders.example") || len(lengths)%2 != 0 {
			t.Errorf("the library gets no Host: %q", block)
		}
	})
	if status, body := exchange(t, server, head(t, "GET", "/", "")+"\r\n"); status != 200 {
		t.Error(status, body)
	}
}

func TestMaxBytesReaderSetsNoStatus(t *testing.T) {
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1))
		var tooLong *http.MaxBytesError
		if !errors.As(err, &tooLong) {
			t.Error("net/http has changed:", err)
		}
	}))
	defer bare.Close()
	if status, _ := exchange(t, bare, "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"); status != 200 {
		t.Error("net/http has changed:", status)
	}
	// So the middleware answers for it.
	protect := Middleware(verifierOfOrders(t))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1)
		protect(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("let through") })).ServeHTTP(w, r)
	}))
	defer server.Close()
	for _, framing := range []string{"Content-Length: 3\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"} {
		if status, body := exchange(t, server, head(t, "POST", "/", "abc")+framing); status != 413 || !strings.Contains(body, "BODY_TOO_LARGE") {
			t.Error(status, body)
		}
	}
}

func TestTooManyFieldsAreRefused(t *testing.T) {
	server := protected(t, func(http.ResponseWriter, *http.Request) { t.Error("let through") })
	if status, body := exchange(t, server, head(t, "GET", "/", "")+strings.Repeat("A: b\r\n", 250)+"\r\n"); status != 400 || !strings.Contains(body, "MALFORMED_REQUEST") {
		t.Error(status, body)
	}
	if status, body := exchange(t, server, head(t, "GET", "/", "")+"A: "+strings.Repeat("b", 65536)+"\r\n\r\n"); status != 400 || !strings.Contains(body, "MALFORMED_REQUEST") {
		t.Error(status, body)
	}
}

func TestAChunkedBodyAndItsTrailersComeThrough(t *testing.T) {
	server := protected(t, func(w http.ResponseWriter, r *http.Request) {
		body := string(must(io.ReadAll(r.Body)))
		if body != "chunks" || r.Trailer.Get("After") != "all" {
			t.Error(body, r.Trailer)
		}
	})
	wire := head(t, "POST", "/", "chunks") + "Transfer-Encoding: chunked\r\nTrailer: After\r\n\r\n3\r\nchu\r\n3\r\nnks\r\n0\r\nAfter: all\r\n\r\n"
	if status, body := exchange(t, server, wire); status != 200 {
		t.Error(status, body)
	}
}

func TestAClientThatLeavesGetsNoAnswer(t *testing.T) {
	server := protected(t, func(http.ResponseWriter, *http.Request) { t.Error("let through") })
	server.Config.ErrorLog = nil
	for _, framing := range []string{"Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nab"} {
		connection := must(net.Dial("tcp", server.Listener.Addr().String()))
		must(io.WriteString(connection, head(t, "POST", "/", "abc")+framing))
		connection.(*net.TCPConn).CloseWrite()
		connection.SetDeadline(time.Now().Add(time.Minute))
		if answer, err := io.ReadAll(connection); err != nil || len(answer) != 0 {
			t.Errorf("%q %v", answer, err)
		}
		connection.Close()
	}
}

func TestAServerThatStopsServesNothingOfWhatHadNotAllCome(t *testing.T) {
	var begun atomic.Int64
	handler := Middleware(verifierOfOrders(t))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("let through") }))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun.Add(1)
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	var waiting []net.Conn
	for _, framing := range []string{"Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nab"} {
		for range 4 {
			connection := must(net.Dial("tcp", server.Listener.Addr().String()))
			defer connection.Close()
			must(io.WriteString(connection, head(t, "POST", "/", "abc")+framing))
			waiting = append(waiting, connection)
		}
	}
	// What the server has not taken up yet, it would not wait for.
	eventually(t, "all requests have begun", func() bool { return begun.Load() == int64(len(waiting)) })
	brief, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	// It waits for the bodies, which do not come, and is then stopped by force.
	if err := server.Config.Shutdown(brief); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	server.Config.Close()
	for _, connection := range waiting {
		connection.SetDeadline(time.Now().Add(10 * time.Second))
		// That the connection was cut is an answer, too.
		if answer, _ := io.ReadAll(connection); len(answer) != 0 {
			t.Errorf("%q", answer)
		}
	}
}

func TestExpectContinueIsNotAnsweredForABodyThatIsTooLong(t *testing.T) {
	server := protected(t, func(http.ResponseWriter, *http.Request) { t.Error("let through") })
	status, body := exchange(t, server, head(t, "POST", "/", "")+"Expect: 100-continue\r\nContent-Length: 200001\r\n\r\n")
	if status != 413 || !strings.Contains(body, "BODY_TOO_LARGE") {
		t.Error(status, body)
	}
}
