//! R3: how often a verify asks for memory.

use wiresign::Verifier;

use crate::allocations::count;
use crate::fleet::{BATCH, CALLED, CALLER, Client, Fleet, LIVING, NOW, Traffic};
use crate::report::{Row, Unit};

const BODY: &[u8] = &[b'x'; 200];
const REQUESTS: usize = 100_000;

pub(crate) fn rows() -> Vec<Row> {
    let fleet = Fleet::default();
    let verifier = Verifier::new(&fleet.called());
    let client = || Client::new(fleet.signer(CALLER, CALLED));
    let verify = |request: &crate::fleet::Request, now| verifier.verify(&request.head(), BODY, now);

    let mut traffic =
        Traffic::new(client(), BODY, LIVING, |request, now| drop(verify(request, now).expect("a good request")));
    // The replay store has seen its entries die and be replaced often enough to have found its size.
    for _ in 0..40 * LIVING / BATCH {
        let batch = traffic.batch();
        batch.requests.iter().for_each(|request| drop(verify(request, batch.now).expect("a good request")));
    }
    let mut accepted = 0;
    for _ in 0..REQUESTS / BATCH as usize {
        let batch = traffic.batch();
        accepted += count(|| {
            batch.requests.iter().for_each(|request| drop(verify(request, batch.now).expect("a good request")));
        });
    }
    let mut forged = client().request(BODY, NOW);
    forged.set("x-signature", &format!("v2={}", "0".repeat(64)));
    let refused = count(|| (0..REQUESTS).for_each(|_| drop(verify(&forged, NOW).expect_err("a forged request"))));

    vec![
        Row::judged(
            "R3",
            format!("allocations in {REQUESTS} verifies that succeed"),
            accepted as f64,
            Unit::Count,
            0.0,
            0.0,
        ),
        Row::judged("R3", format!("allocations in {REQUESTS} refusals"), refused as f64, Unit::Count, 0.0, 0.0),
    ]
}
