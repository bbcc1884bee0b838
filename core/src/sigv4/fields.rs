//! The header fields of a request, with those that this scheme reads picked out.

use super::Fault;
use crate::bytes::holds;
use crate::header_name::Ends;
use crate::request::Headers;

/// A name and its value.
type Pair<'a> = (&'a [u8], &'a [u8]);

#[derive(Default)]
pub(super) struct Fields<'a> {
    pub(super) all: Vec<Pair<'a>>,
    pub(super) authorization: Field<'a>,
    pub(super) amazon_date: Field<'a>,
    pub(super) date: Field<'a>,
    pub(super) payload: Field<'a>,
    pub(super) token: Field<'a>,
    pub(super) host: Field<'a>,
    pub(super) has_content_type: bool,
    /// How many fields are named `x-amz-*`.
    pub(super) amazon: usize,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Field<'a> {
    pub(super) value: Option<&'a [u8]>,
    is_repeated: bool,
}

impl<'a> Field<'a> {
    fn set(&mut self, value: &'a [u8]) {
        self.is_repeated |= self.value.is_some();
        self.value = Some(value);
    }

    /// Refuses a field that came twice. Some servers join repeated fields by a comma, which none of these holds.
    #[inline]
    pub(super) fn check_once(&self, name: &'static str) -> Result<(), Fault> {
        let is_joined = self.value.is_some_and(|value| holds(value, b','));
        if self.is_repeated | is_joined { Err(Fault::Repeated(name)) } else { Ok(()) }
    }

    /// As [`Field::check_once`], of a date in the form of mail, which holds one comma by itself.
    pub(super) fn check_one_date(&self) -> Result<(), Fault> {
        let commas = self.value.unwrap_or_default().iter().filter(|&&byte| byte == b',').count();
        if self.is_repeated | (commas > 1) { Err(Fault::Repeated("Date")) } else { Ok(()) }
    }

    /// As [`Field::check_once`], of a field whose parser finds what was joined.
    pub(super) fn check_not_repeated(&self, name: &'static str) -> Result<(), Fault> {
        if self.is_repeated { Err(Fault::Repeated(name)) } else { Ok(()) }
    }
}

impl<'a> Fields<'a> {
    pub(super) fn collect<H: Headers + ?Sized>(headers: &'a H) -> Self {
        let mut fields = Self { all: Vec::with_capacity(24), ..Self::default() };
        headers.visit(|name, value| fields.push(name, value));
        fields
    }

    pub(super) fn push(&mut self, name: &'a [u8], value: &'a [u8]) {
        self.all.push((name, value));
        const AMAZON_DATE: Ends = Ends::new("x-amz-date");
        const CONTENT_TYPE: Ends = Ends::new("content-type");
        const AUTHORIZATION: Ends = Ends::new("authorization");
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        match name.len() {
            4 if is("host") => self.host.set(value),
            4 if is("date") => self.date.set(value),
            10 if AMAZON_DATE.are_of(name) => self.amazon_date.set(value),
            12 if CONTENT_TYPE.are_of(name) => self.has_content_type = true,
            13 if AUTHORIZATION.are_of(name) => self.authorization.set(value),
            20 if is("x-amz-content-sha256") => self.payload.set(value),
            20 if is("x-amz-security-token") => self.token.set(value),
            _ => {}
        }
        self.amazon += usize::from(is_amazon(name));
    }
}

pub(super) fn is_amazon(name: &[u8]) -> bool {
    name.first_chunk().is_some_and(|start: &[u8; 6]| start.eq_ignore_ascii_case(b"x-amz-"))
}
