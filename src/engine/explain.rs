//! `explain`: what the ledger holds of one row, what the source wants, and what the next run does about it.

use std::path::Path;

use super::account::Accounts;
use super::plan::shown;
use super::run::{compare, told};
use super::session::{Access, Job, Session};
use super::{Options, StopSignal, Trouble};
use crate::ir::change::RETRIED;
use crate::ir::plan::Sql;
use crate::ir::run::{EntryView, ExplainedField, Explanation, Failure, RequestView, Status};
use crate::ir::spec::Spec;
use crate::ir::value::Value;
use crate::store::StoreError;
use crate::world::World;

/// `key`: the row's key as text, its parts joined by ` / ` or listed (`["a", "b"]`); in set modes the identifier.
pub async fn explain(
    world: &dyn World,
    root: &Path,
    spec: &Spec,
    options: &Options,
    activation: &str,
    key: &str,
) -> Result<Explanation, Trouble> {
    // What the ledger holds is told without asking the destination.
    let options = Options { only: Some(activation.to_string()), offline: true, ..options.clone() };
    let mut session =
        Session::open(world, root, spec, &options, Access::Read, Accounts::default(), &StopSignal::default()).await?;
    if let Some((_, failure)) = session.failed.pop() {
        return Err(failure.into());
    }
    let Some(job) = session.jobs.pop() else { return Err(unknown(activation, key).into()) };
    compare(&session, &job, job.shape.full_number)?;
    if let Some(candidates) = several(&session, &job, key).map_err(|error| told(&job, &error))? {
        return Err(ambiguous(key, &candidates).into());
    }
    let explanation = look(&session, &job, key).map_err(|error| told(&job, &error))?;
    explanation.ok_or_else(|| unknown(activation, key).into())
}

fn unknown(activation: &str, key: &str) -> Failure {
    Failure {
        status: Status::Wrong,
        code: "explain::unknown_key".into(),
        message: format!("neither the ledger of `{activation}` nor its source has a row `{key}`"),
        help: "parts of a key are joined by ` / `; set modes are asked by identifier".into(),
    }
}

fn look(session: &Session<'_>, job: &Job<'_>, key: &str) -> Result<Option<Explanation>, StoreError> {
    let entry = entry(session, job, key)?;
    let wanted = wanted(session, job, key)?;
    if entry.is_none() && wanted.is_none() {
        return Ok(None);
    }
    let fields = job.plan.fields.iter().enumerate().map(|(at, field)| {
        let position = format!("{}", field.column.position);
        ExplainedField {
            field: field.name.clone(),
            acknowledged: entry.as_ref().and_then(|entry| entry.values.get(at)).and_then(shown),
            desired: wanted.as_ref().and_then(|wanted| wanted.values.get(at)).and_then(shown),
            refused: entry.as_ref().and_then(|entry| entry.refused(&position)),
        }
    });
    Ok(Some(Explanation {
        activation: job.activation.name.to_string(),
        key: key.to_string(),
        fields: fields.collect(),
        next: next(session, job, key, wanted.as_ref(), entry.as_ref())?,
        request: match &entry {
            Some(entry) => request(session, job, entry)?,
            None => None,
        },
        entry: entry.map(|entry| entry.view),
    }))
}

fn ambiguous(key: &str, candidates: &[String]) -> Failure {
    Failure {
        status: Status::Wrong,
        code: "explain::ambiguous_key".into(),
        message: format!("several rows have a key that reads `{key}`"),
        help: format!("list its parts: `{}`", candidates.join("` or `")),
    }
}

/// Keys of several columns that read the same, listed, where there are some: a part may hold ` / ` itself.
fn several(session: &Session<'_>, job: &Job<'_>, key: &str) -> Result<Option<Vec<String>>, StoreError> {
    let columns = key_columns(job);
    let is_key = is_key(job, key);
    let rows = session.store.rows(&format!(
        "SELECT DISTINCT CAST(to_json([{columns}]) AS VARCHAR) FROM (SELECT * FROM (SELECT {names} FROM diff_want \
         UNION SELECT {names} FROM {entry})) WHERE {is_key} ORDER BY 1",
        columns = columns.join(", "),
        names = (1..=columns.len()).map(|at| format!("k{at}")).collect::<Vec<_>>().join(", "),
        entry = job.ledger.table("entry"),
    ))?;
    let listed: Vec<String> = rows.iter().filter_map(|row| row.first().and_then(shown)).collect();
    Ok((listed.len() > 1).then_some(listed))
}

