//! The binding that has no border: the core itself, used as a Rust program uses it. The other bindings are compared
//! with its answers.
//!
//! This is the only module that uses the core; the judge must not share code with what it judges.

// A refusal remembers what it is about without allocating, so it is large; the core's users meet the same.
#![allow(clippy::result_large_err)]

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Deserialize;
use serde_json::Value;
use wiresign::{
    BodyVerification, Config, ConfigErrors, ContextError, Contexts, Head, Refusal, SignError, Signer, TokenIssuer,
    TokenRequest, Verifier,
};
use wiresign_host::SystemLookup;

use crate::protocol::{Answer, Hello, PROTOCOL};
use crate::result::{
    Checked, ContextSigned, ContextVerified, Explained, Failed, Handshaken, HttpAnswer, IdentityAsked,
    IdentityQuestion, Problem, Refused, Response, Signed, StepResult, TokenIssued, Verified,
};
use crate::step::{CAPABILITIES, IdentityAnswer, Request, Step};
use crate::text::Text;

/// A question as it stands on the runner's line.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    id: String,
    #[serde(default)]
    config: Value,
    #[serde(default)]
    config_text: Option<String>,
    #[serde(default)]
    env: HashMap<String, String>,
    steps: Vec<Step>,
}

/// What the driver says first.
pub fn hello() -> Hello {
    Hello {
        protocol: PROTOCOL,
        binding: "rust".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        runtime: format!("Rust on {}", std::env::consts::ARCH),
        capabilities: CAPABILITIES.map(str::to_owned).to_vec(),
    }
}

/// Answers one question. A panic of the core becomes the result `crashed` of its step.
pub fn handle(question: &Question) -> Answer {
    let lookup = SystemLookup::with_env(question.env.clone());
    let text = question.config_text.clone().unwrap_or_else(|| question.config.to_string());
    let service = catching(|| Config::parse(&text, &lookup).map(Service::new));
    let results = question.steps.iter().map(|step| match &service {
        Ok(Ok(service)) => catching(|| service.take(step, &lookup)).unwrap_or_else(StepResult::Crashed),
        Ok(Err(errors)) => config_errors(errors),
        Err(panic) => StepResult::Crashed(panic.clone()),
    });
    Answer { id: question.id.clone(), results: results.map(|result| result.to_value()).collect() }
}

/// What a service holds while it lives: the steps of one question share it.
struct Service {
    config: Config,
    verifier: Verifier,
    contexts: Result<Contexts, ContextError>,
}

impl Service {
    fn new(config: Config) -> Service {
        let verifier = Verifier::new(&config);
        let contexts = Contexts::new(&config);
        Service { config, verifier, contexts }
    }

    fn take(&self, step: &Step, lookup: &SystemLookup) -> StepResult {
        match step {
            Step::Verify { now, request } => {
                let headers = headers(request);
                judged(self.verifier.verify(&head(request, &headers), request.body.bytes(), *now))
            }
            Step::VerifyStream { now, request, chunks } => {
                let headers = headers(request);
                let begun = self.verifier.begin(&head(request, &headers), *now);
                judged(begun.and_then(|verification| feed(verification, request.body.bytes(), chunks)))
            }
            Step::Sign { now, nonce, target, request } => self.sign(*now, nonce, target.as_deref(), request),
            Step::Check {} => StepResult::Checked(Checked { warnings: problems(self.config.warnings()) }),
            Step::Replace { config } => match Config::parse(&config.to_string(), lookup) {
                Ok(config) => {
                    self.verifier.replace(&config);
                    StepResult::Replaced
                }
                Err(errors) => config_errors(&errors),
            },
            Step::SignContext { tenant, roles, now } => {
                let signed = self.contexts.as_ref().map_err(|error| *error).and_then(|contexts| {
                    let signature = contexts.sign(tenant, roles, *now)?;
                    let message = Text::from_bytes(&contexts.message(tenant, roles)?);
                    Ok(ContextSigned { signature, message })
                });
                signed.map_or_else(|error| context_failed(&error), StepResult::ContextSigned)
            }
            Step::VerifyContext { tenant, roles, signature, now, payload } => match &self.contexts {
                Ok(contexts) => {
                    let payload = payload.as_ref().map(Text::bytes);
                    match contexts.verify(tenant, roles, signature, *now, payload) {
                        Ok(verified) => StepResult::ContextVerified(ContextVerified {
                            key: verified.key_id().to_owned(),
                            retiring: verified.key_is_retiring(),
                            matched: verified.matched().to_owned(),
                            roles: verified.roles().map(str::to_owned).collect(),
                        }),
                        Err(refusal) => refused(&refusal),
                    }
                }
                Err(error) => context_failed(error),
            },
            Step::Explain { now, request } => {
                let headers = headers(request);
                let explanation = self.verifier.explain(&head(request, &headers), request.body.bytes(), *now);
                StepResult::Explained(Explained {
                    verdict: explanation.verdict().to_owned(),
                    hints: explanation.hints().iter().map(|hint| hint.id().to_owned()).collect(),
                })
            }
            Step::Handshake { webhook, now, request } => {
                let headers = headers(request);
                match self.verifier.handshake(webhook, &head(request, &headers), request.body.bytes(), *now) {
                    Ok(response) => StepResult::Handshaken(Handshaken {
                        handshake: response.map(|response| HttpAnswer {
                            status: response.status,
                            headers: response.headers,
                            body: response.body,
                        }),
                    }),
                    Err(refusal) => refused(&refusal),
                }
            }
            Step::AskIdentity { now, request, answer } => {
                let question = self.ask_identity(*now, request, answer.as_ref());
                StepResult::IdentityAsked(IdentityAsked { question })
            }
            Step::IssueToken { now, nonce, subject, audience, lifetime, permissions, tenant } => {
                let permissions: Option<Vec<&str>> =
                    permissions.as_ref().map(|texts| texts.iter().map(String::as_str).collect());
                let request = TokenRequest {
                    lifetime: *lifetime,
                    permissions: permissions.as_deref(),
                    tenant: tenant.as_deref(),
                    ..TokenRequest::new(subject, audience)
                };
                let issued = TokenIssuer::new(&self.config).and_then(|issuer| issuer.issue(&request, *now, nonce));
                issued.map_or_else(signing_failed, |token| {
                    StepResult::TokenIssued(TokenIssued {
                        text: token.text().to_owned(),
                        expires: token.expires(),
                        lifetime: token.lifetime(),
                        permissions: token.permissions().to_vec(),
                    })
                })
            }
            Step::AnswerToken { now, nonce, caller, form, tenant } => {
                let answered = TokenIssuer::new(&self.config)
                    .and_then(|issuer| issuer.answer(caller.as_deref(), form.bytes(), tenant.as_deref(), *now, nonce));
                answered.map_or_else(signing_failed, |response| {
                    StepResult::TokenAnswered(HttpAnswer {
                        status: response.status,
                        headers: response.headers,
                        body: response.body,
                    })
                })
            }
        }
    }

