#![doc = include_str!("../docs/architecture.md")]

pub mod diag;
pub mod emit;
pub mod ir;
pub mod template;
pub mod world;
