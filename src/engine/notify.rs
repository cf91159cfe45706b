//! Posts to `project { notify }` what a run warns of or was stopped by, when that changes: not at every run.

use std::time::Duration;

use serde_json::json;

use super::session::{Session, ledger_folder};
use crate::ir::delivery::Request;
use crate::ir::run::ActivationReport;

/// Told before the run is kept, since the state before is read from the history. What goes wrong here is only logged: the
/// run itself is done.
pub async fn tell(session: &Session<'_>, report: &ActivationReport) {
    let Some(url) = session.spec.project.notify.as_ref().filter(|url| !url.reveal().is_empty()) else { return };
    if state(report) == state(&last(session, &report.activation)) {
        return;
    }
    let body = json!({
        "activation": report.activation,
        "environment": session.spec.project.environment,
        "run": report.run,
        "status": report.status,
        "warnings": report.warnings,
        "stopped": report.stopped,
    });
    let request = Request {
        method: "POST".into(),
        url: url.reveal().to_string(),
        headers: vec![("Content-Type".into(), "application/json".into())],
        secret_headers: Vec::new(),
        body: Some(body.to_string()),
        timeout: Duration::from_secs(10),
    };
    match session.world.http(request).await {
        Ok(answer) if answer.status < 300 => {}
        Ok(answer) => tracing::warn!(status = answer.status, "the notification was refused"),
        Err(error) => {
            tracing::warn!(error = session.redactor.scrub(&error.to_string()), "the notification was not sent")
        }
    }
}

/// Which guards fired and what stopped it; not the numbers, which differ at every run.
fn state(report: &ActivationReport) -> (Vec<&str>, Option<&str>) {
    let guards = report.warnings.iter().map(|warning| warning.split("`:").next().unwrap_or(warning)).collect();
    (guards, report.stopped.as_ref().map(|stopped| stopped.code.as_str()))
}

/// The run before; before the first one all is well.
fn last(session: &Session<'_>, activation: &str) -> ActivationReport {
    let folder = ledger_folder(session.root, session.spec, session.options);
    let text = session.world.read(&folder.join(format!("{activation}.history.jsonl"))).unwrap_or_default();
    text.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default()
}
