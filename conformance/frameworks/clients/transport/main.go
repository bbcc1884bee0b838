// Sends signed requests, which are told on standard input, one JSON object on a line. The answer to each is one line, too.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"os"

	wiresign "github.com/wiresign/wiresign/bindings-c/go"
)

type told struct {
	Config, URL, Target, Method, Type string
	Body                              *[]byte
}

type said struct {
	Status int    `json:"status,omitempty"`
	Body   string `json:"body,omitempty"`
	Error  string `json:"error,omitempty"`
}

var clients = map[string]*http.Client{}

func main() {
	lines, answers := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var request told
		if err := lines.Decode(&request); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		answer, err := send(request)
		if err != nil {
			answer = said{Error: err.Error()}
		}
		if err := answers.Encode(answer); err != nil {
			log.Fatal(err)
		}
	}
}

func send(request told) (said, error) {
	client, err := clientOf(request.Config)
	if err != nil {
		return said{}, err
	}
	var body io.Reader
	if request.Body != nil {
		body = bytes.NewReader(*request.Body)
	}
	outgoing, err := http.NewRequest(request.Method, request.URL+request.Target, body)
	if err != nil {
		return said{}, err
	}
	if body != nil {
		outgoing.Header.Set("Content-Type", request.Type)
	}
	answer, err := client.Do(outgoing)
	if err != nil {
		return said{}, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return said{Status: answer.StatusCode, Body: string(text)}, err
}

// clientOf makes one client for each configuration.
func clientOf(file string) (*http.Client, error) {
	if client := clients[file]; client != nil {
		return client, nil
	}
	config, err := wiresign.ConfigFromFile(file)
	if err != nil {
		return nil, err
	}
	signer, err := wiresign.NewSigner(config, wiresign.WithTarget("orders"))
	if err != nil {
		return nil, err
	}
	clients[file] = &http.Client{Transport: &wiresign.Transport{Signer: signer}}
	return clients[file], nil
}
