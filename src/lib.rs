#![doc = include_str!("../docs/architecture.md")]

pub mod catalog;
pub mod diag;
pub mod ir;
pub mod template;
