//! Reads `Signature-Input` and `Signature` (RFC 9421, sections 4.1 and 4.2).

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sfv::visitor::{DictionaryVisitor, EntryVisitor, Ignored, InnerListVisitor, ItemVisitor, ParameterVisitor};
use sfv::{BareItemFromInput, ItemSerializer, KeyRef, Parser};

use super::component::{Component, Reading};
use super::{Fault, one_member};
use crate::bytes::any;

/// The most signatures of a message.
pub(super) const MAX_SIGNATURES: usize = 8;
/// The most components that a signature covers.
const MAX_COMPONENTS: usize = 32;
/// The most parameters of a signature, or of a component.
const MAX_PARAMETERS: usize = 16;
/// The longest text of a parameter that has a meaning here.
const MAX_TEXT_BYTES: usize = 512;
/// The most digits of a time.
pub(super) const MAX_TIME_DIGITS: usize = 12;
/// Past the last second of so many digits.
const END_OF_TIME: i64 = 10_i64.pow(MAX_TIME_DIGITS as u32);

/// All of `Signature-Input`. What is wrong with one signature is kept beside it, since one that is not chosen is ignored.
#[derive(Default)]
pub(super) struct Inputs<'a> {
    pub(super) inputs: Vec<Input<'a>>,
    pub(super) components: Vec<Component<'a>>,
    /// The covered components and parameters of each signature, in the one way that is signed.
    pub(super) written: String,
    fault: Option<Fault>,
}

/// One signature's covered components and parameters.
#[derive(Debug)]
pub(super) struct Input<'a> {
    pub(super) label: &'a str,
    /// Its part of the text and of the components.
    pub(super) written: Range<usize>,
    /// The part of the text that names the components, without the parentheses.
    pub(super) identifiers: Range<usize>,
    pub(super) components: Range<usize>,
    pub(super) created: Moment,
    pub(super) expires: Moment,
    pub(super) texts: Texts,
    pub(super) fault: Option<Fault>,
}

/// The parameters that are texts, by where they are written.
#[derive(Debug, Default)]
pub(super) struct Texts {
    pub(super) keyid: Option<Range<usize>>,
    pub(super) alg: Option<Range<usize>>,
    pub(super) nonce: Option<Range<usize>>,
    pub(super) tag: Option<Range<usize>>,
}

/// A parameter that is a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Moment {
    #[default]
    Absent,
    /// Asked for, as `Accept-Signature` does.
    Wanted,
    At(u64),
}

impl<'a> Inputs<'a> {
    pub(super) fn parse(text: &'a [u8]) -> Result<Self, Fault> {
        let mut inputs = Self { written: String::with_capacity(text.len() + 16), ..Self::default() };
        inputs.components.reserve(8);
        match Parser::new(text).parse_dictionary_with_visitor(&mut inputs) {
            Ok(()) => Ok(inputs),
            Err(_) => Err(inputs.fault.unwrap_or(Fault::InputForm)),
        }
    }

    /// One signature that was read already.
    pub(super) fn of_one(input: Input<'a>, components: Vec<Component<'a>>, written: String) -> Self {
        Self { inputs: vec![input], components, written, fault: None }
    }

    fn stop(&mut self, fault: Fault) -> Stop {
        self.fault = Some(fault);
        Stop
    }

    fn last(&mut self) -> &mut Input<'a> {
        self.inputs.last_mut().expect("a signature is being read")
    }

    fn fail(&mut self, fault: Fault) {
        let last = self.last();
        last.fault = last.fault.or(Some(fault));
    }
}

/// Ends the parser. What is wrong is kept where the parser's caller finds it.
#[derive(Debug)]
pub(super) struct Stop;

impl fmt::Display for Stop {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("stopped")
    }
}

impl std::error::Error for Stop {}

impl<'a> DictionaryVisitor<'a> for &mut Inputs<'a> {
    type Out = ();
    type Error = Stop;

    fn entry(&mut self, key: &'a KeyRef) -> Result<impl EntryVisitor<'a>, Stop> {
        let label = key.as_str();
        if self.inputs.len() == MAX_SIGNATURES {
            return Err(self.stop(Fault::TooManySignatures));
        }
        if self.inputs.iter().any(|known| known.label == label) {
            return Err(self.stop(Fault::RepeatedLabel));
        }
        let (start, first) = (self.written.len(), self.components.len());
        self.inputs.push(Input {
            label,
            written: start..start,
            identifiers: start..start,
            components: first..first,
            created: Moment::Absent,
            expires: Moment::Absent,
            texts: Texts::default(),
            fault: None,
        });
        Ok(Entry(self))
    }

    fn finish(self) -> Result<(), Stop> {
        Ok(())
    }
}

