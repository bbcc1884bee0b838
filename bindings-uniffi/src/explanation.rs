//! Why a request is judged as it is.

/// How a verification went, and what probably went wrong. For operators, not for callers.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Explanation {
    /// OK, or the code of the refusal.
    pub verdict: String,
    /// The causes; those that a signature proves come first.
    pub hints: Vec<Hint>,
    /// All of it, for people.
    pub text: String,
    /// All of it, as one JSON object.
    pub json: String,
}

/// One cause that an explanation names.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Hint {
    /// The stable name of the cause.
    pub id: String,
    /// A sentence that names the cause.
    pub cause: String,
    /// A sentence that says what to do.
    pub fix: String,
    /// Whether the signature is right once this cause is taken away.
    pub is_proved: bool,
}

impl From<&wiresign::Explanation> for Explanation {
    fn from(explanation: &wiresign::Explanation) -> Self {
        let hints = explanation.hints().iter().map(|hint| Hint {
            id: hint.id().to_owned(),
            cause: hint.cause().to_owned(),
            fix: hint.fix().to_owned(),
            is_proved: hint.is_proved(),
        });
        Self {
            verdict: explanation.verdict().to_owned(),
            hints: hints.collect(),
            text: explanation.to_string(),
            json: explanation.json(),
        }
    }
}
