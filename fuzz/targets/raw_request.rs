//! Any bytes as a request on the wire: a line with method and target, header lines, an empty line, a body.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wiresign::Head;
use wiresign_fuzz::{Headers, NOW, configs, verify_both_ways};

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, message)) = bytes.split_first() else { return };
    let config = &configs()[usize::from(choice) % configs().len()];
    let (head, body) = split(message, b"\n\n");
    let (first, lines) = split(head, b"\n");
    let (method, target) = split(first, b" ");
    let headers: Headers = lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (name, value) = split(line, b": ");
            (String::from_utf8_lossy(name).into_owned(), value.to_vec())
        })
        .collect();
    // The cuts are bytes of the message itself: anything will do.
    let outcome =
        verify_both_ways(config, &Head::new(method, target, &headers), body, &message[..message.len().min(6)], NOW);
    // A valid signature can only come from the seeds; then it must be for just that request.
    if let Ok(verified) = outcome {
        assert!(verified.is_public() || verified.service() == Some("image-service"));
    }
});

fn split<'a>(text: &'a [u8], separator: &[u8]) -> (&'a [u8], &'a [u8]) {
    match text.windows(separator.len()).position(|window| window == separator) {
        Some(at) => (&text[..at], &text[at + separator.len()..]),
        None => (text, b""),
    }
}
