#![doc = include_str!("../docs/architecture.md")]

pub mod catalog;
pub mod check;
pub mod diag;
pub mod diff;
pub mod emit;
pub mod engine;
pub mod format;
pub mod inspect;
pub mod ir;
pub mod parse;
pub mod plan;
pub mod record;
pub mod sandbox;
pub mod store;
pub mod template;
pub mod world;
