// Command stock-service knows what is in store, and sets a gift aside for whoever registers.
//
//	stock-service                            serves
//	stock-service call TARGET METHOD PATH    makes one call, with the key of this service
package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"sync/atomic"

	wiresign "github.com/wiresign/wiresign/bindings-c/go"
)

// So many points are worth the next set.
const pointsOfASet = 100

func main() {
	fleet := join("stock-service")
	if len(os.Args) == 5 && os.Args[1] == "call" {
		fleet.callOnce(os.Args[2], os.Args[3], os.Args[4])
		return
	}
	fleet.serve(handlers(fleet))
}

func handlers(fleet *fleet) http.Handler {
	var reserved, built atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, map[string]string{"service": "stock-service", "status": "ok"})
	})
	mux.HandleFunc("POST /api/reservations", func(w http.ResponseWriter, r *http.Request) {
		var gift struct{ Owner string }
		if err := json.NewDecoder(r.Body).Decode(&gift); err != nil {
			answer(w, http.StatusBadRequest, map[string]string{"error": "The body is no reservation."})
			return
		}
		sets, err := choose(r.Context(), fleet, gift.Owner)
		if err != nil {
			fleet.failed(r, err)
			answer(w, http.StatusBadGateway, map[string]string{"error": "A service behind this one failed."})
			return
		}
		caller, _ := wiresign.CallerFrom(r.Context())
		answer(w, http.StatusCreated, map[string]any{
			"number": reserved.Add(1), "owner": gift.Owner, "sets": sets, "askedBy": caller.Service(),
		})
	})
	mux.HandleFunc("GET /api/stock/{item}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, map[string]any{"item": r.PathValue("item"), "left": 1000})
	})
	// Whose photo is uploaded has built it.
	mux.HandleFunc("POST /api/stock", func(w http.ResponseWriter, r *http.Request) {
		var change struct {
			Set   string
			Built int64
		}
		if err := json.NewDecoder(r.Body).Decode(&change); err != nil {
			answer(w, http.StatusBadRequest, map[string]string{"error": "The body is no change of the stock."})
			return
		}
		answer(w, http.StatusOK, map[string]any{"set": change.Set, "built": built.Add(change.Built)})
	})
	return mux
}

// choose picks a gift among the sets that the owner's points are enough for, sends it off with its picture, and says how many
// sets there were.
func choose(ctx context.Context, fleet *fleet, owner string) (int, error) {
	var known struct{ Sets []string }
	if err := fleet.call(ctx, "lego-projects-api", "GET", "/api/sets?missing=price", nil, &known); err != nil {
		return 0, err
	}
	if len(known.Sets) == 0 {
		return 0, nil
	}
	var account struct{ Points int }
	if err := fleet.call(ctx, "rewards-service", "GET", "/api/accounts/"+url.PathEscape(owner), nil, &account); err != nil {
		return 0, err
	}
	set := known.Sets[min(account.Points/pointsOfASet, len(known.Sets)-1)]
	var picture struct{ ID string }
	if err := fleet.call(ctx, "image-service", "GET", "/api/images/"+url.PathEscape(set)+"?variant=box", nil, &picture); err != nil {
		return 0, err
	}
	parcel := map[string]string{"owner": owner, "set": set, "picture": picture.ID}
	var sent struct{ Number int }
	return len(known.Sets), fleet.call(ctx, "delivery-service", "POST", "/api/parcels", parcel, &sent)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // whoever asked may be gone
}
