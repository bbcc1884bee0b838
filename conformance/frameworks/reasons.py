"""Why one server lets through what another one refuses. The program fails where a difference has no reason here."""

_OPTIONS = (
    "It is about the server as a whole. net/http and Tomcat answer it themselves, with nothing, and ask neither "
    "Wiresign nor the application; FastAPI, Django and Nest have no route for it, and Next can make no URL of it."
)

REASONS = {
    "`OPTIONS *`": _OPTIONS,
    "`%2F` in the path": (
        "Tomcat refuses paths that could be read in two ways (`encodedSolidusHandling`). So does Wiresign wherever a "
        "path decides something; here no route does, and the path is signed as it was sent."
    ),
    "`//` in the path": "Next answers with a redirect to the path without it, before any handler runs.",
    "a backslash in the path": (
        "Next takes it for a slash and redirects, Tomcat refuses it. To the others it is a byte, which is signed as it "
        "was sent; it is `MALFORMED_REQUEST` wherever a path decides something."
    ),
    "`%00` in the path": "Tomcat refuses it, and Wiresign does wherever a path decides something.",
    "a fragment in the target": (
        "RFC 9112 (3.2) has no fragments in targets. The parser of the crate `http` cuts it off before hyper "
        "or Wiresign sees the target, and so does Puma; the path that is left is what was signed, and all that the "
        "application gets. The others refuse it."
    ),
    "a target with scheme and host": (
        "RFC 9112 (3.2.2) asks servers to take it. Tomcat does, where its host is that of `Host`, and hands on the "
        "path alone, which is what was signed. The others hand all of it on, and Wiresign refuses it."
    ),
    "`%E4`, which is no UTF-8": (
        "The routers of Fastify, Nest, Next and Tomcat decode the path, and refuse what is no text. To the others "
        "the path is bytes, which are signed as they were sent; FastAPI and Flask hand on a replacement "
        "character."
    ),
    "a method in lower case": (
        "Methods have a letter case (RFC 9110, 9.1). Most servers do not know `get`; Wiresign refuses it as "
        "well (uvicorn). Hypercorn writes `GET` before anybody sees it, and that is what was signed."
    ),
    "the signature itself twice": (
        "WSGI (PEP 3333) makes one line of both, with a comma, and that is the list that a signer with two keys sends: "
        "each signature in it holds for the same request, and none is accepted that was not made with a key."
    ),
    "`X_Signature` in place of `X-Signature`": (
        "Rack (as CGI does) names both `HTTP_X_SIGNATURE`, and nobody behind it can tell them apart. The value is "
        "judged as ever, and where both spellings are there Puma keeps the one with the hyphen. Behind a proxy that "
        "looks at `X-Signature` alone, let it drop names with underscores."
    ),
    "a header in two lines (folded)": (
        "RFC 9112 (5.2) lets a server refuse such lines or write a space in their place. uvicorn and hypercorn (by "
        "h11), Go and Tomcat write the space; what was folded is not signed by `service-hmac-v2`."
    ),
    "a header of 12 KiB": (
        "gunicorn takes lines of up to 8,190 bytes (`--limit-request-field_size`), Tomcat 8 KiB of headers "
        "(`server.max-http-request-header-size`)."
    ),
    "a header of 40 KiB": (
        "Node.js takes 16 KiB of headers (`--max-http-header-size`), gunicorn 8,190 bytes a line, Tomcat 8 KiB; h11 "
        "takes 64 KiB, as Wiresign does."
    ),
    "chunks and a length at once": (
        "RFC 9112 (6.3) lets the chunks count and asks proxies to refuse. h11, Go, Tomcat, hyper and Puma take the "
        "chunks; the body is signed, so a second reading of where it ends is `INVALID_SIGNATURE`. Put a proxy that "
        "refuses in front."
    ),
    "no `Host`": (
        "A request of HTTP/1.1 must have one (RFC 9112, 3.2). gunicorn, hyper and Puma do not ask; `service-hmac-v2` "
        "does not sign it. `rfc9421` and `aws-sigv4` do, and refuse it there."
    ),
}

# The same of HTTP/2.
HTTP2_REASONS = {
    "`OPTIONS *`": _OPTIONS,
    "a fragment in the target": "As in HTTP/1.1: the crate `http` cuts it off.",
    "`%E4`, which is no UTF-8": "As in HTTP/1.1: Fastify's router decodes the path.",
    "a method in lower case": "As in HTTP/1.1: Hypercorn writes `GET` before anybody sees it.",
    "a header of 40 KiB": "hyper takes 16 KiB of headers in HTTP/2 (`max_header_list_size`).",
    "no `Host`": (
        "It is `:authority` here, and may be left out (RFC 9113, 8.3.1): Go and hyper take such a request, the others "
        "end it. What signs the host, as `rfc9421` and `aws-sigv4` do, is refused there."
    ),
}
