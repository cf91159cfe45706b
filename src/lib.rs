#![doc = include_str!("../docs/architecture.md")]

pub mod check;
pub mod diag;
pub mod inspect;
pub mod ir;
pub mod parse;
pub mod plan;
pub mod store;
pub mod template;
pub mod world;
