package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	wiresign "github.com/wiresign/wiresign/bindings-c/go"
)

func main() {
	config, err := wiresign.ConfigFromFile("wiresign.json")
	if err != nil {
		log.Fatal(err)
	}
	signer, err := wiresign.NewSigner(config, wiresign.WithTarget("orders"))
	if err != nil {
		log.Fatal(err)
	}
	client := &http.Client{Transport: &wiresign.Transport{Signer: signer}}
	orders := config.URL("orders")
	show(client.Get(orders + "/orders/7"))
	show(client.Post(orders+"/invoices", "application/json", strings.NewReader(`{"number": 8}`)))
}

func show(response *http.Response, err error) {
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.StatusCode, string(body))
}
