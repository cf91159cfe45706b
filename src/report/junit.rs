//! What CI systems show as the results of tests: one suite, with a case for each test, or for each file that was looked at.

use crate::diag::{Drawing, Problem, Problems, Sources, draw};
use crate::ir::span::FileId;

use super::problems::tidied;

/// Columns of what is drawn.
const WIDTH: usize = 100;

/// A case and what went wrong in it, as message and text; `says`: what did not.
pub struct Case {
    pub name: String,
    pub class: String,
    pub file: String,
    pub line: usize,
    pub failures: Vec<(String, String)>,
    pub says: String,
}

pub fn suite(cases: &[Case]) -> String {
    let failed = cases.iter().filter(|case| !case.failures.is_empty()).count();
    let numbers = format!("tests=\"{}\" failures=\"{failed}\"", cases.len());
    let cases: String = cases.iter().map(written).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {numbers}>\n  <testsuite name=\"sendoff\" {numbers}>\n\
         {cases}  </testsuite>\n</testsuites>\n"
    )
}

fn written(case: &Case) -> String {
    let head = format!(
        "    <testcase name=\"{}\" classname=\"{}\" file=\"{}\" line=\"{}\"",
        escaped(&case.name),
        escaped(&case.class),
        escaped(&case.file),
        case.line
    );
    let failure = |(message, text): &(String, String)| {
        format!("      <failure message=\"{}\">{}</failure>\n", escaped(message), escaped(text))
    };
    let mut inside: String = case.failures.iter().map(failure).collect();
    if !case.says.is_empty() {
        inside += &format!("      <system-out>{}</system-out>\n", escaped(&case.says));
    }
    if inside.is_empty() { format!("{head}/>\n") } else { format!("{head}>\n{inside}    </testcase>\n") }
}

/// A case for each file of the project: errors make it fail, and warnings are said. What stands nowhere has a case of its own.
pub fn problems(problems: &Problems, sources: &Sources) -> String {
    let place = |problem: &Problem| problem.labels.first().map(|(span, _)| span.file);
    let is_told = |file: &FileId| problems.0.iter().any(|problem| place(problem) == Some(*file));
    let files = sources.ids().filter(|file| sources.name(*file).ends_with(".sendoff") || is_told(file)).map(Some);
    let homeless = problems.0.iter().any(|problem| place(problem).is_none()).then_some(None);
    let case = |file: Option<FileId>| {
        let name = file.map_or("the project", |file| sources.name(file));
        let (errors, others): (Vec<&Problem>, Vec<&Problem>) =
            problems.0.iter().filter(|problem| place(problem) == file).partition(|problem| problem.is_error());
        Case {
            name: name.into(),
            class: "check".into(),
            file: name.into(),
            line: errors.iter().find_map(|one| one.labels.first()).map_or(1, |(span, _)| sources.position(*span).0),
            failures: errors.iter().map(|one| (one.told(), drawn(one, sources))).collect(),
            says: others.iter().map(|one| drawn(one, sources)).collect(),
        }
    };
    suite(&files.chain(homeless).map(case).collect::<Vec<_>>())
}

pub fn drawn(problem: &Problem, sources: &Sources) -> String {
    tidied(&draw(problem, sources, Drawing { color: false, width: WIDTH }))
}

/// What XML does not take even as a reference is left out.
fn escaped(text: &str) -> String {
    let one = |c: char| match c {
        '&' => "&amp;".to_string(),
        '<' => "&lt;".to_string(),
        '>' => "&gt;".to_string(),
        '"' => "&quot;".to_string(),
        c if c.is_control() && !['\n', '\t'].contains(&c) => String::new(),
        c => c.to_string(),
    };
    text.chars().map(one).collect()
}