    /// Asks as an adapter does, with the vector in the place of AWS.
    fn ask_identity(&self, now: u64, request: &Request, answer: Option<&IdentityAnswer>) -> Option<IdentityQuestion> {
        let headers = headers(request);
        let question = self.verifier.identity_request(&head(request, &headers), now)?;
        let received = answer.map(|answer| (answer.status, answer.body.bytes()));
        self.verifier.identity_answer(&question, received, now);
        Some(IdentityQuestion {
            method: question.method().to_owned(),
            url: question.url().to_owned(),
            headers: question.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            body: question.body().to_owned(),
        })
    }

    fn sign(&self, now: u64, nonce: &str, target: Option<&str>, request: &Request) -> StepResult {
        let headers = headers(request);
        let head = head(request, &headers);
        let body = request.body.bytes();
        let signed = Signer::new(&self.config, target).and_then(|signer| {
            let headers = signer.sign(&head, body, now, nonce)?;
            let message = signer.message(&head, body, now, nonce)?;
            Ok(Signed {
                headers: headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
                message: Text::from_bytes(&message),
            })
        });
        signed.map_or_else(signing_failed, StepResult::Signed)
    }
}

type HeaderList<'a> = Vec<(&'a [u8], &'a [u8])>;

fn headers(request: &Request) -> HeaderList<'_> {
    request.headers.iter().map(|(name, value)| (name.as_bytes(), value.bytes())).collect()
}

fn head<'a>(request: &'a Request, headers: &'a HeaderList<'a>) -> Head<'a, HeaderList<'a>> {
    Head {
        authority: request.authority.as_ref().map(Text::bytes),
        ..Head::new(request.method.bytes(), request.target.bytes(), headers)
    }
}

fn feed(mut verification: BodyVerification, body: &[u8], chunks: &[usize]) -> Result<wiresign::Verified, Refusal> {
    let mut rest = body;
    if verification.needs_body() {
        for &length in chunks {
            let (chunk, after) = rest.split_at(length);
            verification.update(chunk)?;
            rest = after;
        }
        verification.update(rest)?;
    }
    verification.finish()
}

fn judged(outcome: Result<wiresign::Verified, Refusal>) -> StepResult {
    match outcome {
        Ok(verified) => StepResult::Verified(Verified {
            service: verified.service().map(str::to_owned),
            key: verified.key_id().map(str::to_owned),
            scheme: verified.scheme().map(str::to_owned),
            age: verified.age(),
            request_id: verified.request_id().map(str::to_owned),
            route: verified.route().map(str::to_owned),
            retiring: verified.key_is_retiring(),
            public: verified.is_public(),
            covered: verified.covered().map(str::to_owned).collect(),
            replay_key: verified.replay_key(),
        }),
        Err(refusal) => refused(&refusal),
    }
}

fn refused(refusal: &Refusal) -> StepResult {
    let response = refusal.response();
    StepResult::Refused(Refused {
        code: refusal.code().name().to_owned(),
        status: refusal.status(),
        response: Response {
            status: response.status,
            body: response.body,
            www_authenticate: response.www_authenticate,
        },
        request_id: refusal.request_id().map(str::to_owned),
    })
}

fn signing_failed(error: SignError) -> StepResult {
    StepResult::Failed(Failed { code: error.code().name().to_owned(), message: error.to_string() })
}

fn context_failed(error: &ContextError) -> StepResult {
    StepResult::Failed(Failed { code: error.code().name().to_owned(), message: error.to_string() })
}

fn config_errors(errors: &ConfigErrors) -> StepResult {
    StepResult::ConfigErrors(problems(errors.problems()))
}

fn problems(problems: &[wiresign::Problem]) -> Vec<Problem> {
    problems
        .iter()
        .map(|problem| Problem { pointer: problem.pointer.clone(), message: problem.message.clone() })
        .collect()
}

/// Runs something that must not panic; the error is the text of the panic.
fn catching<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    // What a panic may have left half done is used no more than by the steps that follow, as in a server that goes on.
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without text".to_owned())
    })
}
