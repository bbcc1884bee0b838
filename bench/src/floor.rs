//! The floor: what the hash alone costs on this machine.

use std::hint::black_box;

use sha2::{Digest, Sha256};

use crate::contest::{Contestant, bulk};

const BLOCK_BYTES: usize = 64;
const BLOCKS: usize = 1024;

/// Hashes a large buffer; one operation is one compression.
pub(crate) fn compression<'a>() -> Contestant<'a> {
    let buffer = vec![0x5a; BLOCK_BYTES * BLOCKS];
    let mut hash = Sha256::new();
    bulk(BLOCKS as u32, move || hash.update(black_box(&buffer)))
}

/// The compressions that an HMAC-SHA256 with kept inner and outer states needs for a message of `bytes` bytes: the
/// message with at least 9 bytes of padding, and the outer hash.
pub(crate) fn compressions(bytes: usize) -> f64 {
    ((bytes + 9).div_ceil(BLOCK_BYTES) + 1) as f64
}

/// Whether the CPU has instructions for SHA-256, without which the floor is another and nothing can be judged.
pub(crate) fn has_sha_instructions() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("sha");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("sha2");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    return false;
}

/// What a compression takes on the machine for which the goals in nanoseconds were set.
const COMPRESSION_OF_THE_GOALS: f64 = 32.0;

/// A goal in nanoseconds, for a machine that needs `compression` nanoseconds for one: so that goals mean the same on a slower one.
pub(crate) fn scaled(goal: f64, compression: f64) -> f64 {
    goal * compression / COMPRESSION_OF_THE_GOALS
}
