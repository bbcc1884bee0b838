package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"

	"github.com/go-chi/chi/v5"

	wiresign "github.com/wiresign/wiresign/bindings-c/go"
)

func main() {
	config, err := wiresign.ConfigFromFile("wiresign.json")
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := wiresign.NewVerifier(config)
	if err != nil {
		log.Fatal(err)
	}
	routes := chi.NewRouter()
	routes.Use(wiresign.Middleware(verifier))
	routes.Get("/health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "up") })
	routes.Get("/orders/{number}", order)
	routes.With(wiresign.RequireService("billing")).Post("/invoices", invoice)
	log.Fatal(http.ListenAndServe("127.0.0.1:8000", routes))
}

func order(w http.ResponseWriter, r *http.Request) {
	caller, _ := wiresign.CallerFrom(r.Context())
	fmt.Fprintf(w, "order %s, asked by %s", chi.URLParam(r, "number"), caller.Service())
}

func invoice(w http.ResponseWriter, r *http.Request) {
	var invoice struct{ Number int }
	if err := json.NewDecoder(r.Body).Decode(&invoice); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	caller, _ := wiresign.CallerFrom(r.Context())
	fmt.Fprintf(w, "%s made invoice %d", caller.Service(), invoice.Number)
}
