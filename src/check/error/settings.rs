//! Settings, options, and the values they are given.

use super::meant_of_all;
use crate::check::scope::Scope;
use crate::check::settings::Place;
use crate::diag::{Problem, list, nearest};
use crate::ir::ast::{Name, TextLit, Value};
use crate::ir::catalog::{Refusal, Setting, SettingKind};
use crate::ir::mode::Mode;
use crate::ir::span::{Span, Spanned};

pub fn unknown_setting(place: &Place, key: &Name, known: &[Setting]) -> Problem {
    let (noun, name) = (place.noun, &place.name);
    let code = if noun == "option" { "check::unknown_option" } else { "check::unknown_setting" };
    let problem = Problem::error(code, format!("unknown {noun} `{}` of {name}", key.value)).at(key.span);
    if known.is_empty() {
        return problem.help(format!("{name} has no {noun}s"));
    }
    problem.help(meant_of_all(&key.value, known.iter().map(|setting| setting.name.as_str())))
}

pub fn unknown_part<'a>(whole: &str, key: &Name, known: impl IntoIterator<Item = &'a str>) -> Problem {
    Problem::error("check::unknown_part", format!("`{whole}` has no part `{}`", key.value))
        .at(key.span)
        .help(meant_of_all(&key.value, known))
}

pub fn duplicate_setting(key: &Name, first: Span) -> Problem {
    Problem::error("check::duplicate_setting", format!("`{}` is set twice", key.value))
        .label(key.span, "again here")
        .label(first, "first here")
        .help("leave one of the two out")
}

pub fn missing_setting(place: &Place, setting: &Setting) -> Problem {
    let problem =
        Problem::error("check::missing_setting", format!("{} needs the {} `{}`", place.name, place.noun, setting.name))
            .at(place.span);
    problem.help(how_to_give(setting))
}

pub fn empty_setting(place: &Place, setting: &Setting, value: &Value) -> Problem {
    let message = format!("{} needs the {} `{}`, and it is empty", place.name, place.noun, setting.name);
    let problem = Problem::error("check::missing_setting", message).at(value.span());
    match value {
        Value::Env { default: Some(_), .. } | Value::Var { default: Some(_), .. } => {
            problem.help("without an empty default, `check` says which variable is not set")
        }
        _ => problem.help(how_to_give(setting).replacen("add", "write", 1)),
    }
}

/// Never with the value: it holds a password.
pub fn login_in_url(known: &Setting, span: Span) -> Problem {
    Problem::error(
        "check::login_in_url",
        format!("the address in `{}` holds a login, and addresses are shown", known.name),
    )
    .at(span)
    .help("take it out of the address: a login stands in settings that are secret, such as `auth { user, password }`")
}

/// Never with the value.
pub fn secret_in_url(known: &Setting, name: &str, span: Span) -> Problem {
    let message = format!("the address in `{}` holds a secret, `{name}`, and addresses are shown", known.name);
    Problem::error("check::login_in_url", message)
        .at(span)
        .help("give it as a setting that is secret, such as `auth { key = env(\"API_KEY\") }`; paths read it as `{{ setting.auth.key }}`")
}

pub fn control_character(known: &Setting, span: Span) -> Problem {
    let message = format!("the value of `{}` holds a line break or another control character", known.name);
    Problem::error("check::control_character", message).at(span).help("copy it once more, without what surrounds it")
}

fn how_to_give(setting: &Setting) -> String {
    let example = match (setting.secret, setting.kind) {
        (true, _) => format!("env(\"{}\")", setting.name.to_uppercase()),
        (_, SettingKind::Number | SettingKind::Count) => "1".to_string(),
        (_, SettingKind::Boolean) => "true".to_string(),
        (_, SettingKind::Texts) => "[\"...\"]".to_string(),
        (_, SettingKind::Url) => "\"https://...\"".to_string(),
        (_, SettingKind::Headers) => "{ NAME = \"...\" }".to_string(),
        _ => setting.values.first().map_or_else(|| "\"...\"".to_string(), |value| format!("\"{value}\"")),
    };
    let about = setting.about.trim().trim_end_matches('.');
    let about = if about.is_empty() { String::new() } else { format!(" ({about})") };
    format!("add `{} = {example}`{about}", setting.name)
}

