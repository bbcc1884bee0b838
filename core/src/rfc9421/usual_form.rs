//! Reads `Signature-Input` where it is what a config asks for, in the form that structured fields are written in: one
//! signature over exactly those components, then parameters that have a meaning. Nearly all requests come so.
//!
//! All else, good or bad, is the matter of the parser of structured fields, which says the same of what is read here.

use std::ops::Range;

use super::component::{Component, Derived, FieldForm, Subject};
use super::input::{Input, Inputs, MAX_TIME_DIGITS, Moment, Texts, is_plain_text};
use crate::bytes::{parse_digits, position, starts_with};

/// The most bytes of a parameter's name that are looked at: all names that have a meaning are shorter.
const MAX_NAME_BYTES: usize = 8;

/// A label and the components that come with it.
pub(super) struct UsualForm {
    /// `LABEL=("@method" "@path")`
    start: Box<str>,
    label_bytes: usize,
    /// Each with the place of its identifier behind the equals sign.
    components: Box<[(UsualSubject, Range<usize>)]>,
}

/// What needs no text of the request to be named.
#[derive(Clone, Copy)]
enum UsualSubject {
    Derived(Derived),
    ContentDigest,
}

impl UsualForm {
    /// The form of a label and identifiers. `None` where one of the components takes more to be named.
    pub(super) fn new(label: &str, inputs: &Inputs<'_>, is_covered: impl Fn(&Component<'_>) -> bool) -> Option<Self> {
        let mut list = String::from("(");
        let mut components = Vec::new();
        for component in inputs.components.iter().filter(|component| is_covered(component)) {
            let subject = match component.subject {
                _ if component.of_request => return None,
                Subject::Derived(derived) => UsualSubject::Derived(derived),
                Subject::Field("content-digest", FieldForm::Plain) => UsualSubject::ContentDigest,
                Subject::Field(..) | Subject::QueryParam(_) => return None,
            };
            if !components.is_empty() {
                list.push(' ');
            }
            let start = list.len();
            list.push_str(&inputs.written[component.identifier.clone()]);
            components.push((subject, start..list.len()));
        }
        list.push(')');
        let is_any = !components.is_empty();
        let start = format!("{label}={list}").into();
        is_any.then(|| Self { start, label_bytes: label.len(), components: components.into() })
    }

    /// What the header says, where it has this form.
    pub(super) fn read<'a>(&'a self, text: &'a [u8]) -> Option<Inputs<'a>> {
        if !starts_with(text, self.start.as_bytes()) {
            return None;
        }
        let listed = self.label_bytes + 1;
        let written = str::from_utf8(text).ok()?[listed..].to_owned();
        let end_of_list = self.start.len() - listed;
        let mut input = Input {
            label: &self.start[..self.label_bytes],
            written: 0..written.len(),
            identifiers: 1..end_of_list - 1,
            components: 0..self.components.len(),
            created: Moment::Absent,
            expires: Moment::Absent,
            texts: Texts::default(),
            fault: None,
        };
        let mut at = end_of_list;
        while at < written.len() {
            at = read_parameter(&written, at, &mut input)?;
        }
        let component = |(subject, identifier): &(UsualSubject, Range<usize>)| Component {
            subject: match *subject {
                UsualSubject::Derived(derived) => Subject::Derived(derived),
                UsualSubject::ContentDigest => Subject::Field("content-digest", FieldForm::Plain),
            },
            of_request: false,
            identifier: identifier.clone(),
        };
        Some(Inputs::of_one(input, self.components.iter().map(component).collect(), written))
    }
}

/// Reads the parameter at a place, and gives the place behind it. `None` where it has another form, or was there before.
fn read_parameter(written: &str, at: usize, input: &mut Input<'_>) -> Option<usize> {
    let rest = written.as_bytes()[at..].strip_prefix(b";")?;
    let name = &rest[..rest.iter().take(MAX_NAME_BYTES).position(|&byte| byte == b'=')?];
    let (value_at, value) = (at + name.len() + 2, &rest[name.len() + 1..]);
    let place = match name {
        b"created" => return read_time(value, &mut input.created).map(|digits| value_at + digits),
        b"expires" => return read_time(value, &mut input.expires).map(|digits| value_at + digits),
        b"keyid" => &mut input.texts.keyid,
        b"alg" => &mut input.texts.alg,
        b"nonce" => &mut input.texts.nonce,
        b"tag" => &mut input.texts.tag,
        _ => return None,
    };
    let start = value_at + 1;
    let end = start + position(value.strip_prefix(b"\"")?, b'"')?;
    let is_new = place.replace(start..end).is_none();
    (is_new && is_plain_text(&written[start..end])).then_some(end + 1)
}

