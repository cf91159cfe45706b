//! Posts to `project { notify }` what stopped a run, what made it fail, what it warns of, and that all is well again: when
//! that changes, not at every run. Slack shows the `text` of what is posted; programs read the rest.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::session::ledger_folder;
use super::{Options, Progress};
use crate::ir::delivery::Request;
use crate::ir::run::{ActivationReport, Status};
use crate::ir::secret::Redactor;
use crate::ir::spec::Spec;
use crate::world::World;

/// What a run that was stopped by hand is stopped by: no news, and no end of what was told before.
const INTERRUPTED: &str = "run::interrupted";

/// Whose runs are told of, and where.
#[derive(Clone, Copy)]
pub struct Notifier<'a> {
    pub world: &'a dyn World,
    pub root: &'a Path,
    pub spec: &'a Spec,
    pub options: &'a Options,
    pub redactor: &'a Redactor,
    pub progress: &'a dyn Progress,
}

impl Notifier<'_> {
    /// Told before the runs are kept, since the state before is read from the history. What goes wrong here is only
    /// told: the run itself is done. A rehearsal alerts nobody.
    pub async fn tell(&self, reports: &[ActivationReport]) {
        let url = self.spec.project.notify.as_ref().filter(|url| !url.reveal().is_empty());
        let Some(url) = url.filter(|_| self.options.sandbox.is_none()) else { return };
        let news = reports.iter().filter_map(|report| Some((event(report, &self.last(report))?, report)));
        let news: Vec<_> = news.collect();
        if let Some((_, first)) = news.first() {
            self.post(url.reveal(), &self.body(&first.run, &news)).await;
        }
    }

    fn body(&self, run: &str, news: &[(&'static str, &ActivationReport)]) -> Json {
        let environment = self.spec.project.environment.as_deref();
        let told = |(event, report): &(&str, &ActivationReport)| {
            json!({
                "activation": report.activation,
                "event": event,
                "status": report.status,
                "warnings": report.warnings,
                "stopped": report.stopped,
            })
        };
        json!({
            "text": text(environment, news),
            "environment": environment,
            "run": run,
            "activations": news.iter().map(told).collect::<Vec<_>>(),
        })
    }

    async fn post(&self, url: &str, body: &Json) {
        let request = Request {
            method: "POST".into(),
            url: url.to_string(),
            headers: vec![("Content-Type".into(), "application/json".into())],
            secret_headers: Vec::new(),
            body: Some(body.to_string()),
            timeout: Duration::from_secs(10),
        };
        match self.world.http(request).await {
            Ok(answer) if answer.status < 300 => {}
            Ok(answer) => {
                self.progress.aside(&format!("the notification was refused: the answer was {}", answer.status));
            }
            Err(error) => {
                let error = self.redactor.scrub(&error.to_string());
                self.progress.aside(&format!("the notification was not sent: {error}"));
            }
        }
    }

    /// The run before that came to an end of its own; before the first one all is well.
    fn last(&self, report: &ActivationReport) -> ActivationReport {
        let folder = ledger_folder(self.root, self.spec, self.options);
        let path = folder.join(format!("{}.history.jsonl", report.activation));
        let text = self.world.read(&path).unwrap_or_default();
        let runs = text.lines().rev().filter_map(|line| serde_json::from_str::<ActivationReport>(line).ok());
        runs.into_iter().find(|run| !is_interrupted(run)).unwrap_or_default()
    }
}

/// What there is to tell of a run after another one, if anything.
fn event(report: &ActivationReport, before: &ActivationReport) -> Option<&'static str> {
    if is_interrupted(report) || state(report) == state(before) {
        return None;
    }
    Some(match &report.stopped {
        Some(stopped) if stopped.status == Status::Stopped => "stopped",
        Some(_) => "failed",
        None if report.warnings.is_empty() => "recovered",
        None => "warning",
    })
}

fn is_interrupted(report: &ActivationReport) -> bool {
    report.stopped.as_ref().is_some_and(|stopped| stopped.code == INTERRUPTED)
}

/// Which guards fired and what stopped it; not the numbers, which differ at every run.
fn state(report: &ActivationReport) -> (Vec<&str>, Option<&str>) {
    let guards = report.warnings.iter().map(|warning| warning.split("`:").next().unwrap_or(warning)).collect();
    (guards, report.stopped.as_ref().map(|stopped| stopped.code.as_str()))
}

/// A line for people for each activation; those that share their fate share a line.
fn text(environment: Option<&str>, news: &[(&'static str, &ActivationReport)]) -> String {
    let place = environment.map(|name| format!(" ({name})")).unwrap_or_default();
    let mut lines: Vec<(Vec<&str>, String)> = Vec::new();
    for (event, report) in news {
        let name = report.activation.as_str();
        let fate = format!("{event}{}", why(report));
        match lines.iter_mut().find(|(_, known)| *known == fate) {
            Some((names, _)) => names.push(name),
            None => lines.push((vec![name], fate)),
        }
    }
    let line = |(names, fate): (Vec<&str>, String)| format!("sendoff{place}: {} {fate}", names.join(", "));
    lines.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

fn why(report: &ActivationReport) -> String {
    match &report.stopped {
        Some(stopped) if stopped.help.is_empty() => format!(": {}", stopped.message),
        Some(stopped) => format!(": {} ({})", stopped.message, stopped.help),
        None if report.warnings.is_empty() => String::new(),
        None => format!(": {}", report.warnings.join("; ")),
    }
}
