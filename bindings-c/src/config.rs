//! The configuration document.

use std::collections::HashMap;
use std::ffi::c_char;
use std::ptr;

use wiresign::{Config, Lookup};
use wiresign_host::SystemLookup;
use zeroize::Zeroizing;

use crate::error::{Problem, wiresign_error};
use crate::failure::Failure;
use crate::input::{self, FlatPairs};
use crate::output::{Output, release};
use crate::permission;
use crate::text::{Text, hand_out};

/// Look nothing up outside: only the variables that the call passes are known.
pub const WIRESIGN_LOOKUP_NONE: u32 = 0;
/// Names that the call does not pass are looked up in the environment of the process.
pub const WIRESIGN_LOOKUP_ENVIRONMENT: u32 = 1;
/// References to files are read.
pub const WIRESIGN_LOOKUP_FILES: u32 = 2;
/// The environment of the process and files: what a service wants.
pub const WIRESIGN_LOOKUP_SYSTEM: u32 = 3;

/// A checked configuration with its secrets. Immutable but for the keys that issuers publish; may be used by several threads
/// at once. It may be freed while signers and verifiers that were made of it live on.
pub struct wiresign_config {
    config: Config,
    service: Text,
    environment: Option<Text>,
    services: Vec<Service>,
    header_names: Vec<Text>,
    jwks_urls: Vec<JwksUrl>,
    warnings: Vec<Problem>,
}

struct Service {
    id: Text,
    url: Option<Text>,
}

/// Where an issuer of tokens publishes its keys.
struct JwksUrl {
    issuer: Text,
    url: Text,
}

impl wiresign_config {
    fn new(config: Config) -> Self {
        Self {
            service: Text::new(config.service()),
            environment: config.environment().map(Text::new),
            services: config
                .service_ids()
                .map(|id| Service { id: Text::new(id), url: config.url(id).map(Text::new) })
                .collect(),
            header_names: config.header_names().iter().map(|name| Text::new(name)).collect(),
            jwks_urls: config
                .jwks_urls()
                .map(|(issuer, url)| JwksUrl { issuer: Text::new(issuer), url: Text::new(url) })
                .collect(),
            warnings: config.warnings().iter().map(Problem::from).collect(),
            config,
        }
    }

    fn url(&self, id: &str) -> Option<&Text> {
        let service = self.services.iter().find(|service| service.id.as_str() == id)?;
        service.url.as_ref()
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }
}

/// Where the references in a document lead.
struct CallerLookup {
    variables: HashMap<String, Zeroizing<String>>,
    environment: bool,
    files: bool,
}

impl CallerLookup {
    fn new(variables: &FlatPairs<'_>, lookup: u32) -> Result<Self, Failure> {
        if lookup & !WIRESIGN_LOOKUP_SYSTEM != 0 {
            return Err(Failure::argument(
                "lookup",
                format_args!("{lookup:#x} has bits that are none of WIRESIGN_LOOKUP_..."),
            ));
        }
        let mut known = HashMap::new();
        for (position, (name, value)) in variables.iter().enumerate() {
            let readable = |bytes| {
                std::str::from_utf8(bytes)
                    .map_err(|_| Failure::argument("variables", format_args!("pair {position} is not UTF-8")))
            };
            let value = Zeroizing::new(readable(value)?.to_owned());
            if known.insert(readable(name)?.to_owned(), value).is_some() {
                return Err(Failure::argument("variables", format_args!("pair {position} repeats a name")));
            }
        }
        Ok(Self {
            variables: known,
            environment: lookup & WIRESIGN_LOOKUP_ENVIRONMENT != 0,
            files: lookup & WIRESIGN_LOOKUP_FILES != 0,
        })
    }
}

impl Lookup for CallerLookup {
    fn env(&self, name: &str) -> Result<Option<String>, String> {
        if let Some(value) = self.variables.get(name) {
            return Ok(Some(value.as_str().to_owned()));
        }
        if self.environment {
            return SystemLookup::new().env(name);
        }
        Ok(None)
    }

    fn file(&self, path: &str) -> Result<Vec<u8>, String> {
        if self.files {
            return SystemLookup::new().file(path);
        }
        Err("this program does not allow files to be read (WIRESIGN_LOOKUP_FILES)".to_owned())
    }
}