/// Reads a time, and gives the number of its digits.
fn read_time(value: &[u8], time: &mut Moment) -> Option<usize> {
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let seconds = parse_digits(&value[..digits], MAX_TIME_DIGITS)?;
    (std::mem::replace(time, Moment::At(seconds)) == Moment::Absent).then_some(digits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COVERED: &str = r#"("@method" "@authority" "@path" "@query" "content-digest")"#;
    const PARAMETERS: [&str; 24] = [
        ";created=1767225600",
        ";created=0",
        ";created=007",
        ";created=9999999999999",
        ";created=-1",
        ";created=1.5",
        ";created",
        ";created=\"1\"",
        ";expires=1767225700",
        ";expires=999999999999",
        ";keyid=\"billing/2026\"",
        ";keyid=\"\"",
        ";keyid=billing",
        ";keyid=\"a\\\"b\"",
        ";keyid=\"\u{e9}\"",
        ";alg=\"hmac-sha256\"",
        ";nonce=\"AAAAAAAAAAAAAAAAAAAAAA\"",
        ";tag=\"wiresign\"",
        ";tag=\"a b; c=(d)\"",
        ";tag=\"open",
        ";other=1",
        "; created=1",
        ", sig2=(\"@path\")",
        " ",
    ];

    fn form() -> UsualForm {
        let listed = format!("a={COVERED}");
        UsualForm::new("wiresign", &Inputs::parse(listed.as_bytes()).unwrap(), |_| true).unwrap()
    }

    fn assert_same(read: &Inputs<'_>, text: &str) {
        let general = Inputs::parse(text.as_bytes()).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
        assert_eq!(read.written, general.written, "{text}");
        assert_eq!(format!("{:?}", read.inputs), format!("{:?}", general.inputs), "{text}");
        assert_eq!(format!("{:?}", read.components), format!("{:?}", general.components), "{text}");
        assert!(general.inputs[0].fault.is_none(), "{text}");
    }

    #[test]
    fn what_signers_write_is_read() {
        let form = form();
        for parameters in [
            "",
            ";created=1767225600;keyid=\"billing/2026\";alg=\"hmac-sha256\";nonce=\"AAAAAAAAAAAAAAAAAAAAAA\";tag=\"wiresign\"",
            ";tag=\"wiresign\";keyid=\"billing/2026\";expires=1767225700;created=1767225600",
        ] {
            let text = format!("wiresign={COVERED}{parameters}");
            let read = form.read(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
            assert_same(&read, &text);
        }
    }

    #[test]
    fn another_form_is_left_to_the_parser() {
        let form = form();
        for text in [
            format!("sig1={COVERED};created=1"),
            format!("wiresign={COVERED};created=01"),
            format!("wiresign={COVERED};created=1;created=2"),
            format!("wiresign={COVERED};created=1 "),
            format!(" wiresign={COVERED};created=1"),
            format!("wiresign={COVERED};tag=\"{}\"", "t".repeat(513)),
            r#"wiresign=("@method" "@path");created=1"#.to_owned(),
            r#"wiresign=("@method" "@authority" "@path" "@query" "content-digest";sf);created=1"#.to_owned(),
        ] {
            assert!(form.read(text.as_bytes()).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_parser_of_structured_fields_says_the_same(
            chosen in prop::collection::vec(0..PARAMETERS.len(), 0..8),
            cut in 0_usize..400,
        ) {
            let parameters: String = chosen.iter().map(|&at| PARAMETERS[at]).collect();
            let whole = format!("wiresign={COVERED}{parameters}");
            let cut = whole.get(..cut).unwrap_or(&whole);
            let form = form();
            for text in [&*whole, cut] {
                if let Some(read) = form.read(text.as_bytes()) {
                    assert_same(&read, text);
                }
            }
        }
    }
}
