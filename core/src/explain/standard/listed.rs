//! `Signature-Input` and `Signature`, read leniently: what a strict reader refuses is taken as far as it goes.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::explain::reading;

/// The most members that are read.
const MAX_MEMBERS: usize = 8;
/// The most components that are read of one.
const MAX_COMPONENTS: usize = 32;

/// One signature, as it is announced.
pub(super) struct Input {
    pub(super) label: String,
    /// Everything behind the label, as it was sent.
    pub(super) raw: String,
    pub(super) components: Vec<Component>,
    /// Names and values, as they are written.
    pub(super) parameters: Vec<(String, String)>,
}

/// A component: its identifier as it is signed, its name, and its parameters.
#[derive(Clone)]
pub(super) struct Component {
    pub(super) identifier: String,
    pub(super) name: String,
    pub(super) parameters: Vec<(String, String)>,
}

impl Input {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.trim_matches('"'))
    }

    /// The list and its parameters in the one way in which they are signed.
    pub(super) fn written(&self) -> String {
        let identifiers: Vec<&str> = self.components.iter().map(|component| &*component.identifier).collect();
        format!("({}){}", identifiers.join(" "), parameters(&self.parameters))
    }
}

impl Component {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.trim_matches('"'))
    }
}

fn parameters(pairs: &[(String, String)]) -> String {
    let write = |(name, value): &(String, String)| match &**value {
        "" => format!(";{name}"),
        value => format!(";{name}={value}"),
    };
    pairs.iter().map(write).collect()
}

/// Splits a text where a mark stands outside of quotes and parentheses.
fn split(text: &str, mark: char) -> Vec<&str> {
    let (mut pieces, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0_usize, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            _ if letter == mark && !quoted && depth == 0 => {
                pieces.push(&text[start..at]);
                start = at + letter.len_utf8();
            }
            _ => {}
        }
    }
    pieces.push(&text[start..]);
    pieces
}

fn pairs(pieces: &[&str]) -> Vec<(String, String)> {
    let pairs = pieces.iter().map(|piece| piece.split_once('=').unwrap_or((piece, "")));
    pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect()
}

/// The members of a dictionary: keys, and what stands behind the first equals sign.
pub(super) fn members(text: &str) -> Vec<(&str, &str)> {
    let members = split(text, ',').into_iter().take(MAX_MEMBERS);
    members.filter_map(|member| member.trim().split_once('=')).map(|(key, value)| (key.trim(), value.trim())).collect()
}

pub(super) fn inputs(text: &str) -> Vec<Input> {
    members(text).into_iter().filter_map(|(label, raw)| input(label, raw)).collect()
}

fn input(label: &str, raw: &str) -> Option<Input> {
    let (inside, rest) = raw.strip_prefix('(')?.rsplit_once(')')?;
    let items = split(inside, ' ').into_iter().filter(|item| !item.is_empty()).take(MAX_COMPONENTS);
    let component = |item: &str| {
        let pieces = split(item, ';');
        let own = pairs(&pieces[1..]);
        Component {
            identifier: format!("{}{}", pieces[0], parameters(&own)),
            name: pieces[0].trim_matches('"').to_owned(),
            parameters: own,
        }
    };
    let pieces = split(rest, ';');
    Some(Input {
        label: label.to_owned(),
        raw: raw.to_owned(),
        components: items.map(component).collect(),
        parameters: pairs(&pieces[1..]),
    })
}

/// The bytes that a member of `Signature` may stand for, each with what is unusual about its spelling.
pub(super) fn signatures(written: &str) -> Vec<(Vec<u8>, Option<&'static str>)> {
    let bare = written.trim().trim_matches('"').trim_matches('\'').trim_matches(':');
    let is_whole = written.len() >= 2 && written.starts_with(':') && written.ends_with(':');
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let mut readings = Vec::new();
    if let Some(bytes) = reading::hex(bare.as_bytes()) {
        readings.push((bytes, Some("signature-hex")));
    }
    for alphabet in [&STANDARD, &URL_SAFE] {
        let Ok(bytes) = GeneralPurpose::new(alphabet, lenient).decode(bare) else { continue };
        let fault = match () {
            () if bare.contains(['-', '_']) => Some("signature-alphabet"),
            () if !bytes.len().is_multiple_of(3) && !bare.ends_with('=') => Some("signature-padding"),
            () if !is_whole => Some("signature-colons"),
            () => None,
        };
        readings.push((bytes, fault));
        break;
    }
    readings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_well_is_written_again_as_it_was() {
        let text = "sig1=(\"@method\" \"@query-param\";name=\"a b\" \"x\";sf);created=1;keyid=\"a,b\", b=()";
        let [first, second] = &inputs(text)[..] else { panic!("two signatures") };
        assert_eq!(format!("sig1={}", first.written()), text.split(", b=").next().expect("one"));
        assert_eq!(first.components[1].parameter("name"), Some("a b"));
        assert_eq!((first.parameter("keyid"), first.parameter("created")), (Some("a,b"), Some("1")));
        assert_eq!((&*second.label, second.components.len()), ("b", 0));
        assert!(inputs("sig1").is_empty() && inputs("a=1").is_empty() && inputs("").is_empty());
    }

    #[test]
    fn signatures_are_read_in_any_spelling() {
        for (written, fault) in [
            (":+/8=:", None),
            (":-_8=:", Some("signature-alphabet")),
            (":+/8:", Some("signature-padding")),
            ("\"+/8=\"", Some("signature-colons")),
            ("fbff", Some("signature-hex")),
        ] {
            let first = signatures(written).into_iter().next();
            assert_eq!(first, Some((vec![0xfb, 0xff], fault)), "{written}");
        }
    }
}
