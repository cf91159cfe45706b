//! Real sources of every kind, and a destination that writes down what it is sent: equal rows, equal requests.

mod kinds;
mod project;
mod recorder;
mod refusals;
mod server;
mod shop;

use std::path::Path;
use std::process::Command;

/// What it printed; panics with everything it said where it failed.
fn finish(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{command:?} ended with {}\n{out}{err}", output.status);
    out
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
