//! Bodies that may have been signed in place of the one that was received.

use std::borrow::Cow;

use super::budget::MAX_BODY_BYTES;
use super::causes::Cause;
use super::json::{self, Escapes, Layout, Node, Numbers, Order, Style, python_bytes};
use super::percent::{ENCODERS, Encoder, replaced};
use crate::mac::hex;
use crate::template::parameters::{decode, pairs};

/// A received body, and what else it may have been. Variants are made one at a time: a body may be long.
pub(super) struct Bodies<'b> {
    body: &'b [u8],
    tree: Option<Node<'b>>,
    styles: Vec<(Vec<Cause>, Style, &'b [u8])>,
}

/// The ways of writing JSON that are tried at most.
const MAX_STYLES: usize = 300;

impl<'b> Bodies<'b> {
    pub(super) fn new(body: &'b [u8]) -> Self {
        let text = std::str::from_utf8(body).ok().filter(|_| body.len() <= MAX_BODY_BYTES);
        let text = text.map(|text| text.strip_prefix('\u{feff}').unwrap_or(text));
        let tree = text.and_then(json::parse);
        let styles = match (&tree, text) {
            (Some(tree), Some(text)) => styles(tree, text),
            _ => Vec::new(),
        };
        Self { body, tree, styles }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        PLAIN.len() + self.styles.len()
    }

    /// The body at a position, the likeliest first; none where it makes no difference.
    pub(super) fn get(&self, at: usize) -> Option<(Vec<Cause>, Cow<'_, [u8]>)> {
        // A few plain causes come first, since they cost nothing; then JSON; then the rest.
        let first = FIRST.min(PLAIN.len());
        if at >= first
            && let Some((causes, style, end)) = self.styles.get(at - first)
        {
            let written = [self.tree.as_ref()?.write(*style).as_bytes(), end].concat();
            return (written != self.body).then(|| (causes.clone(), Cow::Owned(written)));
        }
        let at = if at < first { at } else { at - self.styles.len() };
        let (id, detail, make) = PLAIN.get(at)?;
        let body = make(self)?;
        (*body != *self.body).then(|| (vec![Cause::with(id, detail)], body))
    }
}

type Make = for<'x> fn(&'x Bodies<'_>) -> Option<Cow<'x, [u8]>>;

/// How many of the plain ones are tried before the ways of writing JSON.
const FIRST: usize = 12;

