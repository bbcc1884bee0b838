package wiresign

// #include "native.h"
import "C"

import "unsafe"

// bytesOf copies bytes that the library made, and frees them.
func bytesOf(native *C.wiresign_bytes) []byte {
	defer C.wiresign_bytes_free(native)
	var length C.size_t
	first := C.wiresign_bytes_data(native, &length)
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(first)), int(length))...)
}
