//! The signature base: what is signed (RFC 9421, section 2.5).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::component::{Component, Derived, FieldForm, Subject};
use super::fields::Fields;
use super::input::{Input, Inputs};
use super::message::{Message, Request};
use super::{Fault, authority, query_param, registry, structured};
use crate::bytes::any;

/// The most bytes that are read and written for all signatures of a message: many components may name the same long field.
const MAX_WORK_BYTES: usize = 512 * 1024;

/// What is left of the work that a message may cause.
pub(super) struct Budget(usize);

impl Budget {
    pub(super) fn new() -> Self {
        Self(MAX_WORK_BYTES)
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Fault> {
        self.0 = self.0.checked_sub(bytes).ok_or(Fault::TooMuchCovered)?;
        Ok(())
    }
}

/// Writes the base of a signature. Its last line is what the signature says of itself.
pub(super) fn write(
    message: Message<'_, '_>,
    inputs: &Inputs<'_>,
    input: &Input<'_>,
    budget: &mut Budget,
) -> Result<Vec<u8>, Fault> {
    let written = inputs.written[input.written.clone()].as_bytes();
    let mut base = Vec::with_capacity(2 * written.len() + 256);
    for component in &inputs.components[input.components.clone()] {
        base.extend_from_slice(inputs.written[component.identifier.clone()].as_bytes());
        base.extend_from_slice(b": ");
        let start = base.len();
        put_value(message, component, budget, &mut base)?;
        budget.spend(base.len() - start)?;
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

fn put_value(
    message: Message<'_, '_>,
    component: &Component<'_>,
    budget: &mut Budget,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let request = match (message, component.of_request) {
        (Message::Request(_), true) => return Err(Fault::RequestComponent),
        (Message::Request(request) | Message::Response { request, .. }, _) => request,
    };
    let fields = if component.of_request { &request.fields } else { message.fields() };
    match component.subject {
        Subject::Field(name, form) => put_field(fields, name, form, budget, out),
        Subject::Derived(Derived::Status) => match message {
            Message::Response { response, .. } if !component.of_request => {
                out.extend_from_slice(response.status.to_string().as_bytes());
                Ok(())
            }
            _ => Err(Fault::StatusOfRequest),
        },
        _ if matches!(message, Message::Response { .. }) && !component.of_request => Err(Fault::DerivedOfResponse),
        Subject::Derived(derived) => put_derived(request, derived, out),
        Subject::QueryParam(name) => {
            let query = request.query.unwrap_or_default();
            budget.spend(query.len())?;
            query_param::put(query, name, out)
        }
    }
}

fn put_derived(request: &Request<'_>, derived: Derived, out: &mut Vec<u8>) -> Result<(), Fault> {
    match derived {
        Derived::Method => out.extend_from_slice(request.method),
        Derived::Path => out.extend_from_slice(request.path),
        Derived::Query => {
            out.push(b'?');
            out.extend_from_slice(request.query.unwrap_or_default());
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
    let start = out.len();
    out.extend_from_slice(host);
    out[start..].make_ascii_lowercase();
    if let Some(port) = port {
        out.push(b':');
        out.extend_from_slice(port);
    }
    Ok(())
}

fn put_field(
    fields: &Fields<'_>,
    name: &str,
    form: FieldForm<'_>,
    budget: &mut Budget,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let mut lines = fields.lines(name.as_bytes());
    let first = lines.next().ok_or(Fault::AbsentField)?;
    match form {
        FieldForm::Plain => {
            out.extend_from_slice(first);
            for line in lines {
                // Cookies hold commas, so joined lines of them do not say where each ends.
                if name == "set-cookie" {
                    return Err(Fault::SetCookie);
                }
                out.extend_from_slice(b", ");
                out.extend_from_slice(line);
            }
        }
        FieldForm::Wrapped => {
            put_wrapped(first, out);
            for line in lines {
                out.extend_from_slice(b", ");
                put_wrapped(line, out);
            }
        }
        FieldForm::Structured => {
            let value = fields.value(name.as_bytes()).ok_or(Fault::AbsentField)?;
            let kind = registry::structured_type(name).ok_or(Fault::FieldType)?;
            budget.spend(value.len())?;
            out.extend_from_slice(structured::rewrite(&value, kind)?.as_bytes());
        }
        FieldForm::Member(key) => {
            let value = fields.value(name.as_bytes()).ok_or(Fault::AbsentField)?;
            budget.spend(value.len())?;
            out.extend_from_slice(structured::member(&value, key)?.as_bytes());
        }
    }
    Ok(())
}

fn put_wrapped(line: &[u8], out: &mut Vec<u8>) {
    out.push(b':');
    out.extend_from_slice(STANDARD.encode(line).as_bytes());
    out.push(b':');
}
