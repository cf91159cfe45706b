#![doc = include_str!("../docs/architecture.md")]

pub mod catalog;
pub mod diag;
pub mod ir;
pub mod parse;
pub mod store;
pub mod template;
pub mod world;
pub mod plan;
pub mod diff;
