//go:build !wiresigndebug

package wiresign

// insideCall does nothing; with the build tag wiresigndebug it collects garbage.
func insideCall() {}
