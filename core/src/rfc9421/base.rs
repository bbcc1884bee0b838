//! The signature base: what is signed (RFC 9421, section 2.5).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sfv::{BareItem, Dictionary, FieldType, Item, List, ListEntry, Parser};

use super::component::{Component, Derived, FieldForm, Subject};
use super::fields::Fields;
use super::input::{Input, Inputs};
use super::message::{Message, Request};
use super::registry::{self, StructuredType};
use super::{Fault, authority, query_param};
use crate::bytes::any;

/// Writes the base of a signature. Its last line is what the signature says of itself.
pub(super) fn write(message: Message<'_, '_>, inputs: &Inputs<'_>, input: &Input<'_>) -> Result<Vec<u8>, Fault> {
    let written = inputs.written[input.written.clone()].as_bytes();
    let mut base = Vec::with_capacity(2 * written.len() + 256);
    for component in &inputs.components[input.components.clone()] {
        base.extend_from_slice(inputs.written[component.identifier.clone()].as_bytes());
        base.extend_from_slice(b": ");
        let start = base.len();
        put_value(message, component, &mut base)?;
        // A line break would make one line of the base look like two.
        if any(&base[start..], |byte| (byte < 0x20) & (byte != b'\t') | (byte >= 0x7f)) {
            return Err(Fault::FieldBytes);
        }
        base.push(b'\n');
    }
    base.extend_from_slice(b"\"@signature-params\": ");
    base.extend_from_slice(written);
    Ok(base)
}

fn put_value(message: Message<'_, '_>, component: &Component<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let request = match (message, component.of_request) {
        (Message::Request(_), true) => return Err(Fault::RequestComponent),
        (Message::Request(request) | Message::Response { request, .. }, _) => request,
    };
    let fields = if component.of_request { &request.fields } else { message.fields() };
    match component.subject {
        Subject::Field(name, form) => put_field(fields, name, form, out),
        Subject::Derived(Derived::Status) => match message {
            Message::Response { response, .. } if !component.of_request => {
                out.extend_from_slice(response.status.to_string().as_bytes());
                Ok(())
            }
            _ => Err(Fault::StatusOfRequest),
        },
        _ if matches!(message, Message::Response { .. }) && !component.of_request => Err(Fault::DerivedOfResponse),
        Subject::Derived(derived) => put_derived(request, derived, out),
        Subject::QueryParam(name) => query_param::put(request.split_target().1.unwrap_or_default(), name, out),
    }
}

fn put_derived(request: &Request<'_>, derived: Derived, out: &mut Vec<u8>) -> Result<(), Fault> {
    let (path, query) = request.split_target();
    match derived {
        Derived::Method => out.extend_from_slice(request.method),
        Derived::Path => out.extend_from_slice(path),
        Derived::Query => {
            out.push(b'?');
            out.extend_from_slice(query.unwrap_or_default());
        }
        Derived::Authority => put_authority(request, out)?,
        Derived::Scheme => out.extend_from_slice(request.url_scheme.as_bytes()),
        Derived::RequestTarget => out.extend_from_slice(request.target),
        Derived::TargetUri => {
            out.extend_from_slice(request.url_scheme.as_bytes());
            out.extend_from_slice(b"://");
            put_authority(request, out)?;
            // The target `*` is the server as a whole, which has no path.
            if request.target != b"*" {
                out.extend_from_slice(request.target);
            }
        }
        Derived::QueryParam | Derived::Status => return Err(Fault::ComponentCombination),
    }
    Ok(())
}

fn put_authority(request: &Request<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let (host, port) = authority::find(request.authority, &request.fields, request.url_scheme)?;
    out.extend(host.iter().map(u8::to_ascii_lowercase));
    if let Some(port) = port {
        out.push(b':');
        out.extend_from_slice(port);
    }
    Ok(())
}

fn put_field(fields: &Fields<'_>, name: &str, form: FieldForm<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut lines = fields.lines(name.as_bytes());
    let first = lines.next().ok_or(Fault::AbsentField)?;
    let mut put_lines = |put: &dyn Fn(&[u8], &mut Vec<u8>)| {
        put(first, out);
        for line in lines.by_ref() {
            out.extend_from_slice(b", ");
            put(line, out);
        }
    };
    match form {
        FieldForm::Plain => {
            // Cookies hold commas, so joined lines of them do not say where each ends.
            if name == "set-cookie" && fields.lines(name.as_bytes()).nth(1).is_some() {
                return Err(Fault::SetCookie);
            }
            put_lines(&|line, out| out.extend_from_slice(line));
        }
        FieldForm::Wrapped => put_lines(&|line, out| {
            out.push(b':');
            out.extend_from_slice(STANDARD.encode(line).as_bytes());
            out.push(b':');
        }),
        FieldForm::Structured => {
            let value = fields.value(name.as_bytes()).ok_or(Fault::AbsentField)?;
            let kind = registry::structured_type(name).ok_or(Fault::FieldType)?;
            out.extend_from_slice(rewrite(&value, kind)?.as_bytes());
        }
        FieldForm::Member(key) => {
            let value = fields.value(name.as_bytes()).ok_or(Fault::AbsentField)?;
            put_member(&value, key, out)?;
        }
    }
    Ok(())
}

/// A structured field in the one way that is signed.
fn rewrite(value: &[u8], kind: StructuredType) -> Result<String, Fault> {
    let parser = Parser::new(value);
    // Lists and dictionaries without members have no text at all.
    let text = match kind {
        StructuredType::Item => parser.parse::<Item>().map(|item| item.serialize()),
        StructuredType::List => parser.parse::<List>().map(|list| list.serialize().unwrap_or_default()),
        StructuredType::Dictionary => {
            parser.parse::<Dictionary>().map(|dictionary| dictionary.serialize().unwrap_or_default())
        }
    };
    text.map_err(|_| Fault::FieldForm)
}

fn put_member(value: &[u8], key: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
    let dictionary = Parser::new(value).parse::<Dictionary>().map_err(|_| Fault::FieldForm)?;
    let member = dictionary.get(key).ok_or(Fault::AbsentMember)?;
    match member {
        ListEntry::Item(item) => out.extend_from_slice(item.serialize().as_bytes()),
        ListEntry::InnerList(_) => {
            let list = vec![member.clone()].serialize().ok_or(Fault::FieldForm)?;
            out.extend_from_slice(list.as_bytes());
        }
    }
    Ok(())
}

#[cfg(test)]
pub(super) fn rewrite_as(value: &[u8], kind: &str) -> Option<String> {
    let kind = match kind {
        "item" => StructuredType::Item,
        "list" => StructuredType::List,
        _ => StructuredType::Dictionary,
    };
    rewrite(value, kind).ok()
}
