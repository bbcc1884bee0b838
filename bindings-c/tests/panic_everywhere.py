"""Lets each export of the library panic, and sees what comes out: a failure, or the answer of an empty object.

    panic_everywhere.py LIBRARY HEADER SYMBOLS

LIBRARY has the cargo feature `panic-test`. Prints "pass EXPORT" for each symbol of the list. A panic that came out
would end the process.
"""

import ctypes
import os
import re
import sys
from pathlib import Path

VARIABLE = "WIRESIGN_TEST_PANIC"
PROTOTYPE = re.compile(r"^([a-z][\w ]*[ *])(wiresign_\w+)\(([^;]*)\);$", re.MULTILINE | re.DOTALL)
NUMBERS = {"int32_t": ctypes.c_int32, "uint16_t": ctypes.c_uint16, "uint32_t": ctypes.c_uint32, "bool": ctypes.c_bool}
# What is not 0: nobody has that ABI, and what has no status is answered with a failure of the server.
FALLBACKS = {"wiresign_abi_version": 0xFFFFFFFF, "uint16_t": 500}


def main() -> int:
    library, header = ctypes.CDLL(sys.argv[1]), Path(sys.argv[2]).read_text(encoding="utf-8")
    symbols = Path(sys.argv[3]).read_text(encoding="utf-8").split()
    prototypes = {name: (result.strip(), parameters) for result, name, parameters in PROTOTYPE.findall(header)}
    found = re.search(r"^#define WIRESIGN_INTERNAL (\d+)$", header, re.MULTILINE)
    assert found, "the header has no WIRESIGN_INTERNAL"
    internal = int(found[1])
    name_of = library.wiresign_error_name
    failed = 0
    for symbol in symbols:
        result, parameters = prototypes[symbol]
        export = getattr(library, symbol)
        export.restype = None if result == "void" else NUMBERS.get(result, ctypes.c_size_t)
        arguments: list[object] = [ctypes.c_void_p()] * (0 if parameters == "void" else parameters.count(",") + 1)
        error = ctypes.c_void_p()
        if tells_errors := parameters.endswith("struct wiresign_error **err"):
            arguments[-1] = ctypes.byref(error)
        os.environ[VARIABLE] = "1"
        given = export(*arguments)
        del os.environ[VARIABLE]
        if tells_errors:
            name_of.restype = ctypes.c_char_p
            is_right = given == internal and name_of(error, None) == b"INTERNAL"
        elif "_verify_" in symbol:
            is_right = given == internal
        else:
            is_right = not given or given == FALLBACKS.get(symbol, FALLBACKS.get(result))
        library.wiresign_error_free(error)
        failed += not is_right
        print("pass" if is_right else f"FAIL {given}", symbol)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
