//! `mode NAME { ... }`

use serde_json::Value as Json;

use super::error;
use super::scope::Scope;
use super::settings::{Declared, Place, fill};
use super::target::Target;
use crate::diag::Problems;
use crate::ir::ast::{Activation, ModeEntry};
use crate::ir::catalog::Service;
use crate::ir::mode::Mode;
use crate::ir::span::Span;
use crate::ir::spec::Settings;
use crate::ir::vocabulary::mode_options;

pub struct Chosen {
    pub mode: Mode,
    pub span: Span,
    pub hold_new_rows: bool,
    pub insert_again: bool,
}

/// The mode written, else the service's first. `None` where no mode that the service has can be made out.
pub fn resolve(
    scope: &Scope<'_>,
    activation: &Activation,
    entry: Option<&ModeEntry>,
    target: Option<&Target<'_>>,
    problems: &mut Problems,
) -> Option<Chosen> {
    let written = match entry {
        Some(entry) => Some(named(entry, target, problems)?),
        None => None,
    };
    let service = target.map(|target| &*target.service);
    let mode = written.or_else(|| service.and_then(|service| Some(service.modes.first()?.0)))?;
    let settings = options(scope, mode, entry, problems);
    let default_hold = service.is_some_and(|service: &Service| service.hold_new_rows);
    Some(Chosen {
        mode,
        span: entry.map_or(activation.name.span, |entry| entry.name.span),
        hold_new_rows: mode == Mode::Update
            && settings.plain("new_rows").and_then(Json::as_str).map_or(default_hold, |word| word == "hold"),
        insert_again: settings.plain("again").and_then(Json::as_bool).unwrap_or(false),
    })
}

fn named(entry: &ModeEntry, target: Option<&Target<'_>>, problems: &mut Problems) -> Option<Mode> {
    let Some(mode) = Mode::parse(&entry.name.value) else {
        problems.push(error::unknown_mode(&entry.name, target));
        return None;
    };
    if let Some(target) = target.filter(|target| target.service.routes(mode).is_none()) {
        problems.push(error::mode_not_offered(&entry.name, target));
        return None;
    }
    Some(mode)
}

fn options(scope: &Scope<'_>, mode: Mode, entry: Option<&ModeEntry>, problems: &mut Problems) -> Settings {
    let Some(block) = entry.and_then(|entry| entry.options.as_ref()) else { return Settings::default() };
    let place = Place::options(format!("`mode {}`", mode.name()), block.span);
    fill(scope, &place, Declared::plain(&mode_options(mode)), &block.settings, problems)
}
