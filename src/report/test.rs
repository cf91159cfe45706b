//! What came of tests: a line for each, then what was not as expected.

use serde_json::{Value, json};

use crate::diag::{Drawing, Miss, Problems, Sources, Verdict, count, draw, list};
use crate::ir::ident::ActivationName;
use crate::ir::span::Span;

use super::junit::{self, Case};
use super::paint::Paint;
use super::{difference, json, problems};

/// Columns of a drawing that is read in a file.
const WIDTH: usize = 100;

pub struct Report<'a> {
    pub verdicts: &'a [Verdict],
    pub untested: &'a [ActivationName],
    pub sources: &'a Sources,
}

impl Report<'_> {
    fn failed(&self) -> usize {
        self.verdicts.iter().filter(|verdict| !verdict.misses.is_empty()).count()
    }
}

pub fn human(report: &Report<'_>, paint: Paint, drawing: Drawing) -> String {
    let mut out: String = report.verdicts.iter().map(|verdict| line(verdict, paint)).collect();
    for verdict in report.verdicts.iter().filter(|verdict| !verdict.misses.is_empty()) {
        out += &format!("\n{} of {}\n", paint.bold(&verdict.test), verdict.activation);
        let misses: Vec<String> =
            verdict.misses.iter().map(|miss| told(miss, report.sources, paint, drawing)).collect();
        out += &misses.join("\n");
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out + &summary(report, paint)
}

fn line(verdict: &Verdict, paint: Paint) -> String {
    let status = if verdict.misses.is_empty() { paint.good("passed") } else { paint.bad("failed") };
    format!("{status}  {} {}\n", verdict.test, paint.dim(&format!("of {}", verdict.activation)))
}

fn told(miss: &Miss, sources: &Sources, paint: Paint, drawing: Drawing) -> String {
    let drawn = problems::tidied(&draw(&miss.problem, sources, drawing));
    let difference = miss.difference.as_ref().map(|(wanted, found)| difference::expected(wanted, found, paint));
    format!("{drawn}{}", difference.unwrap_or_default())
}

fn summary(report: &Report<'_>, paint: Paint) -> String {
    let (all, failed) = (report.verdicts.len(), report.failed());
    let passed = paint.good(&format!("{} passed", all - failed));
    let mut out = match failed {
        _ if all == 0 => "no tests\n".to_string(),
        0 => format!("{passed}\n"),
        failed => format!("{}, {passed}\n", paint.bad(&format!("{failed} failed"))),
    };
    if !report.untested.is_empty() {
        let verb = if report.untested.len() == 1 { "has" } else { "have" };
        let number = count(report.untested.len() as u64, "activation");
        out += &paint.warn(&format!("{number} {verb} no test: {}", list(report.untested)));
        out.push('\n');
    }
    out
}

pub fn json(report: &Report<'_>) -> String {
    let failed = report.failed() > 0;
    let tests: Vec<Value> = report.verdicts.iter().map(|verdict| verdict_json(verdict, report.sources)).collect();
    json::text(&json!({
        "status": if failed { "failed" } else { "passed" },
        "code": u8::from(failed),
        "tests": tests,
        "untested": report.untested,
    }))
}

fn verdict_json(verdict: &Verdict, sources: &Sources) -> Value {
    let misses: Vec<Value> = verdict.misses.iter().map(|miss| miss_json(miss, sources)).collect();
    let (line, _) = sources.position(verdict.span);
    json!({
        "test": verdict.test,
        "activation": verdict.activation,
        "passed": verdict.misses.is_empty(),
        "file": sources.name(verdict.span.file),
        "line": line,
        "misses": misses,
    })
}

fn miss_json(miss: &Miss, sources: &Sources) -> Value {
    let problem = Problems(vec![miss.problem.clone()]);
    let mut told = problems::json(&problem, sources)[0].take();
    let labelled = miss.problem.labels.iter().filter(|(_, text)| !text.is_empty());
    told["places"] = labelled.map(|label| place(label, sources)).collect();
    if let Some((wanted, found)) = &miss.difference {
        told["expected"] = json!(wanted);
        told["found"] = json!(found);
    }
    told
}

fn place((span, text): &(Span, String), sources: &Sources) -> Value {
    let (line, column) = sources.position(*span);
    json!({"line": line, "column": column, "found": text})
}

/// The activation stands where other tools have a class.
pub fn junit(report: &Report<'_>) -> String {
    junit::suite(&report.verdicts.iter().map(|verdict| case(verdict, report.sources)).collect::<Vec<_>>())
}

fn case(verdict: &Verdict, sources: &Sources) -> Case {
    let plain = (Paint { color: false }, Drawing { color: false, width: WIDTH });
    let failure = |miss: &Miss| (miss.problem.message.clone(), told(miss, sources, plain.0, plain.1));
    Case {
        name: verdict.test.clone(),
        class: verdict.activation.to_string(),
        file: sources.name(verdict.span.file).into(),
        line: sources.position(verdict.span).0,
        failures: verdict.misses.iter().map(failure).collect(),
        says: String::new(),
    }
}
