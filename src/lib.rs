#![doc = include_str!("../docs/architecture.md")]

pub mod diag;
pub mod ir;
pub mod sandbox;
pub mod template;
pub mod world;
