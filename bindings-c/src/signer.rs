//! Signing what will be sent.

use std::ffi::{c_char, c_void};

use wiresign::Signer;

use crate::bytes::wiresign_bytes;
use crate::config::wiresign_config;
use crate::error::wiresign_error;
use crate::failure::Failure;
use crate::input::{self, FlatPairs, Nonce, RawHead, RequestHead};
use crate::output::{Buffer, Output, release};
use crate::signed::wiresign_signed;

/// A buffer of this many bytes holds the names and values of all headers that wiresign_signer_sign_into writes under the schemes
/// of this library, and nearly always under the standards: there a long session token, or many keys that sign at once, may
/// need more.
pub const WIRESIGN_SIGNED_BLOCK_SIZE: usize = 2048;
/// wiresign_signer_sign_into writes no more headers than this.
pub const WIRESIGN_SIGNED_COUNT: usize = 16;

/// Holds the own credential and a scheme, and signs requests. Immutable; may be used by several threads at once.
pub struct wiresign_signer {
    signer: Signer,
}

impl wiresign_signer {
    pub(crate) fn core(&self) -> &Signer {
        &self.signer
    }
}

/// Makes a signer of a configuration.
///
/// `target` is the id of the service that the requests go to, as the scheme "service-hmac-v2" signs it; (NULL, 0) for
/// none. The configuration may be freed before the signer.
///
/// Gives through `signer` an object that the caller frees with wiresign_signer_free.
///
/// Errors: WIRESIGN_SIGNING_FAILED when the configuration lacks what signing takes; WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_signer_new(
    config: *const wiresign_config,
    target: *const c_char,
    target_length: usize,
    signer: *mut *mut wiresign_signer,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL or valid, and the text readable for its length.
        let (config, target, output) = unsafe {
            (
                input::handle("config", config)?,
                input::optional_text("target", target, target_length)?,
                Output::new("signer", signer)?,
            )
        };
        output.give(wiresign_signer { signer: Signer::new(config.config(), target)? });
        Ok(())
    })
}

/// Makes a signer with credentials of AWS that were given out for a while, as those of a role are. Make a new one before they
/// end. Only where the configuration signs with "aws-identity" or "aws-sigv4".
///
/// `target` is as for wiresign_signer_new. The session token is (NULL, 0) where the credentials have none.
///
/// Gives through `signer` an object that the caller frees with wiresign_signer_free.
///
/// Errors: WIRESIGN_SIGNING_FAILED when the configuration signs with another scheme, or the credentials cannot be;
/// WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_signer_with_aws_credentials(
    config: *const wiresign_config,
    target: *const c_char,
    target_length: usize,
    access_key_id: *const c_char,
    access_key_id_length: usize,
    secret: *const c_char,
    secret_length: usize,
    session_token: *const c_char,
    session_token_length: usize,
    signer: *mut *mut wiresign_signer,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL or valid, and each text readable for its length.
        let (config, target, access_key_id, secret, session_token, output) = unsafe {
            (
                input::handle("config", config)?,
                input::optional_text("target", target, target_length)?,
                input::text("access_key_id", access_key_id, access_key_id_length)?,
                input::text("secret", secret, secret_length)?,
                input::optional_text("session_token", session_token, session_token_length)?,
                Output::new("signer", signer)?,
            )
        };
        let made = Signer::with_aws_credentials(config.config(), target, access_key_id, secret, session_token)?;
        output.give(wiresign_signer { signer: made });
        Ok(())
    })
}

/// All that one signature is made of.
struct Signing<'a> {
    signer: &'a Signer,
    request: RequestHead<'a>,
    body: &'a [u8],
    now: u64,
    nonce: Nonce<'a>,
}

impl<'a> Signing<'a> {
    /// # Safety
    /// Every pointer is NULL, or live and readable for its length for as long as `'a`.
    unsafe fn read(
        signer: *const wiresign_signer,
        request: RawHead,
        (body, body_length): (*const c_void, usize),
        now: u64,
        (nonce, nonce_length): (*const c_char, usize),
    ) -> Result<Self, Failure> {
        // SAFETY: by the contract of this function.
        unsafe {
            Ok(Self {
                signer: &input::handle("signer", signer)?.signer,
                request: request.read()?,
                body: input::bytes("body", body, body_length)?,
                now: input::time(now),
                nonce: Nonce::read("nonce", nonce, nonce_length)?,
            })
        }
    }

    fn sign(&self) -> Result<wiresign::SignedHeaders, Failure> {
        let head = self.request.head();
        Ok(self.signer.sign(&head, self.body, self.now, self.nonce.as_str())?)
    }

