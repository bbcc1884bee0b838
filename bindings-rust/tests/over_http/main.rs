//! The layer and the clients over real HTTP: each refusal beside its success.

mod bodies;
mod clients;
mod key_sets;
mod moto;
mod observers;
mod pages;
mod redis;
mod roles;
mod server;
mod stopping;
mod support;
