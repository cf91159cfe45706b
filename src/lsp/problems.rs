//! Problems as an editor shows them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lsp_types::{Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString};

use super::place;
use crate::diag::{Problem, Problems, Severity, Sources};
use crate::ir::span::{FileId, Span};

/// By the file they stand in. What stands nowhere is told where the project begins.
pub fn diagnostics(
    problems: &Problems,
    sources: &Sources,
    first: Option<FileId>,
) -> BTreeMap<PathBuf, Vec<Diagnostic>> {
    let mut found: BTreeMap<PathBuf, Vec<Diagnostic>> = BTreeMap::new();
    for problem in &problems.0 {
        let place = problem.labels.first().map(|(span, _)| *span);
        let Some(span) = place.or_else(|| first.map(|file| Span::new(file, 0, 0))) else { continue };
        let path = Path::new(sources.name(span.file));
        // The product's own definitions are no files here.
        if path.is_absolute() {
            found.entry(path.to_path_buf()).or_default().push(diagnostic(problem, span, sources));
        }
    }
    found
}

pub fn diagnostic(problem: &Problem, span: Span, sources: &Sources) -> Diagnostic {
    let help = problem.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    let related: Vec<DiagnosticRelatedInformation> =
        problem.labels.iter().skip(1).filter_map(|(span, text)| related(*span, text, sources)).collect();
    Diagnostic {
        range: place::range(sources.text(span.file), span.start, span.end),
        severity: Some(match problem.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
            Severity::Advice => DiagnosticSeverity::INFORMATION,
        }),
        code: Some(NumberOrString::String(problem.code.to_string())),
        source: Some("sendoff".to_string()),
        message: format!("{}{help}", problem.told()),
        related_information: (!related.is_empty()).then_some(related),
        ..Diagnostic::default()
    }
}

fn related(span: Span, text: &str, sources: &Sources) -> Option<DiagnosticRelatedInformation> {
    let location = location(span, sources)?;
    let message = if text.is_empty() { "here".to_string() } else { text.to_string() };
    Some(DiagnosticRelatedInformation { location, message })
}

pub fn location(span: Span, sources: &Sources) -> Option<Location> {
    let path = Path::new(sources.name(span.file));
    let uri = path.is_absolute().then(|| place::uri(path))??;
    Some(Location { uri, range: place::range(sources.text(span.file), span.start, span.end) })
}
