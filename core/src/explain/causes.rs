//! The causes that an explanation can name: for each a stable id, what it is, and what to do.

/// A cause in one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cause {
    pub(super) id: &'static str,
    /// What takes the places of `{}` and, behind a bar, of `{2}` in the sentences.
    pub(super) detail: String,
}

impl Cause {
    pub(super) fn new(id: &'static str) -> Self {
        Self::with(id, "")
    }

    pub(super) fn with(id: &'static str, detail: &str) -> Self {
        Self { id, detail: detail.to_owned() }
    }

    /// What happened, and what to do.
    pub(super) fn sentences(&self) -> (String, String) {
        let known = CAUSES.iter().find(|known| known.id == self.id);
        let (cause, fix) = known.map_or(("", ""), |known| (known.cause, known.fix));
        let (first, second) = self.detail.split_once('|').unwrap_or((&self.detail, ""));
        let fill = |text: &str| text.replace("{}", first).replace("{2}", second);
        (fill(cause), fill(fix))
    }
}

/// What is said of a cause.
pub(super) struct Known {
    pub(super) id: &'static str,
    pub(super) cause: &'static str,
    pub(super) fix: &'static str,
}

const fn known(id: &'static str, cause: &'static str, fix: &'static str) -> Known {
    Known { id, cause, fix }
}

const SIGN_THE_BYTES: &str =
    "Sign the very bytes that are sent, and verify the very bytes that were received, before any parser sees them.";
const SAME_TARGET: &str =
    "Sign path and query exactly as they stand in the request line, and verify them as they arrived.";
const ONE_MESSAGE: &str =
    "Put the message together as docs/wire-formats.md or the template says; `wiresign sign --show-message` prints it.";
const SAME_SECRET: &str = "Read the secret the same way on both sides: as text unless the config says hex or base64.";
const CLEAN_SECRET: &str = "Take the secret without anything around it; trim what a file or a form brings along.";
const OWN_SECRET: &str = "Sign with the secret that stands at the caller's own entry in the receiver's config.";
const SPELL: &str = "Write the signature exactly as the scheme does: alphabet, letter case, padding and prefix.";

