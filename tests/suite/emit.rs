//! `tests/golden/emit/<vendor>/<service>/<case>.yaml`: rows, settings and the vendor's answers; after `---`, what happened.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use sendoff::catalog::{DefinitionFile, builtin, read};
use sendoff::emit::{
    Delivery, Depth, Journal, Limiters, Note, Notes, Prepared, RunFacts, Setup, StopSignal, judge_example, prepare,
};
use sendoff::ir::catalog::{Catalog, Destination, Service};
use sendoff::ir::delivery::{DeltaRow, Halt, HttpError, JobId, OpenJob, Outcome, Response};
use sendoff::ir::mode::{ChangeKind, Mode, Verdict};
use sendoff::ir::offer::{Alone, Offer};
use sendoff::ir::plan::{LedgerColumn, PlannedField, PlannedIdentifier, Sql};
use sendoff::ir::secret::{Redactor, Secret};
use sendoff::ir::span::FileId;
use sendoff::ir::spec::{SettingValue, Settings};
use sendoff::ir::value::Value;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use tokio::sync::mpsc;

use crate::common::scripted::{Answer, Scripted};

const START: &str = "2026-01-31T09:00:00Z";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default)]
    #[allow(unused)]
    about: String,
    #[serde(default)]
    settings: BTreeMap<String, Json>,
    #[serde(default)]
    options: BTreeMap<String, Json>,
    mode: String,
    identify: Vec<String>,
    #[serde(default)]
    identify_all: bool,
    #[serde(default)]
    fields: Vec<Field>,
    #[serde(default)]
    run: Run,
    #[serde(default)]
    rows: Vec<Row>,
    /// Instead of offering the rows: they wait for this job.
    job: Option<Job>,
    #[serde(default)]
    answers: Vec<Answered>,
    /// Show the headers of requests.
    #[serde(default)]
    headers: bool,
    /// A guard fires when so many requests have left.
    stop_after: Option<u64>,
    /// Only the sample requests of a plan.
    #[serde(default)]
    sample: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    name: String,
    custom: Option<String>,
    #[serde(default)]
    clear: bool,
    #[serde(default)]
    sql_type: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Run {
    #[serde(default)]
    full: bool,
    #[serde(default)]
    remapped: bool,
    #[serde(default)]
    rows: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    kind: String,
    id: Ids,
    #[serde(default)]
    values: Vec<Json>,
    /// Names of the fields owed; all of them where it is not said.
    owed: Option<Vec<String>>,
    #[serde(default)]
    whole: bool,
    remote_id: Option<String>,
    #[serde(default)]
    look_first: bool,
    /// So many rows of this kind, `#` in the id replaced by a number.
    times: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Ids {
    One(String),
    Some(Vec<Option<String>>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Job {
    call: String,
    id: String,
    #[serde(default)]
    age: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    #[serde(default)]
    to: String,
    #[serde(default)]
    again: bool,
    #[serde(default)]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Json,
    lost: Option<String>,
    unreached: Option<String>,
}

#[test]
fn emit_golden() {
    let catalog = catalog();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/emit");
    let mut wrong = Vec::new();
    let only = std::env::var("CASE").unwrap_or_default();
    for path in cases(&root).into_iter().filter(|path| path.display().to_string().contains(&only)) {
        let text = fs::read_to_string(&path).expect("a case can be read");
        let (input, expected) = text.split_once("\n---\n").unwrap_or((text.as_str(), ""));
        let found = serde_yaml::to_string(&run(&catalog, &root, &path, input)).expect("YAML");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, format!("{}\n---\n{found}", input.trim_end())).expect("a case can be written");
        } else if found != expected {
            let diff = similar::TextDiff::from_lines(expected, found.as_str());
            wrong.push(format!("{}\n{}", path.display(), diff.unified_diff().context_radius(3)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn examples_of_definitions_are_read_as_they_say() {
    let mut wrong = Vec::new();
    for destination in catalog().destinations.values() {
        for service in &destination.services {
            for (name, call) in &service.calls {
                for example in &call.examples {
                    if let Err(error) = judge_example(destination, service, call, example) {
                        wrong.push(format!("{} {} {name} `{}`: {error}", destination.kind, service.name, example.name));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn cases(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of cases").flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => found.extend(cases(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

/// The product's definitions and the made-up vendors that have cases here.
fn catalog() -> Catalog {
    let mut files: Vec<(String, String)> =
        builtin().into_iter().map(|(path, text)| (path.to_string(), text.to_string())).collect();
    let vendors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vendors");
    let cased = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/emit");
    for path in cases(&vendors) {
        let relative = path.strip_prefix(&vendors).expect("below the folder").display().to_string();
        if !relative.split('/').next().is_some_and(|kind| cased.join(kind).is_dir()) {
            continue;
        }
        files.push((format!("destinations/{relative}"), fs::read_to_string(&path).expect("a definition can be read")));
    }
    let files: Vec<DefinitionFile> = files
        .into_iter()
        .enumerate()
        .map(|(at, (path, text))| DefinitionFile { file: FileId(at as u32), path, text })
        .collect();
    let (catalog, problems) = read(&files);
    let told: Vec<String> = problems.0.iter().map(|problem| format!("{problem:?}")).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
    catalog
}

fn run(catalog: &Catalog, root: &Path, path: &Path, input: &str) -> Json {
    let case: Case = serde_yaml::from_str(input).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let parts: Vec<_> =
        path.strip_prefix(root).expect("below the folder").iter().map(|part| part.to_string_lossy()).collect();
    let kind = parts[0].as_ref().into();
    let destination = catalog.destinations.get(&kind).expect("the folder is a destination");
    let service = destination.service(&parts[1]).expect("the folder is a service");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    match runtime.block_on(happened(&case, destination, service)) {
        Ok(log) => log,
        Err(error) => json!({"error": error}),
    }
}

type Log = Arc<Mutex<Vec<Json>>>;

async fn happened(case: &Case, destination: &Destination, service: &Service) -> Result<Json, String> {
    let log = Log::default();
    let stop = StopSignal::default();
    let world = world(case, &log, &stop);
    let (settings, options) = (filled(&case.settings, destination), plain(&case.options));
    let identifiers: Vec<PlannedIdentifier> = case.identify.iter().map(|name| planned_identifier(name)).collect();
    let fields: Vec<PlannedField> = case.fields.iter().map(|field| planned(service, field)).collect();
    let rows = case.run.rows.max(case.rows.len() as u64);
    let facts = RunFacts {
        id: "run-1".to_string(),
        full: case.run.full,
        remapped: case.run.remapped,
        rows,
        now: START.parse().expect("a time"),
    };
    let setup = Setup {
        destination,
        service,
        settings: &settings,
        base_url: None,
        stand_in: None,
        options: &options,
        mode: Mode::parse(&case.mode).expect("a mode"),
        identifiers: &identifiers,
        identify_all: case.identify_all,
        fields: &fields,
        run: facts,
    };
    let redactor = Redactor::new(settings.secrets().cloned());
    let limiters = Limiters::default();
    let prepared = match prepared(case, &setup, &limiters, &redactor, &world, &log).await {
        Ok(prepared) => prepared,
        Err(halt) => {
            return Ok(
                json!({"halt": format!("{halt:?}"), "log": std::mem::take(&mut *log.lock().expect("not poisoned"))}),
            );
        }
    };
    let delivery = Arc::new(Delivery::new(&setup, &prepared, &limiters, redactor)?);
    let offers = offers(case, &fields);
    if case.sample {
        let requests = delivery.sample(&offers);
        return Ok(json!(requests.iter().map(|request| shown(request, true)).collect::<Vec<_>>()));
    }
    let names: BTreeMap<u64, String> = offers.iter().map(|offer| (offer.row().0, name(offer))).collect();
    let (journal, notes) = Journal::new(16);
    let ending = async {
        let ending = match &case.job {
            Some(job) => {
                let id = JobId { call: job.call.as_str().into(), id: job.id.clone() };
                let (send, receive) = mpsc::channel(1);
                send.send(OpenJob { job: id, age_s: job.age, offers: offers.clone() }).await.expect("someone listens");
                drop(send);
                delivery.settle(&world, receive, &journal, &stop).await
            }
            None => {
                let (send, receive) = mpsc::channel(1);
                let feed = async move {
                    for chunk in offers.chunks(50) {
                        if send.send(chunk.to_vec()).await.is_err() {
                            break;
                        }
                    }
                };
                let lanes = delivery.lanes(&world, 0);
                futures::join!(lanes.deliver(receive, &journal, &stop), feed).0
            }
        };
        drop(journal);
        ending
    };
    let (ending, ()) = futures::join!(ending, listen(notes, &names, &log));
    let mut log = std::mem::take(&mut *log.lock().expect("not poisoned"));
    log.push(json!({"end": {"requests": ending.requests, "halt": ending.halt.map(|halt| format!("{halt:?}")), "running": ending.running, "answers_left": world.left()}}));
    Ok(Json::Array(log))
}

async fn prepared(
    case: &Case,
    setup: &Setup<'_>,
    limiters: &Limiters,
    redactor: &Redactor,
    world: &Scripted,
    log: &Log,
) -> Result<Prepared, Halt> {
    let (journal, notes) = Journal::new(16);
    let depth = if case.sample { Depth::Look } else { Depth::Create };
    let work = async {
        // Gone when it is done: nothing is to be heard any more.
        let journal = journal;
        prepare(setup, limiters, redactor.clone(), world, &journal, &StopSignal::default(), depth).await
    };
    let nobody = BTreeMap::new();
    let (made, ()) = futures::join!(work, listen(notes, &nobody, log));
    let made = made?;
    if !made.created.is_empty() || !made.unseen.is_empty() {
        log.lock().expect("not poisoned").push(json!({"created": made.created, "unseen": made.unseen}));
    }
    Ok(made.prepared)
}

async fn listen(mut notes: Notes, names: &BTreeMap<u64, String>, log: &Log) {
    let mut listing: BTreeMap<String, String> = BTreeMap::new();
    while let Some(note) = notes.next().await {
        let entry = match note {
            Note::InFlight { rows, alone, ack, .. } => {
                ack.send(true).expect("someone waits for it");
                let rows = counted(rows.iter().map(|row| names[&row.0].clone()).collect());
                json!({"mark": rows, "alone": alone})
            }
            Note::Spared(rows) => {
                json!({"spared": counted(rows.iter().map(|row| names[&row.0].clone()).collect())})
            }
            Note::Answered(note) => {
                let answer: String = note.answer.chars().take(60).collect();
                json!({"answer": note.status, "of": note.number, "url": note.url, "text": answer})
            }
            Note::Listed { page, ack } => {
                ack.send(true).expect("someone waits for it");
                let told = json!({"listed": page.items, "last": page.last});
                listing.extend(page.items);
                told
            }
            Note::LookUp { rows, tell, .. } => {
                let found = |row: &DeltaRow| listing.get(&names[&row.0]).cloned();
                tell.send(rows.iter().map(found).collect()).expect("someone waits for it");
                json!({"look_up": counted(rows.iter().map(|row| names[&row.0].clone()).collect())})
            }
            Note::Outcomes(outcomes) => {
                json!({"outcomes": counted(outcomes.iter().map(|outcome| told(outcome, names)).collect())})
            }
        };
        log.lock().expect("not poisoned").push(entry);
    }
}

/// Long lists are shown by their ends.
fn counted(mut list: Vec<String>) -> Vec<String> {
    if list.len() > 8 {
        let middle = format!("... {} more", list.len() - 4);
        list.splice(2..list.len() - 2, [middle]);
    }
    list
}

fn told(outcome: &Outcome, names: &BTreeMap<u64, String>) -> String {
    let mut text = format!("{} {}", names[&outcome.row.0], outcome.verdict.name());
    let mut add = |yes: bool, word: String| {
        if yes {
            text.push(' ');
            text.push_str(&word);
        }
    };
    add(outcome.warning, "warning".to_string());
    add(outcome.verdict != Verdict::Pending && outcome.sent_all, "sent_all".to_string());
    add(outcome.unsent, "unsent".to_string());
    add(!outcome.refused.is_empty(), format!("refused={:?}", outcome.refused));
    add(outcome.remote_id.is_some(), format!("remote_id={}", outcome.remote_id.clone().unwrap_or_default()));
    add(
        outcome.job.is_some(),
        format!("job={:?}", outcome.job.as_ref().map(|job| (job.call.as_str(), job.id.as_str()))),
    );
    add(outcome.reason.is_some(), format!("({})", outcome.reason.clone().unwrap_or_default()));
    text
}

fn world(case: &Case, log: &Log, stop: &StopSignal) -> Scripted {
    let answers = case.answers.iter().map(|answered| {
        let body = match &answered.body {
            Json::Null => String::new(),
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        let headers = answered.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
        let answer = match (&answered.lost, &answered.unreached) {
            (Some(error), _) => Err(HttpError::Lost(error.clone())),
            (_, Some(error)) => Err(HttpError::Unreached(error.clone())),
            _ => Ok(Response { status: answered.status, headers, body }),
        };
        Answer { to: answered.to.clone(), again: answered.again, answer }
    });
    let (log, headers, stop, stop_after) = (log.clone(), case.headers, stop.clone(), case.stop_after);
    let sent = AtomicU64::new(0);
    Scripted::new(START, answers.collect(), move |at, request| {
        let mut entry = shown(request, headers);
        entry["at"] = json!(format!("{:.3}s", at.as_secs_f64()));
        log.lock().expect("not poisoned").push(entry);
        if Some(sent.fetch_add(1, Ordering::Relaxed) + 1) == stop_after {
            stop.stop(Halt::Guard("rejected > 10%".to_string()));
        }
    })
}

fn shown(request: &sendoff::ir::delivery::Request, headers: bool) -> Json {
    let body = request.body.clone().map(|body| match body.len() > 1500 {
        true => format!("{}... {} bytes", &body[..120], body.len()),
        false => body,
    });
    let mut entry = json!({"send": format!("{} {}", request.method, request.url)});
    if let Some(body) = body {
        entry["body"] = json!(body);
    }
    if headers {
        entry["headers"] = request.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    }
    entry
}

fn filled(given: &BTreeMap<String, Json>, destination: &Destination) -> Settings {
    let secret = |name: &str| destination.settings.iter().any(|setting| setting.secret && setting.name == name);
    let filled = given.iter().map(|(name, value)| match value {
        Json::String(text) if secret(name) => (name.clone(), SettingValue::Secret(Secret::new(text))),
        value => (name.clone(), SettingValue::Plain(value.clone())),
    });
    Settings(filled.collect())
}

fn plain(given: &BTreeMap<String, Json>) -> Settings {
    Settings(given.iter().map(|(name, value)| (name.clone(), SettingValue::Plain(value.clone()))).collect())
}

fn planned_identifier(name: &str) -> PlannedIdentifier {
    PlannedIdentifier {
        name: name.to_string(),
        id: None,
        sql: Sql::name(name),
        normalise: Vec::new(),
        unfit: Vec::new(),
    }
}

fn planned(service: &Service, field: &Field) -> PlannedField {
    let custom = field.custom.as_ref().map(|word| {
        let types = &service.custom.as_ref().expect("the service has custom attributes").types;
        types.iter().find(|known| known.word == *word).expect("a custom type").placement.clone()
    });
    let placement = custom.unwrap_or_else(|| service.field(&field.name).expect("a field").placement.clone());
    PlannedField {
        name: field.name.clone(),
        custom: field.custom.is_some(),
        create: true,
        placement,
        sql: Sql::name(&field.name),
        sql_type: field.sql_type.clone(),
        unfit: Vec::new(),
        clear: field.clear,
        required_on_create: false,
        column: LedgerColumn { position: 1, sql_type: None, since: 1, fresh: true },
    }
}

fn offers(case: &Case, fields: &[PlannedField]) -> Vec<Offer> {
    let mut offers = Vec::new();
    for row in &case.rows {
        for number in 0..row.times.unwrap_or(1) {
            let at = offers.len() as u64 + 1;
            offers.push(offer(row, at, number, fields));
        }
    }
    offers
}

fn offer(row: &Row, at: u64, number: u64, fields: &[PlannedField]) -> Offer {
    let numbered = |text: &str| text.replace('#', &number.to_string());
    let identifiers: Vec<Option<String>> = match &row.id {
        Ids::One(id) => vec![Some(numbered(id))],
        Ids::Some(ids) => ids.iter().map(|id| id.as_deref().map(numbered)).collect(),
    };
    let owed = |field: &PlannedField| row.owed.as_ref().is_none_or(|owed| owed.contains(&field.name));
    let values = (0..fields.len()).map(|at| row.values.get(at).map_or(Value::Null, value));
    Offer::alone(Alone {
        row: DeltaRow(at),
        kind: ChangeKind::parse(&row.kind).expect("a kind of change"),
        which: identifiers.iter().position(Option::is_some).expect("an identifier"),
        identifiers,
        values: values.collect(),
        owed: fields.iter().map(owed).collect(),
        whole: row.whole,
        remote_id: row.remote_id.clone(),
        look_first: row.look_first,
    })
}

fn name(offer: &Offer) -> String {
    offer.identified_by().to_string()
}

/// `{$date: ...}`, `{$timestamp: ...}` and `{$decimal: ...}` are what YAML has no word for.
fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(yes) => Value::Bool(*yes),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole.into()),
            None => Value::Float(number.as_f64().expect("a number")),
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(members) => match members.iter().next().map(|(name, value)| (name.as_str(), value.as_str())) {
            Some(("$date", Some(text))) => {
                let date: jiff::civil::Date = text.parse().expect("a date");
                let since = date.since(jiff::civil::date(1970, 1, 1)).expect("days");
                Value::Date(since.get_days())
            }
            Some(("$timestamp", Some(text))) => {
                Value::Timestamp(text.parse::<jiff::Timestamp>().expect("a timestamp").as_microsecond())
            }
            Some(("$decimal", Some(text))) => Value::Decimal(text.to_string()),
            _ => Value::Struct(members.iter().map(|(name, member)| (name.clone(), value(member))).collect()),
        },
    }
}
