// Package examples holds the programs of docs/go, and runs them.
package examples

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	wiresign "github.com/wiresign/wiresign/bindings-c/go"
)

const pages = "../../../docs/go"

// The pages, and the folders of the programs that they begin with.
var programs = map[string]string{
	"net-http.md": "nethttp", "chi.md": "chi", "gin.md": "gin", "echo.md": "echo", "README.md": "call", "grpc.md": "grpc",
}

var environment = []string{
	"ORDERS_SECRET=0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9",
	"BILLING_SECRET=d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9",
	"SHOP_SECRET=7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b",
}

// block gives what stands between the first fences of a language.
func block(t *testing.T, page, language string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(pages, page))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?ms)^```" + language + "\n(.*?)^```$").FindSubmatch(text)
	if found == nil {
		t.Fatal(page, "shows no", language)
	}
	return string(found[1])
}

// built gives the program of a page, which serves on this address in place of its own.
func built(t *testing.T, page, address string) string {
	t.Helper()
	folder := t.TempDir()
	source := filepath.Join(folder, "main.go")
	program := strings.ReplaceAll(block(t, page, "go"), "127.0.0.1:8000", address)
	if err := os.WriteFile(source, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(folder, "program")
	if output, err := exec.Command("go", "build", "-o", binary, source).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", page, err, output)
	}
	return binary
}

// command is a program in a folder with the config of the pages, as one of the services.
func command(t *testing.T, binary, service, address string) *exec.Cmd {
	t.Helper()
	folder := t.TempDir()
	config := strings.ReplaceAll(block(t, "README.md", "json"), "127.0.0.1:8000", address)
	if err := os.WriteFile(filepath.Join(folder, "wiresign.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	made := exec.Command(binary)
	made.Dir = folder
	made.Env = append(append(os.Environ(), environment...), "SERVICE_ID="+service)
	return made
}

// freeAddress is one of the loopback where nobody listens. The kernel gives its port to nobody else before it is used: it is
// below those that are given to whoever names none.
func freeAddress(t *testing.T) string {
	t.Helper()
	for {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000)))
		if err == nil {
			defer listener.Close()
			return listener.Addr().String()
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			t.Fatal(err)
		}
	}
}

func TestThePagesShowTheProgramsOfThisModule(t *testing.T) {
	found, err := filepath.Glob(filepath.Join(pages, "*.md"))
	if err != nil || len(found) != len(programs) {
		t.Error(found, err)
	}
	for page, folder := range programs {
		source, err := os.ReadFile(filepath.Join(folder, "main.go"))
		if err != nil || string(source) != block(t, page, "go") {
			t.Errorf("%s shows another program than examples/%s/main.go (%v)", page, folder, err)
		}
	}
}

func TestEachServiceOfThePagesIsProtected(t *testing.T) {
	for _, page := range []string{"net-http.md", "chi.md", "gin.md", "echo.md"} {
		t.Run(page, func(t *testing.T) {
			address := freeAddress(t)
			server := command(t, built(t, page, address), "orders", address)
			var log bytes.Buffer
			server.Stdout, server.Stderr = &log, &log
			if err := server.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				_ = server.Process.Kill()
				_ = server.Wait()
				if t.Failed() {
					t.Log(log.String())
				}
			}()
			for end := time.Now().Add(time.Minute); ; {
				if response, err := http.Get("http://" + address + "/health"); err == nil {
					response.Body.Close()
					break
				}
				if time.Now().After(end) {
					t.Fatal("it does not serve")
				}
				time.Sleep(50 * time.Millisecond)
			}
			output, err := command(t, built(t, "README.md", address), "billing", address).CombinedOutput()
			if err != nil || string(output) != block(t, "README.md", "text") {
				t.Errorf("%v %s", err, output)
			}
			for _, call := range []struct {
				service, method, path string
				status                int
				answer                string
			}{
				{"", "GET", "/health", 200, "up"},
				{"", "GET", "/orders/7", 401, "AUTHENTICATION_REQUIRED"},
				{"shop", "GET", "/orders/7", 200, "order 7, asked by shop"},
				{"shop", "POST", "/invoices", 403, "SERVICE_NOT_ALLOWED"},
			} {
				status, answer := ask(t, call.service, call.method, "http://"+address+call.path)
				if status != call.status || !strings.Contains(answer, call.answer) {
					t.Error(call, status, answer)
				}
			}
		})
	}
}

func TestTheProgramOfGRPCPrintsWhatItsPageSays(t *testing.T) {
	output, err := command(t, built(t, "grpc.md", ""), "orders", "").CombinedOutput()
	if err != nil || string(output) != block(t, "grpc.md", "text") {
		t.Errorf("%v\n%s", err, output)
	}
}

// ask calls as a service; as nobody where it has no name.
func ask(t *testing.T, service, method, address string) (int, string) {
	t.Helper()
	client := &http.Client{}
	if service != "" {
		variables := map[string]string{"SERVICE_ID": service}
		for _, one := range environment {
			name, value, _ := strings.Cut(one, "=")
			variables[name] = value
		}
		config, err := wiresign.ParseConfig(block(t, "README.md", "json"), wiresign.WithEnv(variables))
		if err != nil {
			t.Fatal(err)
		}
		signer, err := wiresign.NewSigner(config, wiresign.WithTarget("orders"))
		if err != nil {
			t.Fatal(err)
		}
		client.Transport = &wiresign.Transport{Signer: signer}
	}
	request, err := http.NewRequest(method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}
