//! What commands say: human, JSON and Markdown are views of the values in `ir::run`. Pure: a value in, text out.

pub mod destination;
pub mod difference;
pub mod entry;
pub mod estimate;
pub mod hint;
pub mod html;
pub mod json;
pub mod junit;
pub mod ledger;
pub mod markdown;
pub mod mask;
mod page;
pub mod paint;
pub mod plan;
mod pretty;
pub mod problems;
pub mod row;
pub mod run;
pub mod sarif;
mod table;
pub mod test;
pub mod words;
