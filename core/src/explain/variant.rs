//! One change of a request, and the cause that it stands for.

use std::borrow::Cow;

use super::causes::Cause;
use super::recipe::Values;

pub(super) struct Variant {
    pub(super) cause: Cause,
    pub(super) change: Change,
}

pub(super) enum Change {
    Method(Vec<u8>),
    Path(Vec<u8>),
    Query(Option<Vec<u8>>),
    Timestamp(Vec<u8>),
    Nonce(Vec<u8>),
    Caller(Vec<u8>),
    TargetService(Vec<u8>),
    Origin(Vec<u8>),
}

impl Variant {
    pub(super) fn new(cause: Cause, change: Change) -> Self {
        Self { cause, change }
    }

    /// The request with the change; none where it makes no difference.
    pub(super) fn apply<'v>(&'v self, values: &Values<'v>) -> Option<Values<'v>> {
        let mut changed = values.clone();
        let (place, value) = match &self.change {
            Change::Query(query) => {
                let query = query.as_deref().map(Cow::Borrowed);
                let is_same = query == changed.query;
                changed.query = query;
                return (!is_same).then_some(changed);
            }
            Change::Method(value) => (&mut changed.method, value),
            Change::Path(value) => (&mut changed.path, value),
            Change::Timestamp(value) => (&mut changed.timestamp, value),
            Change::Nonce(value) => (&mut changed.nonce, value),
            Change::Caller(value) => (&mut changed.caller, value),
            Change::TargetService(value) => (&mut changed.target_service, value),
            Change::Origin(value) => (&mut changed.origin, value),
        };
        let is_same = **place == **value;
        *place = Cow::Borrowed(value);
        (!is_same).then_some(changed)
    }
}
