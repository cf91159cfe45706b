//! What `docs/diagnostics.md` says of a code: it travels with the program.

const PAGE: &str = include_str!("../../docs/diagnostics.md");

/// Every code there is.
pub fn codes() -> impl Iterator<Item = &'static str> {
    PAGE.lines().filter_map(|line| line.strip_prefix("### ")).filter(|heading| heading.contains("::"))
}

/// The entry of a code, in Markdown, without its heading.
pub fn text(code: &str) -> Option<&'static str> {
    let (_, rest) = PAGE.split_once(&format!("\n### {code}\n"))?;
    Some(rest.split("\n##").next().unwrap_or(rest).trim())
}

/// Its first sentences, on one line.
pub fn about(code: &str) -> Option<String> {
    let lines = text(code)?.lines().take_while(|line| !line.trim().is_empty() && !line.starts_with("```"));
    Some(lines.collect::<Vec<_>>().join(" "))
}
