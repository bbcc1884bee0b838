//! The hot verify and nothing else, for a profiler to watch.

use std::time::{Duration, Instant};

use wiresign::Verifier;

use crate::fleet::{CALLED, CALLER, Client, Fleet, LIVING, Traffic};

const BODY: &[u8] = &[b'x'; 200];

/// Verifies for so many seconds.
pub(crate) fn verify(seconds: u64) {
    let fleet = Fleet::default();
    let verifier = Verifier::new(&fleet.called());
    let accept = |request: &crate::fleet::Request, now| {
        verifier.verify(&request.head(), BODY, now).expect("a good request");
    };
    let mut traffic = Traffic::new(Client::new(fleet.signer(CALLER, CALLED)), BODY, LIVING, accept);
    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end {
        let batch = traffic.batch();
        batch.requests.iter().for_each(|request| accept(request, batch.now));
    }
}
