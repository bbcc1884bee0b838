//! The last look at what an explanation repeats of a request: whatever was smuggled into it, no secret leaves.

use serde_json::Value;
use zeroize::Zeroizing;

use crate::config::Compiled;

/// Shorter pieces of a secret could be any text.
const PIECE: usize = 8;
const HIDDEN: &str = "(hidden)";

/// Knows the secrets of a config, and what must not be shown of them.
pub(super) struct Guard<'c> {
    secrets: Vec<&'c [u8]>,
    /// Signatures that would have been right, as they are written.
    signatures: Vec<Zeroizing<String>>,
}

impl<'c> Guard<'c> {
    pub(super) fn new(config: &'c Compiled, signatures: Vec<Zeroizing<String>>) -> Self {
        let keys = config.services.iter().flat_map(|service| {
            let bound = service.bound_keys.iter().map(|known| &known.key.secret);
            let aws = service.aws_keys.iter().map(|known| &known.key.secret);
            let tokens = service.aws_keys.iter().filter_map(|known| known.session_token.as_ref());
            let signing = service.keys.iter().map(|key| &key.secret).chain(bound).chain(aws);
            let all = signing.chain(tokens).chain(service.api_keys.iter().map(|key| &key.key.secret));
            all.map(|secret| &***secret)
        });
        Self { secrets: keys.filter(|secret| secret.len() >= PIECE).collect(), signatures }
    }

    /// Whether a text holds a piece of anything secret.
    fn leaks(&self, text: &str) -> bool {
        let text = text.as_bytes();
        let all = self.secrets.iter().copied().chain(self.signatures.iter().map(|text| text.as_bytes()));
        text.len() >= PIECE && all.into_iter().any(|secret| secret.windows(PIECE).any(|piece| contains(text, piece)))
    }

    pub(super) fn text(&self, text: &mut String) {
        if self.leaks(text) {
            HIDDEN.clone_into(text);
        }
    }

    pub(super) fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.value(member)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn contains(text: &[u8], piece: &[u8]) -> bool {
    text.windows(piece.len()).any(|window| window == piece)
}
