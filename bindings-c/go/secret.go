package wiresign

// #include "native.h"
import "C"

// A SecretEncoding is how GenerateSecret writes the bytes.
type SecretEncoding uint32

const (
	// Hex gives 64 lower-case hexadecimal digits.
	Hex SecretEncoding = C.WIRESIGN_SECRET_HEX
	// Base64 gives 44 characters of the standard alphabet.
	Base64 SecretEncoding = C.WIRESIGN_SECRET_BASE64
)

// GenerateSecret gives a fresh secret of 32 random bytes of the operating system.
func GenerateSecret(encoding SecretEncoding) (string, error) {
	var secret [C.WIRESIGN_SECRET_SIZE]C.char
	var length C.size_t
	var failure *C.wiresign_error
	status := C.wiresign_generate_secret(C.uint32_t(encoding), &secret[0], C.WIRESIGN_SECRET_SIZE, &length, &failure)
	if status != C.WIRESIGN_OK {
		return "", taken(status, failure)
	}
	return C.GoStringN(&secret[0], C.int(length)), nil
}

// Version is that of the native library that is running, such as "0.1.0".
func Version() string {
	var length C.size_t
	text := C.wiresign_version(&length)
	return C.GoStringN(text, C.int(length))
}
