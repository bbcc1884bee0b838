//! What a call that did not succeed says.

use std::ffi::c_char;
use std::ptr;

use wiresign::Refusal;

use crate::about::{FAILURE_STATUS, name_of};
use crate::failure::Failure;
use crate::output::release;
use crate::text::{Text, hand_out};

/// Why a call did not succeed: a refusal of a request, or a failure. The caller of the call owns it, and frees it with
/// wiresign_error_free. Immutable; may be used by several threads at once. All texts live as long as the error.
pub struct wiresign_error {
    code: i32,
    message: Text,
    detail: Text,
    status: u16,
    service: Option<Text>,
    request_id: Option<Text>,
    response: Option<Response>,
    problems: Vec<Problem>,
}

struct Response {
    status: u16,
    code: i32,
    body: Text,
    www_authenticate: Option<Text>,
}

/// One problem of a configuration document.
pub(crate) struct Problem {
    pub(crate) pointer: Text,
    pub(crate) message: Text,
}

impl From<&wiresign::Problem> for Problem {
    fn from(problem: &wiresign::Problem) -> Self {
        Self { pointer: Text::new(&problem.pointer), message: Text::new(&problem.message) }
    }
}

impl From<Failure> for wiresign_error {
    fn from(failure: Failure) -> Self {
        let code = failure.code();
        match failure {
            Failure::Refused(refusal) => Self::refused(&refusal),
            Failure::Config(problems) => Self {
                problems: problems.iter().map(Problem::from).collect(),
                ..Self::failed(code, &problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"), "")
            },
            Failure::Signing(error) => Self::failed(code, &error.to_string(), ""),
            Failure::Context(error) => Self::failed(code, &error.to_string(), ""),
            Failure::Argument(problem) | Failure::TooSmall(problem) => Self::failed(code, &problem, ""),
            Failure::Spent(problem) => Self::failed(code, problem, ""),
            Failure::Internal(detail) => Self::failed(code, Failure::internal_message(), &detail),
        }
    }
}

impl wiresign_error {
    pub(crate) fn refused(refusal: &Refusal) -> Self {
        let response = refusal.response();
        Self {
            code: refusal.code().number(),
            message: Text::new(refusal.message()),
            detail: Text::from(refusal.detail()),
            status: refusal.status(),
            service: refusal.service().map(Text::new),
            request_id: refusal.request_id().map(Text::new),
            response: Some(Response {
                status: response.status,
                code: response.code.number(),
                body: Text::from(response.body),
                www_authenticate: response.www_authenticate.map(Text::from),
            }),
            problems: Vec::new(),
        }
    }

    fn failed(code: i32, message: &str, detail: &str) -> Self {
        Self {
            code,
            message: Text::new(message),
            detail: Text::new(detail),
            status: FAILURE_STATUS,
            service: None,
            request_id: None,
            response: None,
            problems: Vec::new(),
        }
    }

    #[cfg(test)]
    pub(crate) fn detail(&self) -> &str {
        self.detail.as_str()
    }

    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        self.message.as_str()
    }
}

/// The status of the call that gave this error, never WIRESIGN_OK. NULL gives 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_error_code(error: *const wiresign_error) -> i32 {
    guarded!(else 0, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { error.as_ref() }.map_or(0, |error| error.code)
    })
}

/// The name of the status, such as "INVALID_SIGNATURE". The text is static. NULL gives NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_error_name(error: *const wiresign_error, length: *mut usize) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(error.as_ref().and_then(|error| name_of(error.code)), length) }
    })
}

/// One sentence. For a refusal it is safe to show to whoever sent the request; for a failure it is for the programmer
/// or the operator, and names the argument or the member of the document at fault. NULL gives NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_error_message(error: *const wiresign_error, length: *mut usize) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(error.as_ref().map(|error| &error.message), length) }
    })
}

/// What the operator's log should hold, and no one else should see. It never holds a secret; it may be empty. NULL
/// gives NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_error_detail(error: *const wiresign_error, length: *mut usize) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(error.as_ref().map(|error| &error.detail), length) }
    })
}

/// The HTTP status of the code: that of a refusal, or 500 for a failure. NULL gives 500, so that a server that answers
/// with this number never accepts by mistake.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_error_status(error: *const wiresign_error) -> u16 {
    guarded!(else FAILURE_STATUS, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { error.as_ref() }.map_or(FAILURE_STATUS, |error| error.status)
    })
}

/// The known service that a refused request claimed to come from; NULL when it named none, or one that is not known.
/// The claim is not verified.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_error_service(error: *const wiresign_error, length: *mut usize) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(error.as_ref().and_then(|error| error.service.as_ref()), length) }
    })
}

/// The request id of a refused request, not verified; NULL when it has none that may be logged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_error_request_id(error: *const wiresign_error, length: *mut usize) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(error.as_ref().and_then(|error| error.request_id.as_ref()), length) }
    })
}

/// The HTTP status to answer a refused request with, as "reveal" in the configuration says. 500 for a failure and for
/// NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_error_response_status(error: *const wiresign_error) -> u16 {
    guarded!(else FAILURE_STATUS, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { error.as_ref() }
            .and_then(|error| error.response.as_ref())
            .map_or(FAILURE_STATUS, |response| response.status)
    })
}

/// The code that the answer to a refused request shows, as "reveal" in the configuration says; it may say less than
/// wiresign_error_code. 0 for a failure and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_error_response_code(error: *const wiresign_error) -> i32 {
    guarded!(else 0, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { error.as_ref() }
            .and_then(|error| error.response.as_ref())
            .map_or(0, |response| response.code)
    })
}

/// The body to answer a refused request with, as Content-Type: application/json; every language answers with the same
/// bytes. NULL for a failure, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_error_response_body(
    error: *const wiresign_error,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe {
            let response = error.as_ref().and_then(|error| error.response.as_ref());
            hand_out(response.map(|response| &response.body), length)
        }
    })
}

/// The value of the WWW-Authenticate header to answer a refused request with; NULL when the answer has none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_error_response_www_authenticate(
    error: *const wiresign_error,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe {
            let response = error.as_ref().and_then(|error| error.response.as_ref());
            hand_out(response.and_then(|response| response.www_authenticate.as_ref()), length)
        }
    })
}

/// How many problems of the configuration this error lists; 0 for every status other than WIRESIGN_CONFIG_INVALID, and
/// for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_error_problem_count(error: *const wiresign_error) -> usize {
    guarded!(else 0, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { error.as_ref() }.map_or(0, |error| error.problems.len())
    })
}

/// Where in the document a problem is, as a JSON pointer (RFC 6901); for an environment variable, as the library names
/// it. Counted from 0; NULL behind the last one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_error_problem_pointer(
    error: *const wiresign_error,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe {
            let problem = error.as_ref().and_then(|error| error.problems.get(index));
            hand_out(problem.map(|problem| &problem.pointer), length)
        }
    })
}

/// What to do about a problem, in one sentence. Counted from 0; NULL behind the last one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_error_problem_message(
    error: *const wiresign_error,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe {
            let problem = error.as_ref().and_then(|error| error.problems.get(index));
            hand_out(problem.map(|problem| &problem.message), length)
        }
    })
}

/// Frees an error. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_error_free(error: *mut wiresign_error) {
    guarded!(else (), {
        // SAFETY: the caller promised that the handle is NULL or a live object that no one uses any more.
        unsafe { release(error) }
    })
}
