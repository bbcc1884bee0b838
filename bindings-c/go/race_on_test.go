//go:build race

package wiresign

// The race detector ends a program that has more than 8128.
const manyGoroutines = 1_000
