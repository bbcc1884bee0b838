//! Linker settings of an addon, which differ between platforms.

fn main() {
    napi_build::setup();
}