    fn sign_as_asked(&self, asking: &FlatPairs<'_>) -> Result<Option<wiresign::SignedHeaders>, Failure> {
        let head = self.request.head();
        Ok(self.signer.sign_as_asked(asking, &head, self.body, self.now, self.nonce.as_str())?)
    }

    fn message(&self) -> Result<Vec<u8>, Failure> {
        let head = self.request.head();
        Ok(self.signer.message(&head, self.body, self.now, self.nonce.as_str())?)
    }
}

/// Signs a request that will be sent.
///
/// The request is described as at the top of this header. The schemes of this library sign neither its headers nor its
/// authority, which may then be left out (NULL, 0); "rfc9421" and "aws-sigv4" sign what is there, and all of that must be sent.
/// `now` is the Unix time in seconds, or WIRESIGN_NOW. The nonce becomes
/// X-Request-ID; (NULL, 0) stands for a new random UUID. Each attempt to send needs a signature of its own.
///
/// Gives through `signed` the headers to set, which the caller frees with wiresign_signed_free.
///
/// Errors: WIRESIGN_SIGNING_FAILED when the request cannot be signed; WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_signer_sign(
    signer: *const wiresign_signer,
    method: *const c_char,
    method_length: usize,
    target: *const c_char,
    target_length: usize,
    authority: *const c_char,
    authority_length: usize,
    headers: *const c_char,
    headers_length: usize,
    header_lengths: *const u32,
    header_count: usize,
    body: *const c_void,
    body_length: usize,
    now: u64,
    nonce: *const c_char,
    nonce_length: usize,
    signed: *mut *mut wiresign_signed,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        let request = RawHead::new(
            (method, method_length),
            (target, target_length),
            (authority, authority_length),
            (headers, headers_length, header_lengths, header_count),
        );
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (signing, output) = unsafe {
            (
                Signing::read(signer, request, (body, body_length), now, (nonce, nonce_length))?,
                Output::new("signed", signed)?,
            )
        };
        output.give(wiresign_signed::new(&signing.sign()?));
        Ok(())
    })
}

/// Signs as wiresign_signer_sign does, into buffers of the caller, so that no object is made.
///
/// Writes the names and values of the headers one behind the other to `block`, their lengths to `lengths` with name and
/// value alternating, the bytes written to `block_length` and the number of headers to `count`. `block_capacity` is in
/// bytes; `count_capacity` in headers, so `lengths` has room for twice as many numbers. WIRESIGN_SIGNED_BLOCK_SIZE bytes
/// are enough but for what it says, and WIRESIGN_SIGNED_COUNT headers are always enough.
///
/// Errors: as wiresign_signer_sign, and WIRESIGN_BUFFER_TOO_SMALL, where `block_length` and `count` say what is needed
/// and nothing else was written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_signer_sign_into(
    signer: *const wiresign_signer,
    method: *const c_char,
    method_length: usize,
    target: *const c_char,
    target_length: usize,
    authority: *const c_char,
    authority_length: usize,
    headers: *const c_char,
    headers_length: usize,
    header_lengths: *const u32,
    header_count: usize,
    body: *const c_void,
    body_length: usize,
    now: u64,
    nonce: *const c_char,
    nonce_length: usize,
    block: *mut c_char,
    block_capacity: usize,
    block_length: *mut usize,
    lengths: *mut u32,
    count_capacity: usize,
    count: *mut usize,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        let request = RawHead::new(
            (method, method_length),
            (target, target_length),
            (authority, authority_length),
            (headers, headers_length, header_lengths, header_count),
        );
        let number_capacity = count_capacity
            .checked_mul(2)
            .ok_or_else(|| Failure::argument("count_capacity", "there cannot be room for so many headers"))?;
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length or capacity.
        let (signing, block, block_length, lengths, count) = unsafe {
            (
                Signing::read(signer, request, (body, body_length), now, (nonce, nonce_length))?,
                Buffer::new("block", block.cast::<u8>(), block_capacity)?,
                Output::new("block_length", block_length)?,
                Buffer::new("lengths", lengths, number_capacity)?,
                Output::new("count", count)?,
            )
        };
        let signed = signing.sign()?;
        let texts = || signed.iter().flat_map(|(name, value)| [name, value]);
        let needed_bytes: usize = texts().map(str::len).sum();
        let needed_numbers = texts().count();
        if u32::try_from(needed_bytes).is_err() {
            return Err(Failure::Internal("signed headers of 4 GiB".to_owned()));
        }
        let fits = needed_bytes <= block.capacity() && needed_numbers <= lengths.capacity();
        block_length.write(needed_bytes);
        count.write(needed_numbers / 2);
        if !fits {
            return Err(Failure::TooSmall(format!(
                "{needed_bytes} bytes and {} headers are needed, and there is room for {} and {count_capacity}",
                needed_numbers / 2,
                block.capacity(),
            )));
        }
        block.write(texts().flat_map(str::bytes));
        lengths.write(texts().map(|text| text.len() as u32)); // no text is longer than their sum, which fits
        Ok(())
    })
}