/// Every cause, grouped by what it is about.
pub(super) const CAUSES: &[Known] = &[
    // The body.
    known(
        "body-json-compact",
        "The signature is that of the body as compact JSON; the body that is here has white space between its parts.",
        SIGN_THE_BYTES,
    ),
    known(
        "body-json-spaces",
        "The signature is that of the body with a space after each comma and colon, as Python's json.dumps writes it; the body that is here is written otherwise.",
        SIGN_THE_BYTES,
    ),
    known(
        "body-json-pretty",
        "The signature is that of the body as indented JSON; the body that is here is laid out otherwise.",
        SIGN_THE_BYTES,
    ),
    known(
        "body-json-sorted-keys",
        "The signature is that of the body with its members sorted by name; the body that is here has another order.",
        SIGN_THE_BYTES,
    ),
    known(
        "body-json-key-order",
        "The signature is that of the body after JavaScript parsed it and wrote it again: names that are numbers come first, and repeated names are gone.",
        SIGN_THE_BYTES,
    ),
    known(
        "body-json-ascii-escapes",
        "The signature is that of the body with every character outside ASCII as a \\u escape; the body that is here has some of these characters themselves.",
        SIGN_THE_BYTES,
    ),
    known(
        "body-json-escapes-undone",
        "The signature is that of the body with characters in place of their escapes; the body that is here has the escapes.",
        SIGN_THE_BYTES,
    ),
    known(
        "body-json-slash-escapes",
        "The signature is that of the body with \\/ for each slash, as PHP's json_encode writes it; the body that is here has plain slashes.",
        SIGN_THE_BYTES,
    ),
    known(
        "body-json-html-escapes",
        "The signature is that of the body with <, > and & as \\u escapes, as Go and .NET write JSON; the body that is here has the characters themselves.",
        SIGN_THE_BYTES,
    ),
    known(
        "body-json-numbers",
        "The signature is that of the body with its numbers written anew (1.0 as 1, 1e2 as 100): it was parsed and written again.",
        SIGN_THE_BYTES,
    ),
    known(
        "body-json-twice",
        "The body was turned into JSON twice: one side has a JSON string that holds the document of the other.",
        "Turn the object into JSON once, keep the text, and both sign and send it.",
    ),
    known(
        "body-trailing-newline",
        "The signed body and the body that is here differ in a line end at the end.",
        "Send what was signed: no line end is added by an editor, by echo or by a JSON encoder.",
    ),
    known("body-white-space", "The signature is that of the body without the white space around it.", SIGN_THE_BYTES),
    known(
        "body-line-ends",
        "The signed body and the body that is here differ in their line ends, CRLF and LF.",
        "Send the file as it is, in binary mode; let no tool change line ends between signing and verifying.",
    ),
    known(
        "body-bom",
        "The signed body and the body that is here differ in a byte order mark at the start.",
        "Write the body as UTF-8 without a byte order mark, or sign it with the mark.",
    ),
    known(
        "body-latin1",
        "The body was decoded in one character set and encoded in another (Latin-1 and UTF-8) between signing and verifying.",
        "Keep the body as bytes; encode text once, as UTF-8, before signing.",
    ),
    known(
        "body-replacement-characters",
        "The body holds bytes that are no UTF-8, and the signature is that of the body after it was read as text, with replacement characters in it.",
        "Keep the body as bytes; never sign or verify a decoded string.",
    ),
    known(
        "body-replaced-already",
        "The body holds replacement characters (U+FFFD): it was read as text before it came here, and its own bytes are lost.",
        "Hand over the raw bytes of the body, before any decoding.",
    ),
    known(
        "body-empty",
        "One side has no body at all, and the signature is that of {}.",
        "Sign an empty body as no bytes, and send none where none was signed.",
    ),
    known(
        "body-not-sent",
        "The signature is that of a request without a body, and here is one.",
        "Sign after the body is complete; a signer that runs too early has seen none.",
    ),
    known(
        "body-not-received",
        "The body is empty here, and Content-Length says that one was sent: something has read it before the verification.",
        "Verify before anything reads the body, or hand over the bytes that were read.",
    ),
    known(
        "body-python-text",
        "The signature is that of the body as Python prints it ({}), not of the body itself.",
        "Do not put bytes or a dict into a string: join bytes with bytes, b\"\\n\".join([...]).",
    ),
    known(
        "body-object-text",
        "The signature is that of the text \"{}\" in place of the body: an object was put into a string.",
        "Put the bytes of the body into the message, not the object that a parser made of it.",
    ),
    known(
        "body-base64",
        "One side has the body in base64 or hex, the other the bytes themselves.",
        "Decode the body first where a gateway hands it over in base64 (isBase64Encoded), and verify the bytes.",
    ),
    known(
        "body-form",
        "One side has a form, the other JSON: the signature is that of the parameters as {}.",
        "Sign the bytes that the client really sends; look at Content-Type to see which it is.",
    ),
    known(
        "body-form-encoding",
        "The signature is that of the form with its parameters encoded in another way (a space as + or %20, other marks escaped).",
        SIGN_THE_BYTES,
    ),
    known("body-form-sorted", "The signature is that of the form with its parameters sorted.", SIGN_THE_BYTES),
    known(
        "body-compressed",
        "The body is compressed, and the signature is probably that of the body before compression.",
        "Sign what is sent, compressed; or verify after the same decompression on both sides.",
    ),
    known("body-hash", "The signature is made over the SHA-256 of the body in place of the body.", ONE_MESSAGE),
    known(
        "body-too-large",
        "The body is longer than limits.body_bytes allows.",
        "Send less at once, or raise limits.body_bytes.",
    ),
    // Method, path and query.
    known(
        "method-case",
        "The signature is made over the method in another letter case.",
        "Sign the method in upper case, as it stands in the request line.",
    ),
    known(
        "method-other",
        "The signature is that of a {} request; the method was changed on the way, or another one was signed.",
        "Sign the method that is sent; a redirect or a method override changes it.",
    ),
    known(
        "method-lower-case",
        "The method is not in upper case.",
        "Hand over the method as it stands in the request line, in upper case.",
    ),
    known(
        "path-prefix-missing",
        "The signature is that of the path without {}: the sender signs a path that is shorter than the one that arrives.",
        "Sign the whole path that the receiver sees, or hand over the path as it was before the gateway added the prefix.",
    ),
    known(
        "path-prefix-added",
        "The signature is that of the path with {} before it: a proxy or router has taken the prefix off before the verification.",
        "Hand over the path as the sender sent it (the original URL, not the one relative to a mounted router).",
    ),
    known(
        "path-trailing-slash",
        "The signed path and the path that is here differ in a slash at the end.",
        SAME_TARGET,
    ),
    known("path-decoded", "The signature is that of the path with its percent-encoding undone.", SAME_TARGET),
    known(
        "path-encoded",
        "The signature is that of the path with its characters percent-encoded; the path that is here has them decoded, or encoded in another way.",
        SAME_TARGET,
    ),
    known(
        "path-escape-case",
        "The signed path and the path that is here differ in the letter case of their percent-encoding (%c3 and %C3).",
        SAME_TARGET,
    ),
    known("path-without-slash", "The signature is that of the path without its first slash.", SAME_TARGET),
    known("path-letter-case", "The signature is that of the path in lower case.", SAME_TARGET),
    known("path-normalised", "The signed path and the path that is here differ in doubled slashes.", SAME_TARGET),
    known("path-left-out", "The message was signed without the path.", ONE_MESSAGE),
    known(
        "path-with-query",
        "The signature is made over path and query where the scheme signs the path alone.",
        "Cut the path at its first question mark, or use service-hmac-v2, which signs the query too.",
    ),
    known(
        "path-two-readings",
        "The path could be read in two ways (dot segments, doubled slashes, needless escapes), so it is refused before anything else.",
        "Send the plain path: no dot segments, no empty segments, no escaped letters or slashes.",
    ),
    known(
        "target-form",
        "The target is not path and query as in the request line: it is a whole URL, or decoded, or lacks its first slash.",
        "Hand over the raw target (/path?query), neither decoded nor made absolute.",
    ),
    known(
        "url-signed",
        "The signature is made over the whole URL, or over another scheme and host than here.",
        "Sign what the scheme says: usually path and query; where it is the URL, configure the one that the sender knows.",
    ),
    known("query-left-out", "The message was signed without the query.", SAME_TARGET),
    known(
        "query-question-mark",
        "The query was signed with its question mark.",
        "Leave out the question mark: the query is what follows it.",
    ),
    known(
        "query-sorted",
        "The signature is that of the query with its parameters sorted; the query that is here has another order.",
        SAME_TARGET,
    ),
    known("query-order", "The signature is that of the query with its parameters in another order.", SAME_TARGET),
    known(
        "query-space",
        "The signed query and the query that is here differ in the spelling of spaces, + and %20.",
        SAME_TARGET,
    ),
    known(
        "query-escape-case",
        "The signed query and the query that is here differ in the letter case of their percent-encoding (%2f and %2F).",
        SAME_TARGET,
    ),
    known("query-decoded", "The signature is that of the query with its percent-encoding undone.", SAME_TARGET),
    known(
        "query-encoding",
        "The signed query and the query that is here are encoded in different ways: it was decoded and encoded again.",
        SAME_TARGET,
    ),
    known(
        "query-parameter",
        "The signature is that of the query without the parameter {}: it was added after signing.",
        "Add parameters before signing; let no proxy add any.",
    ),
    known(
        "query-not-covered",
        "The route is strict, and this scheme does not sign all of method, path and query.",
        "Sign with a scheme that covers them (service-hmac-v2), or call the route without a query.",
    ),
    // Time.
    known(
        "timestamp-milliseconds",
        "The timestamp is in milliseconds or finer, and this scheme has seconds.",
        "Send whole seconds: Math.floor(Date.now() / 1000).",
    ),
    known("timestamp-fraction", "The timestamp has a fraction.", "Send whole seconds: int(time.time())."),
    known(
        "timestamp-date",
        "The timestamp is a date in words or ISO form, and this scheme has Unix seconds.",
        "Send whole seconds since 1970 in digits.",
    ),
    known("timestamp-white-space", "There is white space around the timestamp.", "Send the digits alone."),
    known("timestamp-empty", "The timestamp is empty.", "Send whole seconds since 1970 in digits."),
    known(
        "timestamp-form",
        "The timestamp is not written as the scheme writes it.",
        "Send the time in plain digits, or where the scheme has dates as 2026-12-01T00:00:00Z.",
    ),
    known(
        "timestamp-not-unix",
        "The timestamp is a number, but not of seconds since 1970: it may count from a start of the machine, or in another unit.",
        "Send Unix time in the unit that the scheme has.",
    ),
    known(
        "timestamp-local-time",
        "The timestamp is {} the clock here, as far as local time of {2} that is taken for UTC.",
        "Take Unix time from the clock itself (time.time(), Date.now()), not from a date without a time zone.",
    ),
    known(
        "timestamp-stale",
        "The timestamp is older than a day: the request was stored or recorded, and sent again with its old signature.",
        "Sign each attempt anew, just before it is sent.",
    ),
    known(
        "clock-skew",
        "The timestamp is {} the clock here: the clocks differ, or the request was held back on its way.",
        "Compare the clocks of both machines (NTP), and sign just before sending.",
    ),
    known(
        "timestamp-in-message",
        "The signature is made over the timestamp {}, and the request carries it otherwise.",
        "Sign the very text that is sent as the timestamp.",
    ),
    known(
        "timestamp-taken-twice",
        "The signed time and the time that is sent are {} apart: the clock was read twice.",
        "Read the clock once, and use that text both in the message and in the header.",
    ),
    // Keys.
    known(
        "key-other-own",
        "The signature is right with {}, which is not valid now.",
        "Sign with a key of the caller that is active.",
    ),
    known(
        "key-of-other-service",
        "The signature is made with {}, not with a key of the caller that the request names.",
        OWN_SECRET,
    ),
    known(
        "key-of-other-webhook",
        "The signature is made with {}, another sender's key.",
        "Give each endpoint the secret of its own sender; copy it from the sender's settings for this very endpoint.",
    ),
    known("key-is-api-key", "The signature is made with {}: an API key was used as a signing secret.", OWN_SECRET),
    known(
        "key-as-text",
        "The signature is made with the secret's text as the key, and the config reads the secret as hex or base64.",
        SAME_SECRET,
    ),
    known(
        "key-as-hex",
        "The signature is made with the bytes that the secret stands for as hex, and the config reads it otherwise.",
        SAME_SECRET,
    ),
    known(
        "key-as-base64",
        "The signature is made with the bytes that the secret stands for as base64, and the config reads it otherwise.",
        SAME_SECRET,
    ),
    known("key-white-space", "The signature is made with the secret and {}.", CLEAN_SECRET),
    known("key-quotes", "The signature is made with the secret in quotes ({}).", CLEAN_SECRET),
    known(
        "key-prefix",
        "The secret's prefix (as whsec_) {} on the sender's side, and the config's scheme does otherwise.",
        "Take the secret as the scheme's page says, with or without its prefix, on both sides.",
    ),
    known(
        "key-letter-case",
        "The signature is made with the secret in another letter case.",
        "Copy the secret as it is.",
    ),
    known("key-hashed", "The signature is made with the SHA-256 of the secret as the key.", SAME_SECRET),
    known(
        "key-cut",
        "The signature is made with the first part of the secret only; a limit on length, or a mark that a shell or .env file reads, has cut it.",
        "Put the secret in single quotes in .env files, and let nothing shorten it.",
    ),
    known("key-encoded-again", "The signature is made with the secret encoded once more, as {}.", SAME_SECRET),
    known(
        "key-not-set",
        "The signature is made with {} as the key: the sender's secret was not set when it signed.",
        "Set the secret where the sender runs, and let it stop when there is none.",
    ),
    known(
        "key-not-valid",
        "The signature is right, and its key is not valid now: {}.",
        "Give the caller its current key; not_before, not_after and state say when each is valid.",
    ),
    known(
        "caller-unknown",
        "The request names a caller that has no keys in this config.",
        "Add the caller to \"services\", or correct the id that it sends.",
    ),
    known(
        "caller-nearly-known",
        "The request names a caller that is not in this config; {} is, and is spelled nearly the same.",
        "Send the id exactly as it stands in the config: letter case, hyphens and all.",
    ),
    known(
        "caller-in-message",
        "The signature is made over another name of the caller ({}) than the request carries.",
        "Use one id in the message and in the header.",
    ),
    known(
        "api-key-unknown",
        "No service here has the API key that was sent.",
        "Send a key that stands in the config, byte for byte.",
    ),
    known("api-key-spelling", "The API key is right but for {}.", "Send the key alone, without anything around it."),
    known(
        "api-key-is-secret",
        "What was sent as API key is a signing secret of {}: it has left the house, and must be replaced.",
        "Replace that secret now, and send an API key.",
    ),
    // The signature's spelling.
    known("signature-upper-case", "The signature is right, and written in upper-case hex.", SPELL),
    known("signature-hex", "The signature is right, and written in hex where the scheme has base64.", SPELL),
    known("signature-base64", "The signature is right, and written in base64 where the scheme has hex.", SPELL),
    known(
        "signature-base64-of-hex",
        "The signature is right, and its hex digits were written in base64 once more.",
        SPELL,
    ),
    known(
        "signature-alphabet",
        "The signature is right, and written in the other alphabet of base64 (+/ and -_).",
        SPELL,
    ),
    known(
        "signature-padding",
        "The signature is right, and its base64 is padded otherwise than the scheme says.",
        SPELL,
    ),
    known(
        "signature-prefix",
        "The signature is right, and the text before it is missing or not that of the scheme.",
        SPELL,
    ),
    known("signature-white-space", "The signature is right, and has white space around it.", SPELL),
    known("signature-quotes", "The signature is right, and stands in quotes.", SPELL),
    known(
        "signature-form",
        "The signature does not look like one of this scheme: its length or its characters are others.",
        SPELL,
    ),
    known(
        "signature-length",
        "The signature has the length of {}, and this scheme has another algorithm.",
        "Sign with the algorithm of the scheme, HMAC-SHA256 unless it says otherwise.",
    ),
    // The message.
    known(
        "other-scheme",
        "The signature is right for the message of {}, with the same key.",
        "Sign in a scheme that is accepted here, or accept that one in the config.",
    ),
    known(
        "scheme-not-accepted",
        "The request carries a credential of {}, which is not accepted here.",
        "Sign in a scheme that is accepted on this route, or list that one under accept.",
    ),
    known("without-part", "The message was signed without its part \"{}\".", ONE_MESSAGE),
    known("without-timestamp", "The message was signed without the timestamp.", ONE_MESSAGE),
    known("without-body", "The message was signed without the body.", ONE_MESSAGE),
    known("separator", "The parts of the message were joined with {}.", ONE_MESSAGE),
    known("part-order", "The parts of the message were joined in another order ({}).", ONE_MESSAGE),
    known(
        "message-line-end",
        "The message was signed with a line end at its end, as echo adds one.",
        "Pass the message with printf '%s', or without the last line end.",
    ),
    known(
        "algorithm",
        "The signature is made with {} in place of the scheme's algorithm.",
        "Sign with HMAC-SHA256, or the algorithm that the scheme names.",
    ),
    known(
        "target-in-message",
        "The signature is made over another target service ({}) than the request names.",
        "Use one id of the called service in the message and in X-Target-Service.",
    ),
    known(
        "target-other-service",
        "The request was signed for another service than this one.",
        "Name this service as the target when signing, by the id that its config has.",
    ),
    known(
        "request-id-in-message",
        "The signature is made over another spelling of the request id.",
        "Sign the very text that is sent as X-Request-ID.",
    ),
    known(
        "request-id-form",
        "The request id cannot serve as a nonce: it is too short, too long, or holds other characters than letters, digits, hyphens and underscores.",
        "Send a fresh UUID for each attempt.",
    ),
    // Headers.
    known(
        "no-credential",
        "There is nothing of a credential in the request.",
        "Sign the request; if it is signed, see whether a proxy takes the headers off.",
    ),
    known(
        "header-name",
        "The header {2} is missing, and there is one of a similar name: {}.",
        "Send the header under its exact name; a hyphen is no underscore.",
    ),
    known(
        "header-missing",
        "The header {} is missing.",
        "Send every header of the scheme; `wiresign sign` prints those that belong together.",
    ),
    known(
        "part-missing",
        "Something that the scheme signs cannot be told from the request: {}.",
        "Send every part of the credential once, as the scheme's page shows it.",
    ),
    known(
        "header-repeated",
        "A header of the credential is there twice, or two were joined with a comma.",
        "Send each credential header once; what adds its own must replace and not append.",
    ),
    known(
        "credential-in-authorization",
        "The credential seems to be in Authorization, where no accepted scheme looks for it.",
        "Send the headers of the scheme itself.",
    ),
    known(
        "credential-incomplete",
        "Not all of the credentials that the route requires are there.",
        "Send each of them: the route says require_all.",
    ),
    known(
        "credentials-several",
        "There are credentials of more than one accepted scheme.",
        "Send the headers of one scheme only.",
    ),
    known(
        "request-malformed",
        "The request as a whole cannot be judged: its method, its target or its headers are out of bounds.",
        "Send a usual request; the detail names the bound.",
    ),
    known(
        "rate-limited",
        "There were too many failures from this client within a minute, so nothing was looked at.",
        "Correct what fails, and wait a minute; the refusals before this one say what it is.",
    ),
    // Policy and replay.
    known(
        "target-not-listed",
        "The caller may not call this service.",
        "Add this service to allowed_targets of the caller, if the call is meant to be allowed.",
    ),
    known(
        "environment",
        "The caller may not act in this environment.",
        "Use the credentials of this environment, or add it to the caller's environments.",
    ),
    known(
        "route-services",
        "The route is not open to this caller.",
        "Add the caller to the route's services, if the call is meant to be allowed.",
    ),
    known(
        "permission",
        "None of the caller's permissions covers this method and path.",
        "Add a permission for it, if the call is meant to be allowed; compare letter case and slashes.",
    ),
    known("replayed", "The very same request was accepted before.", "Sign each attempt anew, retries included."),
    known(
        "replay-forgotten",
        "The timestamp lies in a time that the replay store does not remember.",
        "Sign the request anew.",
    ),
    known("replay-store-full", "The replay store has no room.", "Raise replay.capacity, or shorten the window."),
    // Signatures of the standards.
    known(
        "authority-other",
        "The signature is that of a request to {}, and here it is one to {2}.",
        "Let the proxy pass Host on as it came, or hand over the authority that the client called; sign the port where the URL has one.",
    ),
    known(
        "authorities-two",
        "Host and the authority that the adapter hands over differ.",
        "Hand over the authority that the client called, and let no proxy write Host anew.",
    ),
    known(
        "header-value",
        "The signature is over the header {} {2}.",
        "Sign header values without the white space around them, one space for each row of them, letter case as it is, and a comma between lines.",
    ),
    known(
        "header-changed",
        "The signature is over the header {} with the value {2}; it was changed on the way.",
        "Sign only headers that no machine on the way changes, and let clients set them before signing.",
    ),
    known(
        "header-removed",
        "The signature covers what is not in the request: {}. Something on the way has taken it off.",
        "Sign only headers that arrive: none that are for the next machine only (Connection, TE, Accept-Encoding).",
    ),
    known(
        "header-not-signed",
        "The signature does not cover {}, which it must.",
        "Set the header before signing, and have the signer cover it.",
    ),
    known(
        "body-changed",
        "The signature is right, and the body is not the one whose digest it covers: it was changed behind the signer.",
        SIGN_THE_BYTES,
    ),
    known(
        "session-token-missing",
        "The access key is a temporary one, and the request lacks its session token.",
        "Give the signer all three of a temporary key: id, secret and session token.",
    ),
    known(
        "session-token-unknown",
        "The request has a session token, and the access key goes without one.",
        "Take the token out of the client's settings (AWS_SESSION_TOKEN is left over), or set session_token of the key.",
    ),
    known(
        "session-token-other",
        "The request has another session token than the one of its access key: it was renewed on one side only.",
        "Renew id, secret and token of the key together, on both sides.",
    ),
    known(
        "session-token-not-signed",
        "The session token was added after signing.",
        "Give the token to the signer, which puts it into the request and covers it.",
    ),
    known(
        "aws-region",
        "The request is signed for the region {}, and this service takes {2} only.",
        "Set the client's region to that of aws_sigv4.",
    ),
    known(
        "aws-service",
        "The request is signed for the service {}, and this service takes {2} only.",
        "Set the signer's service name to that of aws_sigv4.",
    ),
    known(
        "aws-scope-other",
        "The key was derived for region {} and service {2}, and the credential says otherwise.",
        "Use one region and one service both in the credential and in the derivation of the key.",
    ),
    known(
        "aws-scope-day",
        "The day of the credential, {}, is not that of the request's time, {2}.",
        "Read the clock once, in UTC, and take both from it.",
    ),
    known(
        "aws-path-once",
        "The path is signed as it is sent, as S3 has it, and here its escapes are encoded once more.",
        "Use a generic signer in place of one for S3 (botocore: SigV4Auth), or set \"style\": \"s3\".",
    ),
    known(
        "aws-path-twice",
        "The path is signed with its escapes encoded once more, and the style s3 signs it as it is sent.",
        "Use a signer for S3 (botocore: S3SigV4Auth; smithy: uriEscapePath false), or leave \"style\" out.",
    ),
    known(
        "aws-query-unsorted",
        "The query was signed in the order in which it was sent.",
        "Sort the parameters by name, then by value, before signing; the request itself may keep its order.",
    ),
    known(
        "aws-payload",
        "The canonical request ends with {}, and X-Amz-Content-Sha256 or the body say otherwise.",
        "Put the same digest of the body, in lower-case hex, into the header and into the canonical request.",
    ),
    known(
        "aws-payload-header",
        "X-Amz-Content-Sha256 is missing, or is no digest of the body in lower-case hex.",
        "Use a signer for S3, which sends the header; or leave \"style\": \"s3\" out of the config.",
    ),
    known(
        "aws-payload-unsigned",
        "The body is not signed (UNSIGNED-PAYLOAD), and the config does not allow that.",
        "Have the client sign the body (payload signing), or set unsigned_payload where bodies may be exchanged.",
    ),
    known(
        "aws-payload-streaming",
        "The body is sent in pieces that are signed one by one ({}), which is not verified here.",
        "Send the body whole: turn chunked encoding off (chunkedEncodingEnabled, requestChecksumCalculation WHEN_REQUIRED).",
    ),
    known(
        "aws-canonical-form",
        "The canonical request was written {}.",
        "Compare it with docs/aws-sigv4.md, line by line; better, use a signer of AWS.",
    ),
    known(
        "aws-key-derivation",
        "The signing key was derived {}.",
        "Derive it as HMAC over day, region, service and aws4_request, each step on the bytes of the one before, from AWS4 and the secret.",
    ),
    known(
        "aws-authorization-form",
        "Authorization is not \"AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...\".",
        "Let a signer write the header, and let nothing shorten it.",
    ),
    known(
        "aws-credential-form",
        "The credential is not ID/YYYYMMDD/REGION/SERVICE/aws4_request.",
        "Give the signer a region and a service; empty ones leave a gap.",
    ),
    known(
        "aws-signed-headers-form",
        "The signed headers are not distinct names in lower case, sorted, with semicolons between.",
        "Sort the names, in lower case, each once.",
    ),
    known(
        "aws-date-form",
        "The time is not in the form 20260101T000000Z.",
        "Write X-Amz-Date in UTC, without hyphens and colons, with T and Z.",
    ),
    known(
        "aws-link-parameter",
        "A parameter of the link's signature is there twice, or in another letter case.",
        "Use the link exactly as the signer made it.",
    ),
    known(
        "aws-link-life",
        "X-Amz-Expires is no number of seconds, or longer than a week.",
        "Give links a life of 1 to 604800 seconds.",
    ),
    known(
        "link-expired",
        "The link has ended {} seconds ago.",
        "Make a new link, just before it is used; give links a longer life where people wait.",
    ),
    known(
        "url-scheme",
        "The signature is over a URL with {}, and here it is taken for one with {2}: a proxy ends TLS, or url_scheme says otherwise.",
        "Set rfc9421.url_scheme to what clients put before ://.",
    ),
    known(
        "query-without-mark",
        "The signature is over the query without its question mark, and @query has it, also where the query is empty.",
        "Sign @query as ? and what follows it; as ? alone where there is no query.",
    ),
    known(
        "query-parameter-encoding",
        "The signature is over the query parameter {} in another encoding.",
        "Decode the value and encode it again, all but letters, digits and *-._ as triplets, a space as %20 (RFC 9421, section 2.2.8).",
    ),
    known(
        "content-digest-other",
        "Content-Digest is not the one that was signed: the signature is right for the digest of the body as it is here, in another spelling or algorithm.",
        "Sign Content-Digest as it is sent; let nothing write it anew.",
    ),
    known(
        "content-digest-form",
        "Content-Digest holds no sha-256 or sha-512 in its form, as in sha-256=:BASE64:.",
        "Write the digest as RFC 9530 has it, with colons around the base64.",
    ),
    known(
        "signature-base",
        "The signature base was put together {}.",
        "Write one line for each component, \"name\": value, with line feeds between, and \"@signature-params\" last without a line end.",
    ),
    known(
        "signature-colons",
        "The signature is right, and lacks the colons around its base64.",
        "Write it as a byte sequence: Signature: label=:BASE64:.",
    ),
    known(
        "label-mismatch",
        "Signature-Input names the signature {}, and Signature holds {2}.",
        "Use one label in both headers.",
    ),
    known(
        "label-other",
        "No signature has the label {} that the config asks for.",
        "Sign under that label, or leave rfc9421.label out.",
    ),
    known(
        "tag-other",
        "The signature's tag is {}, and the config asks for {2}.",
        "Sign with that tag, or set rfc9421.tag and rfc9421.covered to what the signer does.",
    ),
    known(
        "parameter-missing",
        "The signature lacks the parameter {}.",
        "Have the signer add it; docs/rfc9421.md lists what is asked for.",
    ),
    known(
        "component-not-covered",
        "The signature does not cover all that it must: {}.",
        "Sign these as well, or set rfc9421.covered to what has to be covered.",
    ),
    known(
        "component-wrong",
        "The signature covers something that cannot be: {}.",
        "Write names of header fields in lower case, and components as RFC 9421 has them.",
    ),
    known(
        "structured-field",
        "The header {} is not a structured field in its form.",
        "Let a library write it (RFC 9651): strings in quotes, byte sequences between colons, numbers without quotes.",
    ),
    known(
        "signature-expired",
        "The signature has ended (expires).",
        "Sign just before sending, and give signatures a life that is longer than the way.",
    ),
    // Keys and tokens of the standards.
    known(
        "key-id-unknown",
        "Nobody here has a key of the id that the credential names.",
        "Compare the ids of the signer's keys with those of the config; where keys are published, fetch them anew.",
    ),
    known(
        "key-id-other",
        "The signature is made with {}, and the credential names another one.",
        "Name the key that signs; after a rotation both its id and its secret change.",
    ),
    known("key-of-other-kind", "The signature is made with the secret of {}, which is for another scheme.", OWN_SECRET),
    known(
        "algorithm-of-key",
        "The credential is for {}, and the signer's keys here are for {2}.",
        "Sign with the algorithm of the key, or configure the key under the algorithm that the signer uses.",
    ),
    known(
        "signature-der",
        "The signature is right, and written in DER, as OpenSSL and Java write those of ECDSA.",
        "Send the two numbers side by side (IEEE P1363): dsaEncoding \"ieee-p1363\", SHA256withECDSAinP1363Format, or utils.decode_dss_signature.",
    ),
    known(
        "token-bearer-missing",
        "Authorization is not the word Bearer, one space and the token.",
        "Send \"Authorization: Bearer TOKEN\".",
    ),
    known(
        "token-bearer-twice",
        "The word Bearer is there twice.",
        "Give the token alone to a client that writes the word itself.",
    ),
    known(
        "token-quotes",
        "The token stands in quotes.",
        "Send the text itself: read it out of its JSON (jq -r), and encode bytes as text first.",
    ),
    known(
        "token-white-space",
        "There is white space around the token.",
        "Trim what a file or a command brings along, and put one space behind Bearer.",
    ),
    known(
        "token-elsewhere",
        "The token is in {}, and only Authorization is looked at.",
        "Send \"Authorization: Bearer TOKEN\"; let no proxy take that header off.",
    ),
    known(
        "token-base64-alphabet",
        "The token is in standard base64 (+ and /), and tokens are in base64url (- and _).",
        "Encode with the alphabet for URLs: urlsafe_b64encode, base64url, RawURLEncoding.",
    ),
    known(
        "token-padding",
        "A part of the token has padding (=), and tokens have none.",
        "Take the padding off before the parts are joined and signed.",
    ),
    known(
        "token-form",
        "The token is not three parts of base64url with dots between them; it may have been cut.",
        "Compare its length with that on the sender's side; cookies and columns of a database cut long texts.",
    ),
    known(
        "token-encrypted",
        "The token has five parts: it is encrypted (JWE), and only signed tokens are read.",
        "Have the issuer sign tokens for this service, without encrypting them.",
    ),
    known(
        "token-too-long",
        "The token is longer than 8192 bytes.",
        "Put fewer claims into it: permissions as a list of groups, not one by one.",
    ),
    known(
        "token-content",
        "The content of the token is not as it must be: {}.",
        "Have the issuer correct it; docs/jwt.md says what is read.",
    ),
    known(
        "token-time-milliseconds",
        "The time in \"{}\" is in milliseconds, and tokens have seconds.",
        "Write whole seconds: Math.floor(Date.now() / 1000).",
    ),
    known("token-time-fraction", "The time in \"{}\" has a fraction.", "Write whole seconds: int(time.time())."),
    known(
        "token-time-form",
        "The time in \"{}\" is not a number of whole seconds; it may be a text or a date.",
        "Write whole seconds since 1970 as a number.",
    ),
    known(
        "token-no-expiry",
        "The token has no \"exp\", so it would never end.",
        "Set \"exp\" to some minutes from now.",
    ),
    known(
        "token-expired",
        "The token has ended {} seconds ago.",
        "Fetch a new token before the old one ends, and once more where it is refused; compare the clocks.",
    ),
    known(
        "token-not-yet",
        "The token is valid in {} seconds only (\"nbf\").",
        "Set \"nbf\" to the time of issue, and compare the clocks of both machines (NTP).",
    ),
    known(
        "token-issuer-missing",
        "The token does not say who has issued it (\"iss\").",
        "Set \"iss\": the id of the service, or the issuer's name under jwt.issuers.",
    ),
    known(
        "token-issuer-spelling",
        "The token's issuer (\"iss\") is spelled otherwise than {} in the config: by a slash at its end, letter case, or http for https.",
        "Write the issuer in the config exactly as its tokens do.",
    ),
    known(
        "token-issuer-unknown",
        "The token's issuer (\"iss\") is neither a service nor listed under jwt.issuers.",
        "List the issuer with its keys, or take the token from one that is listed; test systems issue under other names.",
    ),
    known(
        "token-audience-missing",
        "The token does not say whom it is for (\"aud\").",
        "Ask the issuer for a token for this service; set \"aud\".",
    ),
    known(
        "token-audience-spelling",
        "The token's audience (\"aud\") is spelled otherwise than {} in the config: by a slash at its end, letter case, or http for https.",
        "Use one text on both sides, byte for byte: jwt.audience lists what is taken.",
    ),
    known(
        "token-audience-service",
        "The token is for {}, another service.",
        "Ask for a token for this service; do not pass on one that was received.",
    ),
    known(
        "token-audience-other",
        "The token is for others: its \"aud\" is none of those that are taken here ({}).",
        "Ask for a token for this service, or list its audience under jwt.audience.",
    ),
    known(
        "token-algorithm-none",
        "The token says that it is not signed (\"alg\" is \"none\"). That is how tokens are forged.",
        "Look into where it comes from; have the issuer sign.",
    ),
    known(
        "token-algorithm-not-offered",
        "The token names an algorithm that is not offered here.",
        "Have the issuer sign with EdDSA, ES256, ES384, HS256, HS384, HS512, RS256, PS256 or PS512.",
    ),
    known(
        "token-public-key-as-secret",
        "The token is signed by HMAC with the public key \"{}\" as its secret. Everybody has that key: this is an attack, or a test of one.",
        "Look into where it comes from. The refusal is right; nothing here is to be changed.",
    ),
    known(
        "token-extension",
        "The token's header has \"{}\", which changes what the token means and is not supported.",
        "Have the issuer leave it out.",
    ),
    known(
        "token-type",
        "The token says another type (\"typ\") than the config asks for: it may be an id token in place of an access token.",
        "Send the access token; or set the issuer's type as its tokens have it.",
    ),
    known(
        "token-caller-unknown",
        "The token is right, and the caller that it names is not in the config.",
        "Add the caller to \"services\", or set caller_claim to the claim that holds its id.",
    ),
    known(
        "token-of-another",
        "A service has issued a token about somebody else (\"sub\" is not \"iss\").",
        "Leave \"sub\" out or set it to the id of the service; who issues about others is listed under jwt.issuers.",
    ),
    known(
        "token-id",
        "Tokens are accepted once here, and this one has no \"jti\" that could tell it from others.",
        "Set \"jti\" to a fresh UUID.",
    ),
    // Proofs of IAM identities.
    known(
        "identity-in-authorization",
        "The proof of the IAM identity is in Authorization, where nobody looks for it.",
        "Send it as X-Service-AWS-Identity, its date as X-Service-AWS-Date and its session token as X-Service-AWS-Token, beside X-Target-Service.",
    ),
    known(
        "identity-of-request",
        "The signature of AWS is one of this request, for the service {}, and not one of the question to STS.",
        "Sign the request to STS that docs/aws-identity.md shows, for the service sts, and send that signature in X-Service-AWS-Identity.",
    ),
    known(
        "identity-link",
        "A signed link was made, as EKS and Vault's older clients send one; a proof is a signature by headers.",
        "Sign the POST of docs/aws-identity.md by headers (botocore: SigV4Auth, not SigV4QueryAuth).",
    ),
    known(
        "identity-several-regions",
        "The proof is signed for several regions (SigV4A), and only SigV4 for one region is taken.",
        "Turn asymmetric signing off, and name one region.",
    ),
    known(
        "identity-form",
        "{} is not \"AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...\".",
        "Send the value of Authorization that a signer of AWS has made, whole and unchanged.",
    ),
    known(
        "identity-key-form",
        "The access key id \"{}\" is not one that AWS gives out.",
        "Take id, secret and session token from the credentials of the role, each in its place.",
    ),
    known(
        "identity-token-form",
        "The session token is empty, longer than 4096 bytes, or holds white space or other characters that no token has.",
        "Hand the token over as it is, without a line end, quotes, or an encoding of its own.",
    ),
    known(
        "identity-token-missing",
        "The proof covers a session token, and X-Service-AWS-Token is not there.",
        "Send the session token of the role as X-Service-AWS-Token, with every proof.",
    ),
    known(
        "identity-token-unsigned",
        "A session token is beside the proof, and the proof does not cover it: it was added after signing.",
        "Give the session token to the signer, which puts it into the request to STS and covers it.",
    ),
    known(
        "identity-service",
        "The proof is signed for the service {} of AWS.",
        "Sign for the service sts: a proof is a question to STS, whatever the called service is.",
    ),
    known(
        "identity-global-endpoint",
        "The proof is signed for us-east-1, as SDKs do where they ask the global endpoint of STS.",
        "Sign for one of aws_identity.regions and its own host, sts.REGION.amazonaws.com; set AWS_STS_REGIONAL_ENDPOINTS=regional for older SDKs.",
    ),
    known(
        "identity-region",
        "The proof is signed for the region {}, and this service asks {2} only.",
        "Sign for one of these regions, or add the region of the caller to aws_identity.regions.",
    ),
    known(
        "identity-audience-unsigned",
        "The proof does not cover x-target-service: it would be good for every service that takes proofs.",
        "Set X-Target-Service on the request to STS before it is signed.",
    ),
    known(
        "identity-audience-other",
        "The proof is for the service {}, and this one is {2}.",
        "Make a proof for each service that is called, with its id in X-Target-Service.",
    ),
    known(
        "identity-header-unsigned",
        "The proof does not cover {}.",
        "Set all headers of the request to STS, as docs/aws-identity.md lists them, before it is signed, and let the signer cover each.",
    ),
    known(
        "identity-header-more",
        "The proof covers {} too, which this end cannot make again.",
        "Sign a request with exactly the headers that docs/aws-identity.md lists; keep an SDK from adding its own.",
    ),
    known(
        "identity-proof-old",
        "The proof is {} seconds old, and one is good for {2}: it was kept for too long, or a clock is wrong.",
        "Make a new proof for each minute, as signers of Wiresign do, and do not keep it beside a connection.",
    ),
    known(
        "identity-not-asked",
        "Nobody has asked AWS about this proof.",
        "Give the adapter what asks AWS (aws=Sts() in Python, aws in Node.js), or call identity_request and identity_answer before verify.",
    ),
    known(
        "identity-too-many",
        "So many proofs have failed within seconds that no new one is sent to AWS.",
        "Look into who sends them, and set limits.failures_per_minute; it ends by itself after half a minute.",
    ),
    known(
        "identity-no-answer",
        "{} gave no answer about this proof.",
        "Let this service reach it by HTTPS: a NAT gateway, an endpoint of the VPC for STS, a rule of the security group, a proxy.",
    ),
    known(
        "identity-answer-form",
        "What {} answered is not the JSON of AWS: a proxy or a login page has answered in its place, or the answer was changed on the way.",
        "Ask AWS directly, and hand over status and body as they came.",
    ),
    known(
        "identity-busy",
        "AWS has answered with an error of its own, or slows this service down.",
        "Ask again in a moment; let callers use one proof for a minute, so that AWS is asked less.",
    ),
    known(
        "identity-signature",
        "AWS says that the signature does not hold: another question was signed than the one of docs/aws-identity.md, or by another secret.",
        "Compare host, Accept, Content-Type, X-Target-Service and body with those of docs/aws-identity.md, byte for byte; then whether id, secret and session token belong together.",
    ),
    known(
        "identity-key-unknown",
        "AWS knows no access key {}, or it goes with another session token.",
        "Take id, secret and session token of a role together, and renew them together; look whether the key was deleted.",
    ),
    known(
        "identity-token-expired",
        "The session token had expired when AWS was asked.",
        "Renew the credentials of the role before they end, and make a new signer with them.",
    ),
    known(
        "identity-role-unmapped",
        "AWS has confirmed who calls, and aws_identity.roles has no pattern for that role or user in that account.",
        "Look up who it is (aws sts get-caller-identity, with the caller's credentials), and add the ARN of its role, without the path, to aws_identity.roles.",
    ),
    known(
        "identity-role-ambiguous",
        "AWS has confirmed who calls, and two patterns of aws_identity.roles make different services of it.",
        "Leave one of the patterns out, or leave more of the name fixed in the wider one.",
    ),
    known(
        "identity-service-unknown",
        "AWS has confirmed who calls, and the service that its role stands for is not in the config.",
        "Add the service to \"services\", or narrow the pattern in aws_identity.roles.",
    ),
    // Nothing else.
    known(
        "not-found",
        "None of the usual causes fits: the signature is made with another secret, or over other bytes.",
        "Compare the fingerprint of the message with that on the sender's side (SHA-256, first 8 digits), then the secret's origin.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_sentences_are_whole() {
        for (at, known) in CAUSES.iter().enumerate() {
            assert!(!CAUSES[..at].iter().any(|other| other.id == known.id), "{}", known.id);
            for text in [known.cause, known.fix] {
                assert!(text.ends_with('.') && text.len() > 20, "{}: {text}", known.id);
            }
        }
    }
}