pub fn missing_for_mode(place: &Place, setting: &Setting, mode: Mode) -> Problem {
    let message = format!("{} needs the {} `{}` in mode `{}`", place.name, place.noun, setting.name, mode.name());
    Problem::error("check::missing_setting", message).at(place.span).help(how_to_give(setting))
}

pub fn none_of(place: &Place, choices: &str) -> Problem {
    Problem::error("check::one_of", format!("{} needs one of: {choices}", place.name)).at(place.span)
}

pub fn several_of(place: &Place, choices: &str) -> Problem {
    Problem::error("check::one_of", format!("{} takes only one of: {choices}", place.name))
        .at(place.span)
        .help("leave the others out")
}

pub fn part_of(place: &Place, group: &[String], lacking: &[String]) -> Problem {
    Problem::error("check::one_of", format!("{} also needs {}", place.name, list(lacking)))
        .at(place.span)
        .help(format!("{} belong together", list(group)))
}

/// `named`: the variable that is named there, if one is.
pub fn secret_literal(name: &str, named: Option<&str>, span: Span) -> Problem {
    let variable = named.map_or_else(|| variable(name), str::to_string);
    Problem::error("check::secret_literal", format!("`{name}` is secret and must not stand in a file"))
        .at(span)
        .help(format!("read it from the environment: `{} = env(\"{variable}\")`", key(name)))
}

pub fn short_secret(known: &Setting, span: Span) -> Problem {
    let message =
        format!("the value of `{}` is too short for a secret: it could not be masked where it shows", known.name);
    Problem::error("check::short_secret", message).at(span).help("look at what the variable holds: was it cut off?")
}

/// A setting's name as it is written.
fn key(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { name.to_string() } else { format!("\"{name}\"") }
}

fn variable(name: &str) -> String {
    name.to_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_")
}

/// `env.NAME`, `"${NAME}"`
pub fn from_outside(text: &str, span: Span, meant: &str) -> Problem {
    Problem::error("check::setting_kind", format!("`{text}` would be text, and nothing is read from outside"))
        .at(span)
        .help(format!("written `{meant}`"))
        .mended(span, meant)
}

/// `tenant = tenant`, `tenant = null`
pub fn empty_word(known: &Setting, word: &Name) -> Problem {
    let message = format!("`{}` would be the text \"{0}\"", word.value);
    let problem = Problem::error("check::setting_kind", message).at(word.span);
    problem.help(match word.value == known.name {
        true => format!("a variable of the project's is read by `{} = var(\"{}\")`", key(&known.name), word.value),
        false => {
            format!("what is not given is left out; text stands in double quotes: `{} = \"...\"`", key(&known.name))
        }
    })
}

pub fn env_name(name: &TextLit) -> Problem {
    Problem::error("check::unset_env", format!("no environment variable is called `{}`", name.value))
        .at(name.span)
        .help(format!("their names have no blanks: `env(\"{}\")`", variable(&name.value)))
}

pub fn setting_kind(known: &Setting, value: &Value, span: Span) -> Problem {
    let wanted = match known.kind {
        SettingKind::Text => "text in double quotes",
        SettingKind::Url => "a URL that begins with http:// or https://",
        SettingKind::Number => "a number",
        SettingKind::Count => "a whole number from 1",
        SettingKind::Headers => "a block of names and values",
        SettingKind::Boolean => "`true` or `false`",
        SettingKind::IdOrName => "an id (a whole number) or a name (text)",
        SettingKind::Texts => "a list of texts, such as [\"a\", \"b\"]",
        SettingKind::Template => "text, or a block of texts",
        SettingKind::Any => "a value",
    };
    let problem = Problem::error("check::setting_kind", format!("`{}` takes {wanted}", known.name)).at(span);
    let is_text = matches!(known.kind, SettingKind::Text | SettingKind::IdOrName | SettingKind::Template);
    let is_number = matches!(known.kind, SettingKind::Number | SettingKind::Count);
    match value {
        Value::Number(plain) | Value::Word(plain) if is_text && !known.secret => {
            let text = format!("\"{}\"", plain.value);
            problem.help(format!("written `{} = {text}`", key(&known.name))).mended(plain.span, text)
        }
        Value::Text(text) if !known.secret && is_number && text.value.parse::<f64>().is_ok() => problem
            .help(format!("written `{} = {}`", key(&known.name), text.value))
            .mended(text.span, text.value.as_str()),
        _ => problem.help(how_to_give(known).replacen("add", "written", 1)),
    }
}

