//go:build wiresigndebug

package wiresign

const debugging = true
