// Says what reached an application of net/http: nethttp ADDRESS.
package main

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"

	wiresign "github.com/wiresign/wiresign/bindings-c/go"
)

func main() {
	config, err := wiresign.ConfigFromFile(os.Getenv("FRAMEWORKS_CONFIG"))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := wiresign.NewVerifier(config)
	if err != nil {
		log.Fatal(err)
	}
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		notes := []int{}
		for _, value := range r.Header.Values("X-Note") {
			notes = append(notes, len(value))
		}
		w.Header().Set("Content-Type", "application/json")
		caller, _ := wiresign.CallerFrom(r.Context())
		said := map[string]any{
			"path": r.URL.Path, "query": r.URL.RawQuery, "body": hex.EncodeToString(body), "notes": notes, "caller": caller.Service(),
		}
		if err := json.NewEncoder(w).Encode(said); err != nil {
			log.Print(err)
		}
	})
	server := &http.Server{Addr: os.Args[1], Handler: wiresign.Middleware(verifier)(echo), Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	log.Fatal(server.ListenAndServe())
}