pub fn setting_value(known: &Setting, value: &str, span: Span) -> Problem {
    let message = if known.secret {
        format!("the value of `{}` is none that it takes", known.name)
    } else {
        format!("`{}` does not take `{value}`", known.name)
    };
    let words = known.values.iter().map(String::as_str);
    Problem::error("check::setting_value", message).at(span).help(match nearest(value, words.clone()) {
        Some(near) if !known.secret => format!("did you mean `{near}`? it takes {}", or_list(words)),
        _ => format!("it takes {}", or_list(words)),
    })
}

/// In the path of the ledgers.
pub fn placeholder(name: &str, span: Span) -> Problem {
    let problem = Problem::error("check::setting_value", format!("`ledger` knows no `{name}`")).at(span);
    problem.help(match nearest(name, ["env"]) {
        Some(_) => "did you mean `{env}`?",
        None => "`{env}` alone is filled in: with the name of the environment",
    })
}

pub fn header_name(key: &Name) -> Problem {
    Problem::error("check::header_name", format!("`{}` is no name for a header", key.value))
        .at(key.span)
        .help("names of headers have letters, digits and hyphens, and no blanks")
}

pub fn or_list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    match words.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} or {last}", head.join(", ")),
    }
}

pub fn setting_pattern(known: &Setting, value: &str, span: Span) -> Problem {
    let message = if known.secret {
        format!("the value of `{}` does not have the form it must have", known.name)
    } else {
        format!("`{value}` does not have the form of `{}`", known.name)
    };
    let about = known.about.trim().trim_end_matches('.');
    let form = known.pattern.as_deref().unwrap_or_default();
    Problem::error("check::setting_pattern", message).at(span).help(if about.is_empty() {
        format!("it must match `{form}`")
    } else {
        format!("{about} (it must match `{form}`)")
    })
}

pub fn number_form(number: &Spanned<String>) -> Problem {
    Problem::error("check::number", format!("`{}` is beyond what a number can be", number.value)).at(number.span)
}

pub fn unset_env(name: &str, span: Span, empty: bool) -> Problem {
    let state = if empty { "empty" } else { "not set" };
    Problem::error("check::unset_env", format!("the environment variable `{name}` is {state}"))
        .at(span)
        .help("set it, or check with `--no-env`; what is no secret may have a default, `env(\"NAME\", \"...\")`")
}

pub fn unset_variable(scope: &Scope<'_>, name: &str, span: Span) -> Problem {
    let known = scope.known_variables();
    if let Some(key) = scope.misspelt_variable(name) {
        return Problem::error("check::unset_var", format!("nothing reads the variable `{}`", key.value))
            .at(key.span)
            .help(format!("did you mean `{name}`?"));
    }
    let help = match nearest(name, known.iter().copied().filter(|known| *known != name)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let block = scope
                .environment
                .map_or(String::new(), |environment| format!(", to `environment {}`", environment.name.value));
            format!(
                "give it with `--var {name}=...`, as `SENDOFF_VAR_{}`{block}, or give a default",
                name.to_uppercase()
            )
        }
    };
    Problem::error("check::unset_var", format!("the variable `{name}` has no value")).at(span).help(help)
}

/// In the definition's own words.
pub fn refused(said: &str, refusal: &Refusal, place: Span) -> Problem {
    let problem = match refusal.warning {
        true => Problem::warning("check::caution", said),
        false => Problem::error("check::refused", said),
    };
    let problem = problem.at(place);
    if refusal.help.is_empty() { problem } else { problem.help(&refusal.help) }
}