/// The bytes that a signature of this request covers, for finding out why two sides differ. They hold the body and no
/// secret. The arguments are those of wiresign_signer_sign.
///
/// Gives through `message` bytes that the caller frees with wiresign_bytes_free.
///
/// Errors: as wiresign_signer_sign.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_signer_message(
    signer: *const wiresign_signer,
    method: *const c_char,
    method_length: usize,
    target: *const c_char,
    target_length: usize,
    authority: *const c_char,
    authority_length: usize,
    headers: *const c_char,
    headers_length: usize,
    header_lengths: *const u32,
    header_count: usize,
    body: *const c_void,
    body_length: usize,
    now: u64,
    nonce: *const c_char,
    nonce_length: usize,
    message: *mut *mut wiresign_bytes,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        let request = RawHead::new(
            (method, method_length),
            (target, target_length),
            (authority, authority_length),
            (headers, headers_length, header_lengths, header_count),
        );
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (signing, output) = unsafe {
            (
                Signing::read(signer, request, (body, body_length), now, (nonce, nonce_length))?,
                Output::new("message", message)?,
            )
        };
        output.give(wiresign_bytes::new(signing.message()?));
        Ok(())
    })
}

/// Signs a request as a link: its signature is in the query, and the link is good for `seconds`, a week at most. Only where the
/// configuration signs with "aws-sigv4".
///
/// The request is described as at the top of this header. Its headers are signed, and must be sent with the link; its body is
/// not.
///
/// Gives through `link` the target of the link, as bytes that the caller frees with wiresign_bytes_free.
///
/// Errors: as wiresign_signer_sign.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_signer_presign(
    signer: *const wiresign_signer,
    method: *const c_char,
    method_length: usize,
    target: *const c_char,
    target_length: usize,
    authority: *const c_char,
    authority_length: usize,
    headers: *const c_char,
    headers_length: usize,
    header_lengths: *const u32,
    header_count: usize,
    seconds: u64,
    now: u64,
    link: *mut *mut wiresign_bytes,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        let request = RawHead::new(
            (method, method_length),
            (target, target_length),
            (authority, authority_length),
            (headers, headers_length, header_lengths, header_count),
        );
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (signer, request, output) =
            unsafe { (input::handle("signer", signer)?, request.read()?, Output::new("link", link)?) };
        let target = signer.signer.presign(&request.head(), input::time(now), seconds)?;
        output.give(wiresign_bytes::new(target.into_bytes()));
        Ok(())
    })
}

/// Signs a request once more, as the response to its first attempt asks by "Accept-Signature" (RFC 9421, section 5.2). The
/// header fields of that response are a flat list of pairs (see the top of this header); the other arguments are those of
/// wiresign_signer_sign.
///
/// Gives through `signed` the headers to set, which the caller frees with wiresign_signed_free; or NULL where the response asks
/// for nothing.
///
/// Errors: as wiresign_signer_sign.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_signer_sign_as_asked(
    signer: *const wiresign_signer,
    response_headers: *const c_char,
    response_headers_length: usize,
    response_header_lengths: *const u32,
    response_header_count: usize,
    method: *const c_char,
    method_length: usize,
    target: *const c_char,
    target_length: usize,
    authority: *const c_char,
    authority_length: usize,
    headers: *const c_char,
    headers_length: usize,
    header_lengths: *const u32,
    header_count: usize,
    body: *const c_void,
    body_length: usize,
    now: u64,
    nonce: *const c_char,
    nonce_length: usize,
    signed: *mut *mut wiresign_signed,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        let request = RawHead::new(
            (method, method_length),
            (target, target_length),
            (authority, authority_length),
            (headers, headers_length, header_lengths, header_count),
        );
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (asking, signing, output) = unsafe {
            (
                FlatPairs::read(
                    "response_headers",
                    response_headers,
                    response_headers_length,
                    response_header_lengths,
                    response_header_count,
                )?,
                Signing::read(signer, request, (body, body_length), now, (nonce, nonce_length))?,
                Output::new("signed", signed)?,
            )
        };
        output.give_some(signing.sign_as_asked(&asking)?.as_ref().map(wiresign_signed::new));
        Ok(())
    })
}

/// Frees a signer. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_signer_free(signer: *mut wiresign_signer) {
    guarded!(else (), {
        // SAFETY: the caller promised that the handle is NULL or a live object that no one uses any more.
        unsafe { release(signer) }
    })
}