struct Entry<'v, 'a>(&'v mut Inputs<'a>);

impl<'a> EntryVisitor<'a> for Entry<'_, 'a> {
    type Error = Infallible;

    fn item(self) -> Result<impl ItemVisitor<'a>, Infallible> {
        self.0.fail(Fault::NotAList);
        Ok(Ignored)
    }

    fn inner_list(self) -> Result<impl InnerListVisitor<'a>, Infallible> {
        self.0.written.push('(');
        Ok(self)
    }
}

impl<'a> InnerListVisitor<'a> for Entry<'_, 'a> {
    type Error = Stop;

    fn item(&mut self) -> Result<impl ItemVisitor<'a>, Stop> {
        if self.0.components.len() - self.0.last().components.start == MAX_COMPONENTS {
            return Err(self.0.stop(Fault::TooManyComponents));
        }
        if !self.0.written.ends_with('(') {
            self.0.written.push(' ');
        }
        Ok(ComponentItem(&mut *self.0))
    }

    fn finish(self) -> Result<impl ParameterVisitor<'a>, Stop> {
        let end = self.0.written.len();
        let last = self.0.last();
        last.identifiers = last.written.start + 1..end;
        self.0.written.push(')');
        self.0.last().written.end = end + 1;
        Ok(SignatureParameters { inputs: self.0, names: Names::default() })
    }
}

struct ComponentItem<'v, 'a>(&'v mut Inputs<'a>);

impl<'a> ItemVisitor<'a> for ComponentItem<'_, 'a> {
    type Out = ();
    type Error = Infallible;

    fn bare_item(self, item: BareItemFromInput<'a>) -> Result<impl ParameterVisitor<'a, Out = ()>, Infallible> {
        let start = self.0.written.len();
        write_item(&mut self.0.written, &item);
        Ok(ComponentParameters { reading: Reading::start(&item), inputs: self.0, start, count: 0 })
    }
}

struct ComponentParameters<'v, 'a> {
    inputs: &'v mut Inputs<'a>,
    reading: Reading<'a>,
    start: usize,
    count: usize,
}

impl<'a> ParameterVisitor<'a> for ComponentParameters<'_, 'a> {
    type Out = ();
    type Error = Stop;

    fn parameter(&mut self, name: &'a KeyRef, value: BareItemFromInput<'a>) -> Result<(), Stop> {
        self.count += 1;
        if self.count > MAX_PARAMETERS {
            return Err(self.inputs.stop(Fault::TooManyParameters));
        }
        self.reading.parameter(name.as_str(), &value);
        write_parameter(&mut self.inputs.written, name.as_str(), &value);
        Ok(())
    }

    fn finish(self) -> Result<(), Stop> {
        let Inputs { inputs, components, written, .. } = self.inputs;
        let input = inputs.last_mut().expect("a signature is being read");
        let fault = match self.reading.finish(self.start..written.len()) {
            Ok(component) if components[input.components.start..].iter().any(|known| known.is_same(&component)) => {
                Some(Fault::RepeatedComponent)
            }
            Ok(component) => {
                components.push(component);
                input.components.end = components.len();
                None
            }
            Err(fault) => Some(fault),
        };
        input.fault = input.fault.or(fault);
        Ok(())
    }
}

/// The names of parameters that were there.
#[derive(Default)]
struct Names<'a> {
    known: [&'a str; MAX_PARAMETERS],
    count: usize,
}

impl<'a> Names<'a> {
    fn add(&mut self, name: &'a str) -> Result<(), Fault> {
        if self.known[..self.count].contains(&name) {
            return Err(Fault::RepeatedParameter);
        }
        *self.known.get_mut(self.count).ok_or(Fault::TooManyParameters)? = name;
        self.count += 1;
        Ok(())
    }
}

struct SignatureParameters<'v, 'a> {
    inputs: &'v mut Inputs<'a>,
    names: Names<'a>,
}

impl<'a> ParameterVisitor<'a> for SignatureParameters<'_, 'a> {
    type Out = ();
    type Error = Stop;

