//! Inputs and what a stage makes of them, side by side in `golden/`. `UPDATE=1` rewrites what is expected.

#[path = "suite/catalog.rs"]
mod catalog;

#[path = "suite/emit.rs"]
mod emit;
