"""What each flag of the vectors means, and which of the security rules it stands for.

The numbers are those of `conformance/contract/rules.toml`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """What a flag means, and the numbers of the security rules that its tests hold the library to."""

    meaning: str
    rules: tuple[int, ...] = ()


NOTES = {
    # Requests as they should be.
    "Genuine": Note("The request is as a signer of the scheme sends it, and must be accepted."),
    "RawBytes": Note("The body is signed as the bytes it is: never decoded, parsed, or written again.", (1, 2)),
    "LiteralText": Note(
        "The message is put together by appending; marks of a replacement language mean nothing.", (3,)
    ),
    "HeaderNames": Note("Names of headers are compared without letter case, and foreign headers are left alone.", (7,)),
    # What a credential consists of.
    "ExactDecoding": Note("A signature is exactly what the scheme writes: alphabet, length, letter case.", (4, 9)),
    "StrictTimestamp": Note(
        "A timestamp is 1 to 12 ASCII digits, without sign, leading zero, space, fraction.", (5, 9)
    ),
    "StrictNonce": Note("A signed request id is 16 to 64 letters, digits, hyphens or underscores.", (9, 11)),
    "Window": Note("The window is bounded on both sides, both bounds belong to it, in whole seconds.", (6, 12)),
    "RepeatedHeader": Note("A header of the credential that occurs twice, or holds two values, is a refusal.", (7,)),
    "MissingHeader": Note("A header of the credential that is absent is missing; an empty one is malformed.", (14,)),
    "OneCredential": Note("Exactly one credential of an accepted scheme is read.", (35,)),
    "SchemeNotAccepted": Note("A signature of another scheme than the accepted ones opens nothing.", (35,)),
    "TooManySignatures": Note("At most eight signatures are looked at.", (8,)),
    # What a signature covers.
    "Tampered": Note("A part of the request that the signature covers was changed on the way.", (12,)),
    "FieldBoundary": Note("Bytes moved from one field to the next never make the same signed message.", (11,)),
    "QueryUncovered": Note("The scheme does not sign the query; a strict route refuses a query then.", (10, 15)),
    "QueryCovered": Note("The scheme signs the query's raw bytes.", (15, 16)),
    "OtherScheme": Note("A signature made for one scheme is offered as another's.", (11,)),
    "OtherTarget": Note("A signature made for one service is worthless at another.", (18,)),
    "Coverage": Note("The config says what must be covered; a signature may cover more, and never less.", (10,)),
    "Components": Note("A component of the message has one value, or what covers it is refused.", (9, 11)),
    # The request itself.
    "MalformedRequest": Note("Method, target or headers hold what cannot be judged.", (8, 9)),
    "OneAuthority": Note("The host that a request is for is said once; two that differ are a refusal.", (9, 17)),
    "SizeLimit": Note("Sizes and counts are bounded before work is done.", (8,)),
    "RawPath": Note("The path is the raw target as received, neither decoded nor normalised.", (16,)),
    "AmbiguousPath": Note("Where paths decide what is allowed, a path with two readings is refused.", (16,)),
    # Identity and keys.
    "WrongKey": Note("The signature was made with a key that the claimed service does not have."),
    "UnknownService": Note("The claimed service is not in the registry.", (25,)),
    "VerifiedIdentity": Note("Who called is read from signed material only.", (23,)),
    "KeyLife": Note("A key counts from not_before until before not_after, and while it is not revoked.", (24,)),
    "Rotation": Note("Two keys hold while one replaces the other; the result says which of them matched.", (24,)),
    "KeyEncoding": Note(
        "The key is the text of the secret, or its bytes in hex or base64 where the config says so.", (4,)
    ),
    "LongKey": Note("A key longer than a block of the hash is hashed first, as HMAC says."),
    "Uniform": Note("What the answer reveals does not change the verdict.", (25,)),
    # Webhooks and templates.
    "AlgorithmFixed": Note(
        "The algorithm belongs to the scheme and its keys; nothing in the request chooses it.", (21,)
    ),
    "BodyDigest": Note("The digest of the body is signed, and compared with the body in the same call.", (13,)),
    "ListHeader": Note(
        "A header that holds a list has one grammar; time and signatures are found by their keys.", (8, 9)
    ),
    "Published": Note("The sender, or a standard, printed this secret, this request and this signature."),
    "SortedParameters": Note("What is signed are parameters in the order of their names.", (11,)),
    "Timeless": Note("Nothing says when the request was made; the webhook may have its signatures remembered.", (33,)),
    "TokenOnly": Note("The whole credential is a text that both sides know, compared in constant time."),
    "Uncovered": Note(
        "What the signature does not cover may be anything, and the result does not claim otherwise.", (10,)
    ),
    "UnsignedTime": Note("A time that is not signed proves no freshness, and is not reported as if it did.", (12,)),
    "UrlVariant": Note("The URL is the one that the sender knows, in the spellings that the scheme allows."),
    # Policy.
    "PublicRoute": Note("A public route lets everybody in and looks at no credential."),
    "RouteScheme": Note("A route may accept other schemes than the document does.", (35,)),
    "RouteService": Note("A route may be limited to some services."),
    "Permission": Note("A caller with permissions may do only what one of them covers."),
    "Environment": Note("A caller may be limited to some environments."),
    "AllowedTarget": Note("A caller may be limited to some services that it calls.", (18,)),
    "Reflection": Note("What a service signed for others opens nothing at itself, unless its config says so.", (18,)),
    "Precedence": Note("The request has two faults; the earlier step of the verification decides."),
    "ApiKey": Note(
        "An API key says who calls by itself; it is looked up by its digest, and anything else is unknown.", (26,)
    ),
    "OptionalRoute": Note("A route that needs no credential; one that is there is judged in full.", (35,)),
    "RequireAll": Note("Every listed credential must be there and hold, and name the same service.", (35,)),
    "RouteReplay": Note("A route says which of its requests are accepted once only.", (32,)),
    # Replay.
    "Replay": Note("A request that was accepted is not accepted again inside the window.", (30, 31)),
    "ReplayKey": Note("What tells requests apart comes from signed bytes only.", (31,)),
    "Repetition": Note("A scheme without a signed nonce lets safe methods repeat, and others not.", (32,)),
    "RefusedIsNotSeen": Note("A refused request leaves no trace in the replay store.", (30,)),
    "StoreFull": Note("A full replay store refuses or allows as the config says.", (34,)),
    "ConfigReplaced": Note("A new config holds for the next request; what was seen before stays seen.", (30,)),
    # Streams.
    "Stream": Note("A body in pieces gets the verdict that it gets in one piece, whatever the pieces are.", (36,)),
    # Config documents.
    "ConfigForm": Note("Unknown, repeated and missing members and values of a wrong kind are errors."),
    "ConfigValue": Note("A value outside its range or grammar is an error."),
    "ConfigWindow": Note("The window is two bounded whole numbers; nothing switches it off.", (6,)),
    "ConfigSecret": Note("A secret that is missing, weak or wrapped in white space stops the start.", (19, 20)),
    "SharedSecret": Note(
        "A secret belongs to one key of one service, or a key proves less than it seems to.", (23, 24)
    ),
    "ConfigConflict": Note("Members that contradict each other are an error."),
    "ConfigWarning": Note("What is allowed but unwise is a warning.", (15,)),
    "ConfigAccepted": Note("The document is in order."),
    # Contexts.
    "ContextSet": Note("A tenant and a set of roles have one signature, in whatever order the roles come.", (11,)),
    "ContextForm": Note("A tenant or a role that cannot be signed is refused, never folded into one that can.", (9,)),
    "ContextForged": Note("Tenant, roles or signature are not those of the signer."),
    "ContextMigration": Note("SHA-256(secret || payload) counts during a migration only."),
    # Handshakes.
    "Handshake": Note("A challenge of a sender gets its answer, byte for byte; every other request gets none."),
    "HandshakeProof": Note("A challenge that must prove where it comes from is not answered to anybody else.", (35,)),
    "HandshakeForm": Note("What has two readings, or could be taken for a page, is not sent back.", (8, 9)),
    "HandshakeConfig": Note("A handshake that matches everything, or gives away what only a signer has, is an error."),
    # Explanations.
    "Explained": Note("An explanation names the cause, says what a verification says, and leaves no trace."),
    # Tokens.
    "TokenForm": Note("A token is three parts of exact base64url, and JSON that has one reading.", (4, 8, 9)),
    "TokenExtension": Note("An extension that a token asks for and nobody offers is a refusal.", (22,)),
    "TokenTime": Note("A token has an end; leeway is for clocks, and bounded.", (6, 22)),
    "ClaimType": Note("A claim of the wrong type is malformed, and not absent.", (22,)),
    "KeyByName": Note(
        "The id of a key is compared with those that are known, and nothing else is done with it.", (21, 28)
    ),
    "TokenIssued": Note("A token that is issued, and the answer that carries it, byte for byte."),
    "TokenError": Note("A request for a token that cannot be met is answered by its error code, and never by a token."),
    "TokenScope": Note("A token may hold less than the registry gives, and never more.", (23,)),
    # Identities of AWS.
    "IdentityQuestion": Note(
        "What AWS is asked is made on this side, and holds nothing else of the request.", (11, 23, 29)
    ),
    "IdentityAnswer": Note("Only what AWS says of this very proof lets anybody in; without it nobody is.", (9, 23, 29)),
    "IdentityName": Note("The name of an identity is read as a whole, and only as AWS writes it.", (9, 23)),
    # Signing.
    "Signing": Note("The headers and the signed message, byte for byte and in order."),
    "CannotSign": Note("A request that cannot be signed safely is an error, never a half-signed request.", (9,)),
}
