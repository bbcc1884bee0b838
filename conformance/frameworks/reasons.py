"""Why one server lets through what another one refuses. The program fails where a difference has no reason here."""

REASONS = {
    "`OPTIONS *`": (
        "It is about the server as a whole. net/http answers it itself, with nothing, and asks neither Wiresign nor "
        "the application; FastAPI and Django have no route for it."
    ),
    "`%E4`, which is no UTF-8": (
        "Fastify's router decodes the path, and refuses what is no text before any hook runs. To the others "
        "the path is bytes, which are signed as they were sent; FastAPI and Flask hand on a replacement "
        "character."
    ),
    "a method in lower case": (
        "Methods have a letter case (RFC 9110, 9.1). Most servers do not know `get`; Wiresign refuses it as "
        "well (uvicorn). Hypercorn writes `GET` before anybody sees it, and that is what was signed."
    ),
    "a header in two lines (folded)": (
        "RFC 9112 (5.2) lets a server refuse such lines or write a space in their place. uvicorn and hypercorn (by "
        "h11) and Go write the space; what was folded is not signed by `service-hmac-v2`."
    ),
    "a header of 12 KiB": ("gunicorn takes lines of up to 8,190 bytes (`--limit-request-field_size`)."),
    "a header of 40 KiB": (
        "Node.js takes 16 KiB of headers (`--max-http-header-size`), gunicorn 8,190 bytes a line; h11 takes "
        "64 KiB, as Wiresign does."
    ),
    "chunks and a length at once": (
        "RFC 9112 (6.3) lets the chunks count and asks proxies to refuse. h11 and Go take the chunks; the body is "
        "signed, so a second reading of where it ends is `INVALID_SIGNATURE`. Put a proxy that refuses in "
        "front."
    ),
    "no `Host`": (
        "A request of HTTP/1.1 must have one (RFC 9112, 3.2). gunicorn does not ask; `service-hmac-v2` does "
        "not sign it. `rfc9421` and `aws-sigv4` do, and refuse it there."
    ),
}
