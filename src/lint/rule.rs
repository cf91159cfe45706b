//! What a rule is.

use super::Project;
use crate::diag::Problem;
use crate::ir::span::Span;

/// One thing that a project may do and had better not. Its page is its entry in `docs/diagnostics.md`.
pub struct Rule {
    /// `lint::what`; `# allow(...)` takes it without the `lint::`, too.
    pub code: &'static str,
    pub look: fn(&Project<'_>) -> Vec<Problem>,
}

impl Rule {
    pub fn finds(&self, message: impl Into<String>, place: Span) -> Problem {
        Problem::warning(self.code, message).at(place)
    }
}

/// A code without its stage.
pub fn short(code: &str) -> &str {
    code.rsplit("::").next().unwrap_or(code)
}
