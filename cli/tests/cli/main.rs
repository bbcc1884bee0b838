//! Runs the program as a shell does, each command where it succeeds and where it refuses.

mod call;
mod check;
mod explain;
mod general;
mod init;
mod keygen;
mod sign;
mod support;
mod token;
mod verify;