const PLAIN: [(&str, &str, Make); 48] = [
    ("body-empty", "{}", |bodies| bodies.in_place_of_nothing(b"{}")),
    ("body-empty", "null", |bodies| bodies.in_place_of_nothing(b"null")),
    ("body-empty", "\"\"", |bodies| bodies.in_place_of_nothing(b"\"\"")),
    ("body-empty", "[]", |bodies| bodies.in_place_of_nothing(b"[]")),
    ("body-empty", "None", |bodies| bodies.in_place_of_nothing(b"None")),
    ("body-empty", "undefined", |bodies| bodies.in_place_of_nothing(b"undefined")),
    ("body-empty", "b''", |bodies| bodies.in_place_of_nothing(b"b''")),
    ("body-empty", "nothing", |bodies| bodies.nothing_for_little()),
    ("body-trailing-newline", "", |bodies| Some(Cow::Owned([bodies.body, b"\n"].concat()))),
    ("body-trailing-newline", "", |bodies| bodies.body.strip_suffix(b"\n").map(Cow::Borrowed)),
    ("body-trailing-newline", "", |bodies| bodies.body.strip_suffix(b"\r\n").map(Cow::Borrowed)),
    ("body-bom", "", |bodies| bodies.body.strip_prefix(b"\xef\xbb\xbf").map(Cow::Borrowed)),
    ("body-bom", "", |bodies| Some(Cow::Owned([b"\xef\xbb\xbf", bodies.body].concat()))),
    ("body-white-space", "", |bodies| Some(Cow::Borrowed(bodies.body.trim_ascii()))),
    ("body-trailing-newline", "", |bodies| Some(Cow::Owned([bodies.body, b"\r\n"].concat()))),
    ("body-line-ends", "", |bodies| Some(Cow::Owned(replaced(bodies.body, b"\r\n", b"\n")))),
    ("body-line-ends", "", |bodies| Some(Cow::Owned(replaced(&replaced(bodies.body, b"\r\n", b"\n"), b"\n", b"\r\n")))),
    ("body-not-sent", "", |bodies| (bodies.body.len() > 4).then_some(Cow::Borrowed(&b""[..]))),
    ("body-replacement-characters", "", |bodies| Some(owned_text(String::from_utf8_lossy(bodies.body)))),
    ("body-latin1", "", |bodies| Some(Cow::Owned(latin1_to_utf8(bodies.body)))),
    ("body-latin1", "", |bodies| utf8_to_latin1(bodies.body).map(Cow::Owned)),
    ("body-latin1", "", |bodies| question_marks(bodies.body).map(Cow::Owned)),
    ("body-python-text", "b'...'", |bodies| Some(Cow::Owned(python_bytes(bodies.body).into_bytes()))),
    ("body-python-text", "{'...': ...}", |bodies| Some(Cow::Owned(bodies.tree.as_ref()?.python().into_bytes()))),
    ("body-object-text", "[object Object]", |_| Some(Cow::Borrowed(b"[object Object]"))),
    ("body-object-text", "[object Promise]", |_| Some(Cow::Borrowed(b"[object Promise]"))),
    ("body-object-text", "[object ArrayBuffer]", |_| Some(Cow::Borrowed(b"[object ArrayBuffer]"))),
    ("body-object-text", "undefined", |_| Some(Cow::Borrowed(b"undefined"))),
    ("body-object-text", "null", |_| Some(Cow::Borrowed(b"null"))),
    ("body-object-text", "None", |_| Some(Cow::Borrowed(b"None"))),
    ("body-object-text", "{}", |_| Some(Cow::Borrowed(b"{}"))),
    ("body-object-text", "numbers of bytes", |bodies| {
        let numbers: Vec<String> = bodies.body.iter().map(u8::to_string).collect();
        Some(Cow::Owned(numbers.join(",").into_bytes()))
    }),
    ("body-json-twice", "", |bodies| {
        let text = std::str::from_utf8(bodies.body).ok()?;
        serde_json::to_vec(text).ok().map(Cow::Owned)
    }),
    ("body-json-twice", "", |bodies| match bodies.tree.as_ref()? {
        Node::String(text) => Some(Cow::Borrowed(text.plain.as_bytes())),
        _ => None,
    }),
    ("body-base64", "", |bodies| Some(Cow::Owned(base64_of(bodies.body)))),
    ("body-base64", "", |bodies| base64_to(bodies.body).map(Cow::Owned)),
    ("body-base64", "", |bodies| Some(Cow::Owned(hex(bodies.body).into_bytes()))),
    ("body-form", "JSON", |bodies| bodies.form_as_json(": ", ", ")),
    ("body-form", "JSON", |bodies| bodies.form_as_json(":", ",")),
    ("body-form", "a form", |bodies| bodies.json_as_form(ENCODERS[1])),
    ("body-form", "a form", |bodies| bodies.json_as_form(ENCODERS[0])),
    ("body-form", "a form", |bodies| bodies.json_as_form(ENCODERS[2])),
    ("body-form-encoding", "", |bodies| bodies.form_again(ENCODERS[0], false)),
    ("body-form-encoding", "", |bodies| bodies.form_again(ENCODERS[1], false)),
    ("body-form-encoding", "", |bodies| bodies.form_again(ENCODERS[2], false)),
    ("body-form-encoding", "", |bodies| bodies.form_again(ENCODERS[3], false)),
    ("body-form-sorted", "", |bodies| bodies.form_again(ENCODERS[1], true)),
    ("body-form-sorted", "", |bodies| bodies.form_again(ENCODERS[0], true)),
];

