//! Structured fields in the one way that is signed (RFC 9421, sections 2.1.1 and 2.1.2; RFC 9651).

use std::collections::BTreeMap;
use std::convert::Infallible;

use sfv::visitor::{DictionaryVisitor, EntryVisitor, InnerListVisitor, ItemVisitor, ListVisitor, ParameterVisitor};
use sfv::{BareItemFromInput, ItemSerializer, KeyRef, Parser};

use super::Fault;
use super::input::Stop;
use super::registry::StructuredType;

/// The most parameters of one item.
const MAX_PARAMETERS: usize = 64;

/// A field written again.
pub(super) fn rewrite(value: &[u8], kind: StructuredType) -> Result<String, Fault> {
    let mut members = Members::default();
    let parser = Parser::new(value);
    let read = match kind {
        StructuredType::Item => parser.parse_item_with_visitor(members.unnamed()),
        StructuredType::List => parser.parse_list_with_visitor(&mut members),
        StructuredType::Dictionary => parser.parse_dictionary_with_visitor(&mut members),
    };
    read.map_err(|_| Fault::FieldForm)?;
    let mut text = String::with_capacity(value.len());
    for member in &members.all {
        if !text.is_empty() {
            text.push_str(", ");
        }
        match (member.name, member.is_true) {
            ("", _) => text.push_str(&member.text),
            (name, true) => {
                text.push_str(name);
                text.push_str(&member.text["?1".len()..]);
            }
            (name, false) => {
                text.push_str(name);
                text.push('=');
                text.push_str(&member.text);
            }
        }
    }
    Ok(text)
}

/// One member of a dictionary written again.
pub(super) fn member(value: &[u8], name: &str) -> Result<String, Fault> {
    let mut members = Members::default();
    let read = Parser::new(value).parse_dictionary_with_visitor(&mut members);
    read.map_err(|_| Fault::FieldForm)?;
    let at = *members.places.get(name).ok_or(Fault::AbsentMember)?;
    let member = &mut members.all[at];
    if member.is_repeated { Err(Fault::RepeatedMember) } else { Ok(std::mem::take(&mut member.text)) }
}

/// What a field consists of, in order.
#[derive(Default)]
struct Members<'a> {
    all: Vec<Member<'a>>,
    /// The places of those that have names.
    places: BTreeMap<&'a str, usize>,
}

#[derive(Default)]
struct Member<'a> {
    /// Empty where the field is no dictionary.
    name: &'a str,
    text: String,
    is_true: bool,
    is_repeated: bool,
}

impl<'a> Members<'a> {
    fn unnamed(&mut self) -> Writer<'_, 'a> {
        self.all.push(Member::default());
        let at = self.all.len() - 1;
        Writer { member: &mut self.all[at], is_inner: false }
    }
}

impl<'a> ListVisitor<'a> for &mut Members<'a> {
    type Out = ();
    type Error = Infallible;

    fn entry(&mut self) -> Result<impl EntryVisitor<'a>, Infallible> {
        Ok(self.unnamed())
    }

    fn finish(self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl<'a> DictionaryVisitor<'a> for &mut Members<'a> {
    type Out = ();
    type Error = Infallible;

    fn entry(&mut self, key: &'a KeyRef) -> Result<impl EntryVisitor<'a>, Infallible> {
        let name = key.as_str();
        // The last one counts, in the place of the first.
        let at = *self.places.entry(name).or_insert(self.all.len());
        let is_repeated = at < self.all.len();
        let member = Member { name, is_repeated, ..Member::default() };
        match self.all.get_mut(at) {
            Some(known) => *known = member,
            None => self.all.push(member),
        }
        Ok(Writer { member: &mut self.all[at], is_inner: false })
    }

    fn finish(self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Writes one member, or one item of an inner list.
struct Writer<'m, 'a> {
    member: &'m mut Member<'a>,
    is_inner: bool,
}

impl<'a> EntryVisitor<'a> for Writer<'_, 'a> {
    type Error = Infallible;

    fn item(self) -> Result<impl ItemVisitor<'a>, Infallible> {
        Ok(self)
    }

    fn inner_list(self) -> Result<impl InnerListVisitor<'a>, Infallible> {
        self.member.text.push('(');
        Ok(self)
    }
}

impl<'a> InnerListVisitor<'a> for Writer<'_, 'a> {
    type Error = Infallible;

    fn item(&mut self) -> Result<impl ItemVisitor<'a>, Infallible> {
        if !std::mem::replace(&mut self.is_inner, true) {
            return Ok(Writer { member: self.member, is_inner: true });
        }
        self.member.text.push(' ');
        Ok(Writer { member: self.member, is_inner: true })
    }

    fn finish(self) -> Result<impl ParameterVisitor<'a>, Infallible> {
        self.member.text.push(')');
        Ok(Parameters { text: &mut self.member.text, all: Vec::new() })
    }
}