fn key_columns(job: &Job<'_>) -> Vec<String> {
    (1..=job.shape.keys.len()).map(|at| format!("CAST(k{at} AS VARCHAR)")).collect()
}

/// `concat_ws(' / ', k1, ...) = 'KEY'`, or part by part where they are listed.
fn is_key(job: &Job<'_>, key: &str) -> String {
    let columns = key_columns(job);
    match serde_json::from_str::<Vec<String>>(key) {
        Ok(parts) if parts.len() == columns.len() && parts.len() > 1 => {
            let same = columns.iter().zip(&parts).map(|(column, part)| format!("{column} = {}", Sql::text(part)));
            same.collect::<Vec<_>>().join(" AND ")
        }
        _ => format!("concat_ws(' / ', {}) = {}", columns.join(", "), Sql::text(key)),
    }
}

struct Entry {
    view: EntryView,
    values: Vec<Value>,
    refused: Value,
    request: Option<u64>,
}

impl Entry {
    /// When the outcome of its last request came into the entry. A row at rest changes state without one.
    fn merged_at(&self) -> Option<&str> {
        let view = &self.view;
        let at_rest = matches!(view.state.as_str(), "synced" | "gone");
        if at_rest { view.acknowledged_at.as_deref() } else { view.since.as_deref() }
    }

    fn refused(&self, position: &str) -> Option<String> {
        match &self.refused {
            Value::Struct(refused) => {
                refused.iter().find(|(name, _)| name == position).and_then(|(_, value)| shown(value))
            }
            _ => None,
        }
    }
}

fn entry(session: &Session<'_>, job: &Job<'_>, key: &str) -> Result<Option<Entry>, StoreError> {
    let identifiers = (1..=job.shape.identifiers.len()).map(|at| format!("i{at}"));
    let known = |position: u32| job.shape.fields.iter().any(|field| field.position == position);
    let values = job.plan.fields.iter().map(|field| {
        let position = field.column.position;
        if known(position) { format!("v{position}") } else { "NULL".to_string() }
    });
    let fixed = ["state", "since", "acked_at", "remote_id", "reason", "refused", "request"].map(String::from);
    let columns: Vec<String> = fixed.into_iter().chain(identifiers).chain(values).collect();
    let row = session.store.row(&format!(
        "SELECT {} FROM {} WHERE {}",
        columns.join(", "),
        job.ledger.table("entry"),
        is_key(job, key)
    ))?;
    let mut values = row.into_iter();
    let Some(state) = values.next() else { return Ok(None) };
    let mut text = || values.next().as_ref().and_then(shown);
    let (since, acknowledged_at, remote_id, reason) = (text(), text(), text(), text());
    let refused = values.next().unwrap_or_default();
    let request = if let Some(Value::Int(number)) = values.next() { u64::try_from(number).ok() } else { None };
    let identifiers =
        job.shape.identifiers.iter().map(|name| (name.clone(), values.next().as_ref().and_then(shown))).collect();
    let state = shown(&state).unwrap_or_default();
    let view = EntryView { state, since, acknowledged_at, identifiers, remote_id, reason };
    Ok(Some(Entry { view, values: values.collect(), refused, request }))
}

struct Wanted {
    problem: Option<String>,
    values: Vec<Value>,
}

fn wanted(session: &Session<'_>, job: &Job<'_>, key: &str) -> Result<Option<Wanted>, StoreError> {
    let values = job.plan.fields.iter().map(|field| format!("d{}", field.column.position));
    let columns: Vec<String> = ["problem".to_string()].into_iter().chain(values).collect();
    let row = session.store.row(&format!("SELECT {} FROM diff_want WHERE {}", columns.join(", "), is_key(job, key)))?;
    let mut values = row.into_iter();
    let Some(problem) = values.next() else { return Ok(None) };
    Ok(Some(Wanted { problem: shown(&problem), values: values.collect() }))
}

