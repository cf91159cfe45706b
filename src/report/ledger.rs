//! Ledger files for people.

use crate::diag::thousands;
use crate::ir::run::LedgerView;

use super::paint::Paint;
use super::table::table;
use super::words;

pub fn human(ledgers: &[LedgerView], paint: Paint) -> String {
    if ledgers.is_empty() {
        return "no ledger\n".into();
    }
    let head = ["activation", "target", "mode", "#entries", "states", "file", "note"];
    let rows: Vec<Vec<String>> = ledgers.iter().map(cells).collect();
    table(&head, &rows, paint)
}

fn cells(ledger: &LedgerView) -> Vec<String> {
    let states = ledger.by_state.iter().map(|(state, number)| format!("{} {state}", thousands(*number)));
    vec![
        ledger.activation.clone(),
        words::target(&ledger.target),
        ledger.mode.clone(),
        thousands(ledger.entries),
        states.collect::<Vec<_>>().join(", "),
        ledger.file.trim_start_matches("./").to_string(),
        note(ledger),
    ]
}

fn note(ledger: &LedgerView) -> String {
    match (&ledger.problem, ledger.orphan, ledger.baseline_closed) {
        (Some(problem), ..) => problem.clone(),
        (None, true, _) => "no activation uses it".into(),
        (None, false, false) if ledger.target.is_empty() => "no run yet".into(),
        (None, false, false) => "first run not complete".into(),
        (None, false, true) => String::new(),
    }
}
