//! Every problem of the check: codes and wording in one place, by what they are about.

mod activation;
mod dataset;
mod mapping;
mod names;
mod settings;
mod target;
mod template;
mod test;

pub use activation::*;
pub use dataset::*;
pub use mapping::*;
pub use names::*;
pub use settings::*;
pub use target::*;
pub use template::*;
pub use test::*;

use crate::diag::{list, nearest, suggestion};

/// Help that names the nearest known word, lists the known ones when they are few, or else says what there is to do.
fn meant<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>, none: &str) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    suggestion(wrong, known.iter().copied()).unwrap_or_else(|| none.to_string())
}

/// The nearest word, or all of them however many.
fn meant_of_all<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(wrong, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here: {}", list(&known)),
    }
}
