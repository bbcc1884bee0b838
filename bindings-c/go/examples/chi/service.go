// Package chi is a service on chi, whose middleware is that of net/http.
package chi

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"

	wiresign "github.com/wiresign/wiresign/bindings-c/go"
)

// Service gives the handlers of the service.
func Service(verifier *wiresign.Verifier) http.Handler {
	router := chi.NewRouter()
	router.Use(wiresign.Middleware(verifier))
	router.Get("/health", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "ok") })
	router.Post("/invoices", create)
	router.With(wiresign.RequireService("admin")).Delete("/invoices", func(w http.ResponseWriter, r *http.Request) {})
	return router
}

func create(w http.ResponseWriter, r *http.Request) {
	var invoice struct{ Number int }
	if err := json.NewDecoder(r.Body).Decode(&invoice); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	caller, _ := wiresign.CallerFrom(r.Context())
	fmt.Fprintf(w, "%s made invoice %d", caller.Service(), invoice.Number)
}
