//go:build !race

package wiresign

const manyGoroutines = 10_000
