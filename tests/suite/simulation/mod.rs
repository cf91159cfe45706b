//! The engine in worlds that are made up from seeds: whatever goes wrong, nothing is lost and nothing old comes back.

mod promise;
mod script;
pub mod seeds;
mod shared;
mod storm;