/// Parses and checks a configuration document.
///
/// `document` is JSON text in UTF-8. The variables that "env:NAME" in it refers to are passed as a flat list of pairs
/// (see the top of this header), UTF-8, no name twice; the list may be (NULL, 0, NULL, 0). `lookup` says what else may be
/// read: WIRESIGN_LOOKUP_NONE, or WIRESIGN_LOOKUP_ENVIRONMENT and WIRESIGN_LOOKUP_FILES added. A variable that is passed
/// comes before one of the process.
///
/// Gives through `config` an object that the caller frees with wiresign_config_free.
///
/// Errors: WIRESIGN_CONFIG_INVALID, whose error lists each problem; WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_config_parse(
    document: *const c_char,
    document_length: usize,
    variables: *const c_char,
    variables_length: usize,
    variable_lengths: *const u32,
    variable_count: usize,
    lookup: u32,
    config: *mut *mut wiresign_config,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL or valid for its length.
        let (document, variables, output) = unsafe {
            (
                input::text("document", document, document_length)?,
                FlatPairs::read("variables", variables, variables_length, variable_lengths, variable_count)?,
                Output::new("config", config)?,
            )
        };
        let lookup = CallerLookup::new(&variables, lookup)?;
        output.give(wiresign_config::new(Config::parse(document, &lookup)?));
        Ok(())
    })
}

/// Makes a configuration of environment variables alone: SERVICE_ID, SERVICE_SECRET, ALLOWED_SERVICES,
/// HMAC_WINDOW_SECONDS and `<SERVICE>_SECRET`. The variables and `lookup` are as for wiresign_config_parse.
///
/// Gives through `config` an object that the caller frees with wiresign_config_free.
///
/// Errors: WIRESIGN_CONFIG_INVALID, whose error lists each problem; WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_config_from_env(
    variables: *const c_char,
    variables_length: usize,
    variable_lengths: *const u32,
    variable_count: usize,
    lookup: u32,
    config: *mut *mut wiresign_config,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL or valid for its length.
        let (variables, output) = unsafe {
            (
                FlatPairs::read("variables", variables, variables_length, variable_lengths, variable_count)?,
                Output::new("config", config)?,
            )
        };
        let lookup = CallerLookup::new(&variables, lookup)?;
        output.give(wiresign_config::new(Config::from_env(&lookup)?));
        Ok(())
    })
}

/// The id of the own service. Lives as long as the configuration. NULL gives NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_config_service(config: *const wiresign_config, length: *mut usize) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(config.as_ref().map(|config| &config.service), length) }
    })
}

/// The environment that the service runs in; NULL when the configuration names none. Lives as long as the
/// configuration.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_config_environment(
    config: *const wiresign_config,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(config.as_ref().and_then(|config| config.environment.as_ref()), length) }
    })
}

/// The largest body in bytes that a verifier with this configuration accepts. NULL gives 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_config_body_limit(config: *const wiresign_config) -> u64 {
    guarded!(else 0, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { config.as_ref() }.map_or(0, |config| config.config.body_limit())
    })
}

/// True where accepted requests are to be remembered in a store that several processes share, which the caller asks and then
/// tells wiresign_verifier_settle_replay. NULL gives false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_config_has_external_replay_store(config: *const wiresign_config) -> bool {
    guarded!(else false, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { config.as_ref() }.is_some_and(|config| config.config.has_external_replay_store())
    })
}

/// True where a webhook of the configuration has a sender that makes handshakes. Else wiresign_verifier_handshakes_at gives
/// nothing for any request, and need not be asked. NULL gives false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_config_has_handshakes(config: *const wiresign_config) -> bool {
    guarded!(else false, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { config.as_ref() }.is_some_and(|config| config.config.has_handshakes())
    })
}

/// How many services the registry of the configuration knows. NULL gives 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_config_service_id_count(config: *const wiresign_config) -> usize {
    guarded!(else 0, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { config.as_ref() }.map_or(0, |config| config.services.len())
    })
}

/// The id of a known service, counted from 0; NULL behind the last one. Lives as long as the configuration.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_config_service_id(
    config: *const wiresign_config,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe {
            let service = config.as_ref().and_then(|config| config.services.get(index));
            hand_out(service.map(|service| &service.id), length)
        }
    })
}

/// How many header fields the schemes of the configuration read. NULL gives 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_config_header_name_count(config: *const wiresign_config) -> usize {
    guarded!(else 0, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { config.as_ref() }.map_or(0, |config| config.header_names.len())
    })
}

/// The name of a header field that the schemes of the configuration read, in lower case, counted from 0; NULL behind the
/// last one. Of a request with no more than 256 fields of 65,536 bytes together, these are all that have to be passed to
/// verify it; where `*` is one of them, all fields. Lives as long as the configuration.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_config_header_name(
    config: *const wiresign_config,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(config.as_ref().and_then(|config| config.header_names.get(index)), length) }
    })
}

/// Where a service is reached, by its id; NULL when the configuration does not say, or does not know the service. Lives
/// as long as the configuration.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_config_url(
    config: *const wiresign_config,
    service: *const c_char,
    service_length: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and a text that is NULL or readable for its length.
        let (config, service) = unsafe {
            (
                config.as_ref(),
                input::text("service", service, service_length).ok(),
            )
        };
        let url = config.zip(service).and_then(|(config, service)| config.url(service));
        // SAFETY: the text lives as long as the object; the caller promised that `length` is NULL or can be written.
        unsafe { hand_out(url, length) }
    })
}

