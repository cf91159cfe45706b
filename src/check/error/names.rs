//! Names given twice or not to be given, and the project's own block.

use super::meant;
use crate::diag::Problem;
use crate::ir::ast::Name;
use crate::ir::span::Span;

pub fn duplicate_name(what: &str, name: &Name, first: &str, at: Span) -> Problem {
    let message = if what == first {
        format!("{what} `{}` is defined twice", name.value)
    } else {
        format!("{what} `{}` has the name of a {first}", name.value)
    };
    Problem::error("check::duplicate_name", message).label(name.span, "again here").label(at, "first here").help(
        if matches!(what, "source" | "model" | "segment") {
            "sources, models and segments share one namespace, since all of them stand after `from`"
        } else {
            "each has a name of its own, in the whole project"
        },
    )
}

pub fn reserved_name(what: &str, name: &Name) -> Problem {
    Problem::error("check::reserved_name", format!("`{}` is no name for a {what}", name.value))
        .at(name.span)
        .help("after `from`, `file` begins the path of a file")
}

pub fn two_projects(again: Span, first: Span) -> Problem {
    Problem::error("check::two_projects", "`project` stands twice")
        .label(again, "again here")
        .label(first, "first here")
        .help("a project has one `project { ... }`, in any of its files")
}

/// `none`: what helps where the project has no environment.
pub fn unknown_environment<'a>(name: &str, known: impl Iterator<Item = &'a str>, none: &str) -> Problem {
    let help = meant(name, known, none);
    Problem::error("check::unknown_environment", format!("unknown environment `{name}`")).help(help)
}

/// Named on the command line, which is no place in a file: those there are have one.
pub fn unknown_choice<'a>(name: &str, known: impl Iterator<Item = &'a Name>) -> Problem {
    let known: Vec<&Name> = known.collect();
    let words = || known.iter().map(|known| known.value.as_str());
    let near = crate::diag::nearest(name, words());
    let shown = known.iter().filter(|known| near.is_none_or(|near| near == known.value));
    let none = "`--env` or SENDOFF_ENV names it, and the project has no `environment`";
    shown.fold(unknown_environment(name, words(), none), |problem, known| problem.label(known.span, "declared here"))
}

pub fn no_environment<'a>(first: Span, known: impl Iterator<Item = &'a str>) -> Problem {
    let known: Vec<&str> = known.collect();
    Problem::error("check::no_environment", "the project has several environments, and none is chosen")
        .at(first)
        .help(format!("choose with `--env NAME` or `SENDOFF_ENV`: {}", crate::diag::list(&known)))
}

pub fn unread_variable<'a>(name: &str, asked: impl Iterator<Item = &'a str>) -> Problem {
    Problem::error("check::unread_variable", format!("nothing reads the variable `{name}` of `--var`")).help(meant(
        name,
        asked,
        "a pipeline reads it with `var(\"NAME\")`",
    ))
}

/// `cause`: why it cannot be read; without one it was, and is no JSON.
pub fn bad_manifest(cause: Option<&str>, at: Option<Span>) -> Problem {
    let message =
        cause.map_or("the dbt manifest is no JSON".into(), |cause| format!("the dbt manifest cannot be read: {cause}"));
    let problem = Problem::error("check::bad_manifest", message)
        .help("dbt writes it, to `target/manifest.json`, with `dbt parse` and all that runs models");
    match at {
        Some(span) => problem.at(span),
        None => problem,
    }
    .help("`dbt parse` or `dbt compile` writes it anew, as `target/manifest.json`")
}
