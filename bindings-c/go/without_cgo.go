//go:build !cgo

package wiresign

// The compiler shows this name, which says what to do: the package links a C library, so cgo must be on.
var _ = wiresign_links_a_C_library__set_CGO_ENABLED_1_and_install_gcc_and_pkg_config
