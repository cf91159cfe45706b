//! The project of a scenario, as a person would write it.

use std::fmt::Write;

use sendoff::ir::mode::Mode;

use super::people;
use super::service::{Case, Field};

pub const FILE: &str = "people.jsonl";

/// What a scenario turns in the pipeline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Turns {
    /// A target that is not mapped yet.
    pub without: Option<String>,
    /// `null = clear` where it can be said.
    pub clear: bool,
    /// `new_rows = hold`
    pub hold: bool,
    /// Only what no row goes without, and two fields more: enough where it is not about values.
    pub narrow: bool,
    /// The source may run empty.
    pub empties: bool,
}

/// Of those that a narrow pipeline could do without.
const NARROW: usize = 2;

/// Columns whose values never come round again, so that each tells its age.
pub const TELLING: [&str; 3] = ["visits", "zip", "last_name"];

impl Turns {
    /// What is mapped now.
    pub fn fields(&self, case: &Case) -> Vec<Field> {
        let mut fields = case.fields();
        if self.narrow {
            let (kept, mut spare): (Vec<_>, Vec<_>) = fields.into_iter().partition(|field| field.written.required);
            spare.sort_by_key(|field| !TELLING.contains(&field.written.column.as_str()));
            // One that tells its age, and one that is soon what it was before.
            let first = 1.min(spare.len());
            spare[first..].sort_by_key(|field| field.written.column != "vip");
            spare.truncate(NARROW);
            fields = [kept, spare].concat();
        }
        fields.retain(|field| self.without.as_ref() != Some(&field.target));
        fields
    }

    pub fn clears(&self, field: &Field) -> bool {
        self.clear && field.written.clear
    }
}

/// Activations by name, each after the one before it.
pub fn written(activations: &[(&str, &Case)], turns: &Turns) -> String {
    let (_, first) = activations[0];
    let service = &first.service;
    let mut out = format!(
        "project {{ ledger = \"state\" }}\n\ndestination there = {} {{\n{}}}\n\n{}",
        service.destination,
        indented(&service.settings),
        model()
    );
    let shared = activations.len() > 1;
    for (at, (name, case)) in activations.iter().enumerate() {
        let after = at.checked_sub(1).map(|before| activations[before].0);
        out.push_str(&activation(name, case, turns, after, shared));
    }
    out
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

fn model() -> String {
    let columns = people::columns().map(|(name, sql_type, _)| format!("{name} = \"{sql_type}\""));
    let columns = columns.collect::<Vec<_>>().join(", ");
    format!("model people {{\n  from file \"{FILE}\" {{ columns {{ {columns} }} }}\n  key id\n}}\n")
}

fn activation(name: &str, case: &Case, turns: &Turns, after: Option<&str>, shared: bool) -> String {
    let options = indented(&indented(case.options()));
    let options = if options.is_empty() { String::new() } else { format!(" {{\n{options}  }}") };
    let empties = if turns.empties { " { allow_empty = true }" } else { "" };
    let mut out =
        format!("\nactivation {name} {{\n  from people{empties}\n  to there.{}{options}\n", case.service.service);
    let held = if turns.hold { "hold" } else { "send" };
    let manner = if case.mode == Mode::Update { format!(" {{ new_rows = {held} }}") } else { String::new() };
    // Text cannot fail to take text.
    let _ = writeln!(out, "  mode {}{manner}", case.mode.name());
    after.iter().for_each(|before| out.push_str(&format!("  after {before}\n")));
    let all = if case.service.identify_all { " all" } else { "" };
    block(&mut out, &format!("identify{all}"), &case.identify(), |_| Vec::new());
    let (custom, mapped): (Vec<_>, Vec<_>) = turns.fields(case).into_iter().partition(|field| field.custom);
    let extra = |field: &Field| {
        let clear = turns.clears(field).then(|| "null = clear".to_string());
        clear.into_iter().chain(shared.then(|| "shared = true".to_string())).collect()
    };
    block(&mut out, "map", &mapped, extra);
    block(&mut out, "custom", &custom, extra);
    out.push_str(&indented(&case.service.extra));
    out + "}\n"
}

fn block(out: &mut String, word: &str, fields: &[Field], extra: impl Fn(&Field) -> Vec<String>) {
    if fields.is_empty() {
        return;
    }
    let lines = fields.iter().map(|field| {
        let written = &field.written;
        let expr = written.sql.as_ref().unwrap_or(&written.column);
        let own = Some(written.options.clone()).filter(|options| !options.is_empty());
        let options: Vec<String> = own.into_iter().chain(extra(field)).collect();
        let options = if options.is_empty() { String::new() } else { format!(" {{ {} }}", options.join(", ")) };
        format!("    {expr} -> {}{options}\n", field.target)
    });
    out.push_str(&format!("  {word} {{\n{}  }}\n", lines.collect::<String>()));
}
