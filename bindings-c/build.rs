//! Gives the shared library the name that programs look for when they start.

fn main() {
    // On other systems than ELF ones the name is set while the library is installed.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libwiresign.so.0");
    }
    println!("cargo:rerun-if-changed=build.rs");
}
