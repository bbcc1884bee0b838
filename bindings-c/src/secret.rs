//! New secrets.

use std::ffi::c_char;

use wiresign::SecretEncoding;
use zeroize::Zeroizing;

use crate::error::wiresign_error;
use crate::failure::Failure;
use crate::output::{Buffer, Output};

/// A secret as 64 lower-case hexadecimal digits.
pub const WIRESIGN_SECRET_HEX: u32 = 0;
/// A secret as 44 characters of base64.
pub const WIRESIGN_SECRET_BASE64: u32 = 1;

/// A buffer of this many bytes holds a secret of either encoding and its NUL byte.
pub const WIRESIGN_SECRET_SIZE: usize = 65;

/// Makes a new secret of 32 random bytes of the operating system, and writes it to the caller's buffer with a NUL byte
/// behind it; `length` gets its length without that byte. The library keeps no copy. `encoding` is WIRESIGN_SECRET_HEX
/// or WIRESIGN_SECRET_BASE64.
///
/// Errors: WIRESIGN_BUFFER_TOO_SMALL, where `length` says how many bytes are needed and nothing else was written;
/// WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_generate_secret(
    encoding: u32,
    secret: *mut c_char,
    capacity: usize,
    length: *mut usize,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        let encoding = match encoding {
            WIRESIGN_SECRET_HEX => SecretEncoding::Hex,
            WIRESIGN_SECRET_BASE64 => SecretEncoding::Base64,
            other => {
                return Err(Failure::argument("encoding", format_args!("{other} is none of WIRESIGN_SECRET_...")));
            }
        };
        // SAFETY: the caller promised that every pointer is NULL, or can be written for its capacity.
        let (buffer, length) =
            unsafe { (Buffer::new("secret", secret.cast::<u8>(), capacity)?, Output::new("length", length)?) };
        let random = Zeroizing::new(wiresign_host::random32()?);
        let made = Zeroizing::new(wiresign::generate_secret(&random, encoding));
        let needed = made.len() + 1;
        if needed > buffer.capacity() {
            length.write(needed);
            return Err(Failure::TooSmall(format!(
                "{needed} bytes are needed, and there is room for {}",
                buffer.capacity()
            )));
        }
        length.write(made.len());
        buffer.write(made.bytes().chain([0]));
        Ok(())
    })
}
