package wiresign

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
)

// A call into the library costs more than what it finds out for most requests: the verdict is one, and whether a body is to be
// read another.
func TestAMiddlewareCallsTheLibraryNoMoreThanItMust(t *testing.T) {
	handler := Middleware(verifierOfOrders(t))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	// What the requests of a caller have in common is read with the first of them.
	serveOnce(handler, received(t, "POST", "/invoices", "{}"))
	for _, c := range []struct {
		method, body string
		calls        int64
	}{{"GET", "", 1}, {"POST", "{}", 2}} {
		// Objects that other tests forgot are freed by calls as well, so the least of some requests counts.
		least := int64(1000)
		for range 20 {
			request, answer := received(t, c.method, "/invoices", c.body), httptest.NewRecorder()
			if c.body == "" {
				request.Body = http.NoBody // as a server has it
			}
			before := runtime.NumCgoCall()
			handler.ServeHTTP(answer, request)
			least = min(least, runtime.NumCgoCall()-before)
			if answer.Code != 200 {
				t.Error(answer.Code, answer.Body)
			}
		}
		if least != c.calls {
			t.Errorf("%s: %d calls", c.method, least)
		}
	}
}
