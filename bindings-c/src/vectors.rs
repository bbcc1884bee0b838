//! The state of the vector registers at the border.

/// Clears the upper halves of the vector registers. Compilers of other languages leave something there (that of Java does
/// before it calls native code), and each SHA or SSE instruction then waits for it: a verification takes twice as long.
#[inline]
pub(crate) fn clear_upper_halves() {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx") {
        // SAFETY: the CPU has these instructions.
        unsafe { zero_upper() };
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx")]
fn zero_upper() {
    std::arch::x86_64::_mm256_zeroupper();
}
