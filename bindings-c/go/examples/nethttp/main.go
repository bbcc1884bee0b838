package main

import (
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"time"

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
	billing := wiresign.RequireService("billing")
	routes := http.NewServeMux()
	routes.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "up") })
	routes.HandleFunc("GET /orders/{number}", order)
	routes.Handle("POST /invoices", billing(http.HandlerFunc(invoice)))
	server := &http.Server{
		Addr:              "127.0.0.1:8000",
		Handler:           wiresign.Middleware(verifier, wiresign.WithLogger(slog.Default()))(routes),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
	}
	log.Fatal(server.ListenAndServe())
}

func order(w http.ResponseWriter, r *http.Request) {
	caller, _ := wiresign.CallerFrom(r.Context())
	fmt.Fprintf(w, "order %s, asked by %s", r.PathValue("number"), caller.Service())
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
