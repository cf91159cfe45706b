//! The nouns: plain data that the stages hand to one another. Nothing here reads, writes, waits or decides.

pub mod account;
pub mod assist;
pub mod ast;
pub mod catalog;
pub mod change;
pub mod delivery;
pub mod estimate;
pub mod facts;
pub mod ident;
pub mod mode;
pub mod offer;
pub mod plan;
pub mod run;
pub mod saved;
pub mod secret;
pub mod slot;
pub mod span;
pub mod spec;
pub mod test;
pub mod value;
pub mod vocabulary;
pub mod written;
