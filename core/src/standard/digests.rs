//! The digests of a body that signatures of the standards cover.

use sha2::{Digest, Sha256, Sha512};

/// Which digests of the body are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) sha256: bool,
    pub(crate) sha512: bool,
}

/// The digests of a complete body, as far as they were asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct BodyDigests {
    pub(crate) sha256: Option<[u8; 32]>,
    pub(crate) sha512: Option<[u8; 64]>,
}

/// The digests of a body on its way.
pub(crate) struct RunningDigests {
    sha256: Option<Sha256>,
    sha512: Option<Sha512>,
}

impl BodyDigests {
    pub(crate) fn of(body: &[u8], wanted: Wanted) -> Self {
        let mut running = RunningDigests::new(wanted);
        running.put(body);
        running.finish()
    }
}

impl RunningDigests {
    pub(crate) fn new(wanted: Wanted) -> Self {
        Self { sha256: wanted.sha256.then(Sha256::new), sha512: wanted.sha512.then(Sha512::new) }
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) {
        self.sha256.iter_mut().for_each(|digest| digest.update(bytes));
        self.sha512.iter_mut().for_each(|digest| digest.update(bytes));
    }

    pub(crate) fn finish(self) -> BodyDigests {
        BodyDigests {
            sha256: self.sha256.map(|digest| digest.finalize().into()),
            sha512: self.sha512.map(|digest| digest.finalize().into()),
        }
    }
}
