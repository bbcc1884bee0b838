/* What the files of this package share in C: texts of the library, and calls that spare a crossing. */
#ifndef WIRESIGN_GO_NATIVE_H
#define WIRESIGN_GO_NATIVE_H

#include <wiresign.h>

#if WIRESIGN_ABI_VERSION != 0
#error "this version of the Go module is made for ABI 0 of libwiresign: install the library of the same version"
#endif

/* A text that belongs to an object of the library; `data` is NULL where it is absent. */
typedef struct wiresign_go_text {
    const char *data;
    size_t length;
} wiresign_go_text;

#define WIRESIGN_GO_TEXT(reader, ...)                              \
    __extension__({                                                \
        wiresign_go_text text = {NULL, 0};                         \
        text.data = reader(__VA_ARGS__, &text.length);             \
        text;                                                      \
    })

#endif
