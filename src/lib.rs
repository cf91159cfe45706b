#![doc = include_str!("../docs/architecture.md")]

pub mod diag;
pub mod format;
pub mod ir;
pub mod parse;
pub mod template;
