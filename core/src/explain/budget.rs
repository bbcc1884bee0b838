//! Bounds on the search: an explanation is asked for by people, but the request comes from anybody.

/// The most signatures that are computed.
const MAX_TRIES: u32 = 4000;
/// The most bytes that are signed, all tries together.
const MAX_BYTES: u64 = 96 * 1024 * 1024;
/// The longest body that is written anew in other ways.
pub(super) const MAX_BODY_BYTES: usize = 1024 * 1024;

/// What is left of the bounds.
pub(super) struct Budget {
    tries: u32,
    bytes: u64,
    spent: u32,
    /// Whether a try was refused for want of room: then nothing more is made, either.
    is_over: bool,
    /// What was left out, in words.
    pub(super) cuts: Vec<&'static str>,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { tries: MAX_TRIES, bytes: MAX_BYTES, spent: 0, is_over: false, cuts: Vec::new() }
    }

    /// Takes one try over so many bytes; `false` where nothing is left.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let bytes = bytes as u64;
        if self.is_over || self.tries == 0 || self.bytes < bytes {
            self.is_over = true;
            self.cut(
                "the search ended at its bounds of 4000 signatures and 96 MiB; causes further down were not tried",
            );
            return false;
        }
        self.tries -= 1;
        self.bytes -= bytes;
        self.spent += 1;
        true
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    pub(super) fn cut(&mut self, what: &'static str) {
        if !self.cuts.contains(&what) {
            self.cuts.push(what);
        }
    }

    pub(super) fn spent(&self) -> u32 {
        self.spent
    }
}