fn owned_text(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

impl Bodies<'_> {
    fn in_place_of_nothing(&self, text: &'static [u8]) -> Option<Cow<'_, [u8]>> {
        self.body.is_empty().then_some(Cow::Borrowed(text))
    }

    fn nothing_for_little(&self) -> Option<Cow<'_, [u8]>> {
        [&b"{}"[..], b"null", b"\"\"", b"[]"].contains(&self.body).then_some(Cow::Borrowed(&b""[..]))
    }

    /// The parameters of a body that is a form.
    fn form(&self) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
        let is_form = self.body.contains(&b'=') && !self.body.iter().any(|byte| b"{}<>\" \n".contains(byte));
        is_form.then(|| pairs(self.body).map(|(name, value)| (decode(name), decode(value))).collect())
    }

    fn form_as_json(&self, colon: &str, comma: &str) -> Option<Cow<'_, [u8]>> {
        let text = |bytes: &[u8]| serde_json::to_string(&String::from_utf8_lossy(bytes)).unwrap_or_default();
        let members: Vec<String> =
            self.form()?.iter().map(|(name, value)| format!("{}{colon}{}", text(name), text(value))).collect();
        Some(Cow::Owned(format!("{{{}}}", members.join(comma)).into_bytes()))
    }

    fn json_as_form(&self, encoder: Encoder) -> Option<Cow<'_, [u8]>> {
        let members = self.tree.as_ref()?.flat()?;
        let written: Vec<Vec<u8>> = members
            .iter()
            .map(|(name, value)| [encoder.encode(name.as_bytes()), encoder.encode(value.as_bytes())].join(&b'='))
            .collect();
        Some(Cow::Owned(written.join(&b'&')))
    }

    fn form_again(&self, encoder: Encoder, sorted: bool) -> Option<Cow<'_, [u8]>> {
        let mut parameters = self.form()?;
        if sorted {
            parameters.sort();
        }
        let written: Vec<Vec<u8>> =
            parameters.iter().map(|(name, value)| [encoder.encode(name), encoder.encode(value)].join(&b'=')).collect();
        Some(Cow::Owned(written.join(&b'&')))
    }
}

/// The ways in which a document may have been written otherwise: those with the fewest differences first.
fn styles<'b>(tree: &Node<'b>, text: &'b str) -> Vec<(Vec<Cause>, Style, &'b [u8])> {
    let bare = text.trim_ascii();
    let received = Layout::ALL.into_iter().find(|&layout| tree.write(Style { layout, ..Style::PLAIN }) == bare);
    let received_end = &text.as_bytes()[text.trim_ascii_end().len()..];
    let orders = distinct(tree, Order::ALL.map(|order| Style { order, ..Style::PLAIN }));
    let escapes = distinct(tree, Escapes::ALL.map(|escapes| Style { escapes, ..Style::PLAIN }));
    let numbers = distinct(tree, Numbers::ALL.map(|numbers| Style { numbers, ..Style::PLAIN }));
    let mut ends: Vec<&[u8]> = vec![received_end, b"", b"\n"];
    ends.dedup();

    let mut styles = Vec::new();
    for end in ends {
        for layout in Layout::ALL {
            for Style { order, .. } in &orders {
                for Style { escapes, .. } in &escapes {
                    for Style { numbers, .. } in &numbers {
                        let style = Style { layout, order: *order, escapes: *escapes, numbers: *numbers };
                        let mut causes = causes(style);
                        if received == Some(layout) {
                            causes.retain(|cause| !cause.id.starts_with("body-json-layout"));
                        }
                        if end != received_end {
                            causes.push(Cause::new("body-trailing-newline"));
                        }
                        if !causes.is_empty() {
                            styles.push((causes, style, end));
                        }
                    }
                }
            }
        }
    }
    styles.sort_by_key(|(causes, ..)| causes.len());
    styles.truncate(MAX_STYLES);
    for (causes, ..) in &mut styles {
        for cause in causes {
            cause.id = match cause.id {
                "body-json-layout-compact" => "body-json-compact",
                "body-json-layout-spaces" => "body-json-spaces",
                "body-json-layout-indented" => "body-json-pretty",
                other => other,
            };
        }
    }
    styles
}

/// Those of some styles that make a difference for a document.
fn distinct<const COUNT: usize>(tree: &Node<'_>, styles: [Style; COUNT]) -> Vec<Style> {
    let mut seen: Vec<String> = Vec::new();
    let mut kept = Vec::new();
    for style in styles {
        let written = tree.write(style);
        if !seen.contains(&written) {
            seen.push(written);
            kept.push(style);
        }
    }
    kept
}