    fn parameter(&mut self, name: &'a KeyRef, value: BareItemFromInput<'a>) -> Result<(), Stop> {
        let name = name.as_str();
        match self.names.add(name) {
            Err(fault @ Fault::TooManyParameters) => return Err(self.inputs.stop(fault)),
            Err(fault) => self.inputs.fail(fault),
            Ok(()) => {}
        }
        let written = &mut self.inputs.written;
        write_parameter(written, name, &value);
        let end = written.len();
        let input = self.inputs.last();
        input.written.end = end;
        let read = match name {
            "created" => read_moment(&value).map(|moment| input.created = moment),
            "expires" => read_moment(&value).map(|moment| input.expires = moment),
            "keyid" => read_text(&value, end).map(|text| input.texts.keyid = Some(text)),
            "alg" => read_text(&value, end).map(|text| input.texts.alg = Some(text)),
            "nonce" => read_text(&value, end).map(|text| input.texts.nonce = Some(text)),
            "tag" => read_text(&value, end).map(|text| input.texts.tag = Some(text)),
            _ => Ok(()),
        };
        if let Err(fault) = read {
            self.inputs.fail(fault);
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Stop> {
        Ok(())
    }
}

fn read_moment(value: &BareItemFromInput<'_>) -> Result<Moment, Fault> {
    match value {
        BareItemFromInput::Integer(number) => match i64::from(*number) {
            seconds @ 0..END_OF_TIME => Ok(Moment::At(seconds as u64)),
            _ => Err(Fault::Time),
        },
        BareItemFromInput::Boolean(true) => Ok(Moment::Wanted),
        _ => Err(Fault::ParameterType),
    }
}

/// Where the text of a parameter is written that ends with its closing quote at `end`.
fn read_text(value: &BareItemFromInput<'_>, end: usize) -> Result<Range<usize>, Fault> {
    let BareItemFromInput::String(text) = value else {
        return Err(Fault::ParameterType);
    };
    let text = text.as_str();
    if is_plain_text(text) { Ok(end - 1 - text.len()..end - 1) } else { Err(Fault::ParameterText) }
}

/// Whether a text can be a parameter with nothing escaped.
pub(super) fn is_plain_text(text: &str) -> bool {
    let is_other = |byte: u8| !matches!(byte, b' '..=b'~') | (byte == b'"') | (byte == b'\\');
    (1..=MAX_TEXT_BYTES).contains(&text.len()) && !any(text.as_bytes(), is_other)
}

fn write_parameter(written: &mut String, name: &str, value: &BareItemFromInput<'_>) {
    written.push(';');
    written.push_str(name);
    if !matches!(value, BareItemFromInput::Boolean(true)) {
        written.push('=');
        write_item(written, value);
    }
}

fn write_item(written: &mut String, item: &BareItemFromInput<'_>) {
    match item {
        // Nothing is escaped in a string that is lent from the header, so it is written as it came.
        BareItemFromInput::String(Cow::Borrowed(text)) => {
            written.push('"');
            written.push_str(text.as_str());
            written.push('"');
        }
        item => drop(ItemSerializer::with_buffer(written).bare_item(item).finish()),
    }
}

/// The signatures of a message by their labels.
pub(super) struct Signatures<'a> {
    text: &'a [u8],
    members: Vec<(&'a str, Vec<u8>)>,
    /// Whether all texts of bytes are known to be what an encoder writes.
    are_canonical: bool,
    fault: Option<Fault>,
}

impl<'a> Signatures<'a> {
    pub(super) fn parse(text: &'a [u8]) -> Result<Self, Fault> {
        let of_one = |member| Self { text, members: vec![member], are_canonical: true, fault: None };
        read_one(text).map_or_else(|| Self::parse_any(text), |member| Ok(of_one(member)))
    }

    fn parse_any(text: &'a [u8]) -> Result<Self, Fault> {
        let mut signatures = Self { text, members: Vec::with_capacity(1), are_canonical: false, fault: None };
        match Parser::new(text).parse_dictionary_with_visitor(&mut signatures) {
            Ok(()) => Ok(signatures),
            Err(_) => Err(signatures.fault.unwrap_or(Fault::SignatureForm)),
        }
    }

    /// Takes the signature with a label, which is there once. It is refused where its text could have been another one for
    /// the same bytes.
    pub(super) fn take(&mut self, label: &str) -> Result<Vec<u8>, Fault> {
        let at = self.members.iter().position(|(known, _)| *known == label).ok_or(Fault::AbsentSignature)?;
        let bytes = std::mem::take(&mut self.members[at].1);
        // Nothing but byte sequences is in the text, so all colons are theirs.
        let text = || self.text.split(|&byte| byte == b':').nth(2 * at + 1).unwrap_or_default();
        if bytes.is_empty() || !(self.are_canonical || is_canonical(text(), &bytes)) {
            return Err(Fault::SignatureText);
        }
        Ok(bytes)
    }
}

/// Reads a signature that is alone. This decoder takes nothing but what an encoder writes.
fn read_one(text: &[u8]) -> Option<(&str, Vec<u8>)> {
    let (label, text) = one_member::split(text)?;
    Some((label, STANDARD.decode(text).ok()?))
}

/// Whether a text that was decoded leniently is what an encoder writes. Only its end can differ.
fn is_canonical(text: &[u8], bytes: &[u8]) -> bool {
    let whole = (bytes.len() - 1) / 3;
    let mut end = [0; 4];
    text.len() == 4 * (whole + 1)
        && STANDARD.encode_slice(&bytes[3 * whole..], &mut end).is_ok()
        && text[4 * whole..] == end
}

impl<'a> DictionaryVisitor<'a> for &mut Signatures<'a> {
    type Out = ();
    type Error = Stop;

    fn entry(&mut self, key: &'a KeyRef) -> Result<impl EntryVisitor<'a>, Stop> {
        let label = key.as_str();
        self.fault = if self.members.len() == MAX_SIGNATURES {
            Some(Fault::TooManySignatures)
        } else if self.members.iter().any(|(known, _)| *known == label) {
            Some(Fault::RepeatedLabel)
        } else {
            None
        };
        match self.fault {
            Some(_) => Err(Stop),
            None => Ok(Member { signatures: self, label }),
        }
    }

    fn finish(self) -> Result<(), Stop> {
        Ok(())
    }
}

struct Member<'v, 'a> {
    signatures: &'v mut Signatures<'a>,
    label: &'a str,
}

impl<'a> EntryVisitor<'a> for Member<'_, 'a> {
    type Error = Stop;

    fn item(self) -> Result<impl ItemVisitor<'a>, Stop> {
        Ok(self)
    }

    fn inner_list(self) -> Result<impl InnerListVisitor<'a>, Stop> {
        Err::<Ignored, _>(Stop)
    }
}

impl<'a> ItemVisitor<'a> for Member<'_, 'a> {
    type Out = ();
    type Error = Stop;