/// How many issuers of tokens publish their keys at a URL. NULL gives 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_config_jwks_url_count(config: *const wiresign_config) -> usize {
    guarded!(else 0, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { config.as_ref() }.map_or(0, |config| config.jwks_urls.len())
    })
}

/// The name of an issuer that publishes its keys at a URL, counted from 0; NULL behind the last one. Lives as long as the
/// configuration.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_config_jwks_url_issuer(
    config: *const wiresign_config,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe {
            let published = config.as_ref().and_then(|config| config.jwks_urls.get(index));
            hand_out(published.map(|published| &published.issuer), length)
        }
    })
}

/// The URL of the JWK Set of an issuer, counted from 0; NULL behind the last one. The program fetches it, and hands it over by
/// wiresign_config_publish_keys. Lives as long as the configuration.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_config_jwks_url(
    config: *const wiresign_config,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe {
            let published = config.as_ref().and_then(|config| config.jwks_urls.get(index));
            hand_out(published.map(|published| &published.url), length)
        }
    })
}

/// Takes the keys that an issuer publishes now, in place of those that it published before: `jwks` is the JSON text of a JWK
/// Set in UTF-8. All verifiers that were made of the configuration use them from then on, and other threads may use it
/// meanwhile. A set that is wrong changes nothing. Until the first one no token of the issuer is accepted.
///
/// Errors: WIRESIGN_CONFIG_INVALID, whose error says what is wrong with the set, or that no issuer of this name publishes its
/// keys at a URL; WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_config_publish_keys(
    config: *mut wiresign_config,
    issuer: *const c_char,
    issuer_length: usize,
    jwks: *const c_char,
    jwks_length: usize,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL, or live and readable for its length. The configuration is
        // only read through: it exchanges the keys by itself.
        let (config, issuer, jwks) = unsafe {
            (
                input::handle("config", config.cast_const())?,
                input::text("issuer", issuer, issuer_length)?,
                input::text("jwks", jwks, jwks_length)?,
            )
        };
        Ok(config.config.publish_keys(issuer, jwks)?)
    })
}

/// Gives another object for the same configuration, which lives as long as its own owner likes: keys that are published through
/// one of the two are those of both.
///
/// Gives through `clone` an object that the caller frees with wiresign_config_free.
///
/// Errors: WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_config_clone(
    config: *const wiresign_config,
    clone: *mut *mut wiresign_config,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL, or live and valid.
        let (config, output) = unsafe { (input::handle("config", config)?, Output::new("clone", clone)?) };
        output.give(wiresign_config::new(config.config.clone()));
        Ok(())
    })
}

/// Judges as wiresign_verified_require_permission does, for programs that have kept what was verified, and not the object: writes
/// to `permits` whether a service may do all that a permission matches. `claims` is the text that wiresign_verified_claims gave, and
/// (NULL, 0) where the request had no token.
///
/// Errors: WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_config_permits(
    config: *const wiresign_config,
    service: *const c_char,
    service_length: usize,
    claims: *const c_char,
    claims_length: usize,
    permission: *const c_char,
    permission_length: usize,
    permits: *mut bool,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (config, service, claims, permission, output) = unsafe {
            (
                input::handle("config", config)?,
                input::text("service", service, service_length)?,
                input::optional_text("claims", claims, claims_length)?,
                permission::read(permission, permission_length)?,
                Output::new("permits", permits)?,
            )
        };
        output.write(config.config.permits(service, claims, &permission));
        Ok(())
    })
}

/// How many warnings the configuration has: things that work, and that an operator should know of. NULL gives 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_config_warning_count(config: *const wiresign_config) -> usize {
    guarded!(else 0, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { config.as_ref() }.map_or(0, |config| config.warnings.len())
    })
}

/// Where in the document a warning is, as a JSON pointer. Counted from 0; NULL behind the last one. Lives as long as
/// the configuration.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_config_warning_pointer(
    config: *const wiresign_config,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe {
            let warning = config.as_ref().and_then(|config| config.warnings.get(index));
            hand_out(warning.map(|warning| &warning.pointer), length)
        }
    })
}

/// What a warning says, in one sentence. Counted from 0; NULL behind the last one. Lives as long as the configuration.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_config_warning_message(
    config: *const wiresign_config,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe {
            let warning = config.as_ref().and_then(|config| config.warnings.get(index));
            hand_out(warning.map(|warning| &warning.message), length)
        }
    })
}

/// Frees a configuration. NULL is nothing. Signers and verifiers that were made of it live on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_config_free(config: *mut wiresign_config) {
    guarded!(else (), {
        // SAFETY: the caller promised that the handle is NULL or a live object that no one uses any more.
        unsafe { release(config) }
    })
}