fn causes(style: Style) -> Vec<Cause> {
    let layout = match style.layout {
        Layout::Compact => "body-json-layout-compact",
        Layout::Spaces => "body-json-layout-spaces",
        Layout::Indented { .. } => "body-json-layout-indented",
    };
    let order = match style.order {
        Order::Received => None,
        Order::Sorted => Some("body-json-sorted-keys"),
        Order::Script => Some("body-json-key-order"),
    };
    let escapes: &[&'static str] = match style.escapes {
        Escapes::Received => &[],
        Escapes::Few => &["body-json-escapes-undone"],
        Escapes::Ascii => &["body-json-ascii-escapes"],
        Escapes::Slashes => &["body-json-slash-escapes"],
        Escapes::SlashesAndAscii => &["body-json-slash-escapes", "body-json-ascii-escapes"],
        Escapes::Html | Escapes::HtmlAndAscii => &["body-json-html-escapes"],
    };
    let numbers = (style.numbers != Numbers::Received).then_some("body-json-numbers");
    let ids = escapes.iter().copied().chain(order).chain(numbers).chain([layout]);
    ids.map(Cause::new).collect()
}

fn latin1_to_utf8(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|&byte| char::from(byte)).collect::<String>().into_bytes()
}

fn utf8_to_latin1(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| !text.is_ascii())?;
    text.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect()
}

/// What an encoder for ASCII leaves of a text.
fn question_marks(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| !text.is_ascii())?;
    Some(text.chars().map(|letter| if letter.is_ascii() { letter as u8 } else { b'?' }).collect())
}

fn base64_of(bytes: &[u8]) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes).into_bytes()
}

fn base64_to(bytes: &[u8]) -> Option<Vec<u8>> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(received: &[u8], signed: &[u8]) -> Vec<&'static str> {
        let bodies = Bodies::new(received);
        let found = (0..bodies.len()).filter_map(|at| bodies.get(at)).find(|(_, body)| **body == *signed);
        found.map_or_else(Vec::new, |(causes, _)| causes.iter().map(|cause| cause.id).collect())
    }

    #[test]
    fn what_was_signed_is_found_by_its_difference() {
        for (received, signed, expected) in [
            (r#"{"a": 1}"#, r#"{"a":1}"#, &["body-json-compact"][..]),
            (r#"{"a":1}"#, r#"{"a": 1}"#, &["body-json-spaces"]),
            (r#"{"b":1,"a":2}"#, r#"{"a":2,"b":1}"#, &["body-json-sorted-keys"]),
            (r#"{"b":1,"a":2}"#, r#"{"a": 2, "b": 1}"#, &["body-json-sorted-keys", "body-json-spaces"]),
            (r#"{"a":"é"}"#, r#"{"a":"\u00e9"}"#, &["body-json-ascii-escapes"]),
            (r#"{"a":"\u00e9"}"#, r#"{"a":"é"}"#, &["body-json-escapes-undone"]),
            (r#"{"a":"/"}"#, r#"{"a":"\/"}"#, &["body-json-slash-escapes"]),
            (r#"{"a":"<"}"#, r#"{"a":"\u003c"}"#, &["body-json-html-escapes"]),
            (r#"{"a":1.0}"#, r#"{"a":1}"#, &["body-json-numbers"]),
            (r#"{"a":1}"#, "{\"a\":1}\n", &["body-trailing-newline"]),
            ("", "{}", &["body-empty"]),
            ("{}", "", &["body-empty"]),
            ("a\r\nb", "a\nb", &["body-line-ends"]),
            (r#"{"a":1}"#, r#"b'{"a":1}'"#, &["body-python-text"]),
            ("a=1&b=x+y", r#"{"a":"1","b":"x y"}"#, &["body-form"]),
            (r#"{"a":1,"b":"x y"}"#, "a=1&b=x+y", &["body-form"]),
        ] {
            assert_eq!(ids(received.as_bytes(), signed.as_bytes()), expected, "{received} {signed}");
        }
        assert_eq!(ids(b"{\"a\":\"\xc3\xa9\"}", b"{\"a\":\"\xe9\"}"), ["body-latin1"]);
        assert_eq!(ids(b"\xff", "\u{fffd}".as_bytes()), ["body-replacement-characters"]);
        assert_eq!(ids(b"\xef\xbb\xbf{}", b"{}"), ["body-bom"]);
    }
}
