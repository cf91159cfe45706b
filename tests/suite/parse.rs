//! `tests/golden/parse/<case>.sendoff` -> `<case>.txt`: the problems as drawn, or else the tree.

use sendoff::diag::{Drawing, Problems, Sources, draw};
use sendoff::ir::ast::{ActivationEntry, File, Item, ModelEntry};
use sendoff::ir::span::FileId;
use sendoff::parse::parse;

use crate::common::{golden, tree::tree};

#[test]
fn parse_golden() {
    golden("parse", "sendoff", "txt", |case, text| {
        let mut sources = Sources::default();
        let name = case.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let id = sources.add(name, text);
        let (file, problems) = parse(id, text);
        if problems.is_empty() {
            spans_fit(&file, text);
            return tree(&file);
        }
        drawn(&problems, &sources)
    });
}

fn drawn(problems: &Problems, sources: &Sources) -> String {
    let drawing = Drawing { color: false, width: 120 };
    let drawn: Vec<String> = problems.0.iter().map(|problem| draw(problem, sources, drawing)).collect();
    let lines = drawn.join("\n");
    lines.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Expressions cover exactly their text, and no span ends in blanks.
fn spans_fit(file: &File, text: &str) {
    for item in &file.items {
        let whole = &text[item.span().start..item.span().end];
        assert_eq!(whole, whole.trim());
        if let Item::Activation(activation) = item {
            activation.entries.iter().for_each(|entry| entry_fits(entry, text));
        }
        if let Item::Model(model) = item {
            for entry in &model.entries {
                let (ModelEntry::From(sendoff::ir::ast::From { span, .. })
                | ModelEntry::Key(sendoff::ir::ast::Key { span, .. })) = entry;
                let written = &text[span.start..span.end];
                assert_eq!(written, written.trim());
            }
        }
    }
}

fn entry_fits(entry: &ActivationEntry, text: &str) {
    let mappings = match entry {
        ActivationEntry::Identify(identify) => &identify.mappings,
        ActivationEntry::Map(block) | ActivationEntry::Custom(block) => &block.mappings,
        _ => return,
    };
    for mapping in mappings {
        assert_eq!(mapping.expr.text.len(), mapping.expr.span.end - mapping.expr.span.start);
        let written = &text[mapping.expr.span.start..mapping.expr.span.end];
        assert!(written.contains('#') || written == mapping.expr.text, "{written:?}");
        let whole = &text[mapping.span.start..mapping.span.end];
        assert_eq!(whole, whole.trim());
    }
}

/// Whatever the text, it is read to its end: cut anywhere, it neither panics nor passes in silence.
#[test]
fn parse_reads_any_beginning() {
    let text = include_str!("../golden/parse/design_customers.sendoff");
    for at in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
        let (_, problems) = parse(FileId(0), &text[..at]);
        let open = text[..at].matches(['{', '(']).count() > text[..at].matches(['}', ')']).count();
        let quoted = text[..at].matches("\"\"\"").count() % 2 == 1;
        assert!(!problems.is_empty() || !open || quoted, "{}", &text[..at]);
    }
}