    fn bare_item(self, item: BareItemFromInput<'a>) -> Result<impl ParameterVisitor<'a, Out = ()>, Stop> {
        let BareItemFromInput::ByteSequence(bytes) = item else {
            return Err(Stop);
        };
        self.signatures.members.push((self.label, bytes));
        Ok(NoParameters)
    }
}

struct NoParameters;

impl<'a> ParameterVisitor<'a> for NoParameters {
    type Out = ();
    type Error = Stop;

    fn parameter(&mut self, _name: &'a KeyRef, _value: BareItemFromInput<'a>) -> Result<(), Stop> {
        Err(Stop)
    }

    fn finish(self) -> Result<(), Stop> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_signature_that_is_alone_is_read_as_by_the_parser_of_structured_fields(
            text in "[a1*=: ]{0,4}[a1*._-]{0,3}=?:?[A-C/+]{0,9}={0,2}:?[;,= a]{0,2}",
        ) {
            if let Some((label, bytes)) = read_one(text.as_bytes()) {
                let mut general = Signatures::parse_any(text.as_bytes()).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
                prop_assert_eq!(&general.members, &[(label, bytes.clone())]);
                let taken = general.take(label);
                prop_assert_eq!(taken, if bytes.is_empty() { Err(Fault::SignatureText) } else { Ok(bytes) });
            }
        }
    }
}
