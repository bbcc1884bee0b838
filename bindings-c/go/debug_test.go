package wiresign

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestCallsCollectGarbageUnderTheDebugTagAlone(t *testing.T) {
	verifier, request := verifierOfOrders(t), signedRequest(t, "GET", "/", "")
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	collections := func() uint32 {
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		return memory.NumGC
	}
	before := collections()
	must(verifier.VerifyBytes(request))
	if collected := collections() != before; collected != debugging {
		t.Errorf("collected: %v, under the tag: %v", collected, debugging)
	}
}
