//! `driver-rust`: the reference driver. Questions come in on standard input, answers go out on standard output.

use std::io::{self, BufRead, Write};

use serde::Serialize;
use wiresign_conformance::reference::{handle, hello};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    write_line(&mut out, &hello())?;
    for line in io::stdin().lock().lines() {
        let question = serde_json::from_str(&line?)?;
        write_line(&mut out, &handle(&question))?;
    }
    Ok(())
}

fn write_line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")?;
    out.flush()
}
