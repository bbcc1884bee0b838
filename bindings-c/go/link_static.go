//go:build cgo && wiresign_static

package wiresign

// #cgo pkg-config: wiresign-static
import "C"
