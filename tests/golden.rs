//! The golden tests: each folder of `tests/golden/` is a stage, each case a pair of files. `UPDATE=1` rewrites what is expected.

mod common;

#[path = "suite/catalog.rs"]
mod catalog;
#[path = "suite/check.rs"]
mod check;
#[path = "suite/cli.rs"]
mod cli;
#[path = "suite/diagnostics.rs"]
mod diagnostics;
#[path = "suite/emit.rs"]
mod emit;
#[path = "suite/format.rs"]
mod format;
#[path = "suite/ledger.rs"]
mod ledger;
#[path = "suite/mistakes.rs"]
mod mistakes;
#[path = "suite/parse.rs"]
mod parse;
#[path = "suite/report.rs"]
mod report;
#[path = "suite/sandbox.rs"]
mod sandbox;
#[path = "suite/sarif.rs"]
mod sarif;
#[path = "suite/schema.rs"]
mod schema;
#[path = "suite/secrets.rs"]
mod secrets;
#[path = "suite/shop.rs"]
mod shop;
