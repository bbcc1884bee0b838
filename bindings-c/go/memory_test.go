//go:build linux && !race && !wiresigndebug

package wiresign

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
)

// residentMemory is what the process has in memory, in bytes: of Go and of the library.
func residentMemory(t *testing.T) int {
	t.Helper()
	debug.FreeOSMemory() // or it would depend on when garbage was collected last
	fields := strings.Fields(string(must(os.ReadFile("/proc/self/statm"))))
	return must(strconv.Atoi(fields[1])) * os.Getpagesize()
}

// Nearly everybody forgets a Caller, and with an external replay store it holds a native object.
func TestForgottenCallersAndRefusalsTakeNoMemory(t *testing.T) {
	genuine, forged := signedRequest(t, "POST", "/invoices", "{}"), signedRequest(t, "POST", "/invoices", "{}")
	forged.Body = []byte("[]")
	document := sprintOrders(bodyLimit)
	verifier := must(NewVerifier(must(ParseConfig(document[:len(document)-1]+`, "replay": {"store": "none"}}`, secrets))))
	many := func(count int) {
		for range count {
			must(verifier.VerifyBytes(genuine))
			if _, err := verifier.VerifyBytes(forged); err == nil {
				t.Fatal("a forged request was accepted")
			}
		}
	}
	many(20_000)
	before := residentMemory(t)
	many(100_000)
	if after := residentMemory(t); after > before+16<<20 {
		t.Errorf("%d MiB before, %d MiB after", before>>20, after>>20)
	}
}
