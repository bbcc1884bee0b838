//! The generator of UniFFI, in the version that the lock file pins: the library and its sources must be of one version.

#![forbid(unsafe_code)]

fn main() {
    uniffi::uniffi_bindgen_main();
}