fn next(
    session: &Session<'_>,
    job: &Job<'_>,
    key: &str,
    wanted: Option<&Wanted>,
    entry: Option<&Entry>,
) -> Result<String, StoreError> {
    let row = session.store.row(&format!(
        "SELECT action, cause, whole, CAST(len(owed) AS BIGINT), CAST(len(standing) AS BIGINT) FROM diff_rows WHERE {}",
        is_key(job, key)
    ))?;
    if let Some(problem) = wanted.and_then(|wanted| wanted.problem.as_deref()) {
        return Ok(format!("the row is set aside: {problem}"));
    }
    let state = entry.map_or("", |entry| entry.view.state.as_str());
    Ok(match row.as_slice() {
        [Value::Text(action), .., Value::Int(1..)] if action == "refused" => {
            "nothing: the rest is acknowledged, and a refused field goes again with another value, or with `--full`"
                .into()
        }
        [Value::Text(action), cause, whole, owed, _] => said(action, &shown(cause).unwrap_or_default(), whole, owed),
        _ if wanted.is_none() => "the row is not in the source; nothing is sent".into(),
        _ if state == "pending" => "nothing, until the destination's job is settled".into(),
        _ if state == "unclear" => {
            "nothing, until `sendoff settle --assume sent` or `unsent` says what became of it".into()
        }
        _ if state == "held" => "nothing: `mode update` holds the row, as it is new".into(),
        _ if state == "absent" => "nothing: the destination does not know it; it is tried again when it changes".into(),
        _ => AT_REST.into(),
    })
}

const AT_REST: &str = "nothing: the destination acknowledged what is wanted";

fn said(action: &str, cause: &str, whole: &Value, owed: &Value) -> String {
    let fields = match (whole, owed) {
        (Value::Bool(true), _) => "every field".to_string(),
        (_, Value::Int(1)) => "1 field".to_string(),
        (_, Value::Int(number)) => format!("{number} fields"),
        _ => "every field".to_string(),
    };
    match action {
        "added" | "changed" => format!("the next run sends {fields} ({})", why(cause)),
        "removed" => "the next run removes it".into(),
        "held_back" => "its removal is held back, since the source holds rows without a key".into(),
        "held" => "the next run holds it, as `mode update` does with new rows".into(),
        "gone" => "it left the source; nothing is sent".into(),
        "drop" => "it left the source and was never acknowledged; its entry is dropped".into(),
        _ => AT_REST.into(),
    }
}

/// The cause in the words of a plan.
fn why(cause: &str) -> &str {
    match cause {
        "remapped" => "newly mapped",
        "resent" => "sent again",
        "retried" => RETRIED,
        other => other,
    }
}

/// Numbers begin anew with each run, and outcomes are merged when it ends: the newest request of that number before the
/// row's last outcome is meant.
fn request(session: &Session<'_>, job: &Job<'_>, entry: &Entry) -> Result<Option<RequestView>, StoreError> {
    let (Some(number), Some(merged)) = (entry.request, entry.merged_at()) else { return Ok(None) };
    let row = session.store.row(&format!(
        "SELECT run, call, method, url, records, status, answer, noted_at FROM {} \
         WHERE number = {number} AND noted_at <= TIMESTAMP {} ORDER BY noted_at DESC LIMIT 1",
        job.ledger.table("request"),
        Sql::text(merged)
    ))?;
    let texts: Vec<Option<String>> = row.iter().map(shown).collect();
    let text = |at: usize| texts.get(at).cloned().flatten().unwrap_or_default();
    Ok((!texts.is_empty()).then(|| RequestView {
        run: text(0),
        call: text(1),
        method: text(2),
        url: text(3),
        records: text(4).parse().unwrap_or_default(),
        status: text(5).parse().ok(),
        answer: text(6),
        at: text(7),
    }))
}