impl<'a> ItemVisitor<'a> for Writer<'_, 'a> {
    type Out = ();
    type Error = Infallible;

    fn bare_item(self, item: BareItemFromInput<'a>) -> Result<impl ParameterVisitor<'a, Out = ()>, Infallible> {
        self.member.is_true = !self.is_inner && matches!(item, BareItemFromInput::Boolean(true));
        let _ = ItemSerializer::with_buffer(&mut self.member.text).bare_item(&item).finish();
        Ok(Parameters { text: &mut self.member.text, all: Vec::new() })
    }
}

struct Parameters<'m, 'a> {
    text: &'m mut String,
    all: Vec<(&'a KeyRef, BareItemFromInput<'a>)>,
}

impl<'a> ParameterVisitor<'a> for Parameters<'_, 'a> {
    type Out = ();
    type Error = Stop;

    fn parameter(&mut self, key: &'a KeyRef, value: BareItemFromInput<'a>) -> Result<(), Stop> {
        // The last one counts, in the place of the first.
        if let Some((_, known)) = self.all.iter_mut().find(|(known, _)| *known == key) {
            *known = value;
        } else if self.all.len() < MAX_PARAMETERS {
            self.all.push((key, value));
        } else {
            return Err(Stop);
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Stop> {
        for (key, value) in &self.all {
            self.text.push(';');
            self.text.push_str(key.as_str());
            if !matches!(value, BareItemFromInput::Boolean(true)) {
                self.text.push('=');
                let _ = ItemSerializer::with_buffer(self.text).bare_item(value).finish();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_written_as_they_are_signed() {
        let field = b"a=1,    b=2;x=1;y=2,   c=(a   b   c);z, d;q=?1, e=?0, f=1, f=2";
        let value = |name| member(field, name);
        assert_eq!(value("a").as_deref(), Ok("1"));
        assert_eq!(value("b").as_deref(), Ok("2;x=1;y=2"));
        assert_eq!(value("c").as_deref(), Ok("(a b c);z"));
        assert_eq!(value("d").as_deref(), Ok("?1;q"));
        assert_eq!(value("e").as_deref(), Ok("?0"));
        assert_eq!(value("f"), Err(Fault::RepeatedMember));
        assert_eq!(value("g"), Err(Fault::AbsentMember));
        assert_eq!(member(b"Tue, 20 Apr 2021", "a"), Err(Fault::FieldForm));
    }

    #[test]
    fn fields_are_written_by_their_type() {
        use StructuredType::{Dictionary, Item, List};
        for (field, kind, wanted) in [
            ("u=03,   i=?1, x;a;b=2", Dictionary, "u=3, i, x;a;b=2"),
            ("Sec-CH-UA,   (a  b);c", List, "Sec-CH-UA, (a b);c"),
            ("text/html; charset=\"utf-8\"", Item, "text/html;charset=\"utf-8\""),
            ("foo, foo", Dictionary, "foo"),
            ("foo, foo", List, "foo, foo"),
            ("a=1, b=2, a=(?1 1)", Dictionary, "a=(?1 1), b=2"),
            ("1;a=1;b=2;a=3", Item, "1;a=3;b=2"),
            ("", List, ""),
        ] {
            assert_eq!(rewrite(field.as_bytes(), kind).as_deref(), Ok(wanted), "{field}");
        }
        assert_eq!(rewrite(b"", Item), Err(Fault::FieldForm));
        assert_eq!(rewrite(b"a b", Item), Err(Fault::FieldForm));
    }

    #[test]
    fn parameters_are_bounded() {
        let field = |count: usize| (0..count).fold("1".to_owned(), |field, at| field + &format!(";a{at}"));
        assert!(rewrite(field(MAX_PARAMETERS).as_bytes(), StructuredType::Item).is_ok());
        let too_many = rewrite(field(MAX_PARAMETERS + 1).as_bytes(), StructuredType::Item);
        assert_eq!(too_many, Err(Fault::FieldForm));
    }
}
