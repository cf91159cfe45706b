//! A definition compiled for one activation: its calls for each identifier in use, and the routes through them.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::call::CallPlan;
use super::fields::Fields;
use super::option;
use super::pace::{Credential, Limiters};
use super::readback::ReadbackPlan;
use super::route::{self, StepPlan};
use super::token::{Slot, TokenPlan};
use crate::ir::catalog::{Condition, Destination, Identifier, Repeat, Service, Setting, StepAction};
use crate::ir::ident::CallName;
use crate::ir::mode::{ChangeKind, Mode};
use crate::ir::plan::{PlannedField, PlannedIdentifier};
use crate::ir::secret::Redactor;
use crate::ir::spec::{SettingValue, Settings};
use crate::template::{Engine, Scope};

/// Everything delivery has to know about one activation.
#[derive(Clone, Debug)]
pub struct Setup<'a> {
    pub destination: &'a Destination,
    pub service: &'a Service,
    pub settings: &'a Settings,
    /// In place of the definition's base URL.
    pub base_url: Option<&'a str>,
    /// What stands in for the destination as a whole: its other addresses keep their path and go below this one.
    pub stand_in: Option<&'a str>,
    pub options: &'a Settings,
    pub mode: Mode,
    pub identifiers: &'a [PlannedIdentifier],
    pub identify_all: bool,
    pub fields: &'a [PlannedField],
    pub run: RunFacts,
}

/// What definitions may read of a run.
#[derive(Clone, Debug)]
pub struct RunFacts {
    pub id: String,
    pub full: bool,
    /// Rows owe fields mapped since they were last sent.
    pub remapped: bool,
    /// Rows to send.
    pub rows: u64,
    pub now: Timestamp,
}

/// What preparation found out before the first row.
#[derive(Clone, Debug, Default)]
pub struct Prepared {
    /// By the name of the preparation: what it gives.
    pub things: serde_json::Map<String, Json>,
    /// By name of the custom attribute: its id in the account.
    pub known: BTreeMap<String, String>,
    /// Requests it took.
    pub requests: u64,
}

#[derive(Debug)]
pub struct Program {
    pub calls: Vec<CallPlan>,
    index: HashMap<(CallName, usize), usize>,
    routes: BTreeMap<(ChangeKind, usize), Vec<StepPlan>>,
    pub fields: Fields,
    pub token: Option<TokenPlan>,
    pub readback: Option<ReadbackPlan>,
    pub mode: Mode,
}

impl Program {
    pub fn new(
        setup: &Setup<'_>,
        prepared: &Prepared,
        limiters: &Limiters,
        redactor: &Redactor,
    ) -> Result<Program, String> {
        let scope = base_scope(setup, prepared);
        check_prepared(setup, prepared, &scope)?;
        let known = |name: &str| prepared.known.get(name).cloned();
        let fields = Fields::new(setup.service, setup.mode, setup.identifiers, setup.fields, known)?;
        let base = base_url(setup, &scope)?;
        let credential = Credential::new(&base, setup.settings.secrets());
        let token = token(setup, &scope, limiters.token(credential), redactor)?;
        let mut program = Program {
            calls: Vec::new(),
            index: HashMap::new(),
            routes: BTreeMap::new(),
            fields,
            token,
            readback: ReadbackPlan::new(setup, &scope)?,
            mode: setup.mode,
        };
        let ground = Ground { setup, limiters, credential, base: &base, redactor };
        for which in 0..setup.identifiers.len() {
            let scope = scope.with("identifier", &identifier_facts(setup, which));
            program.add_identifier(&ground, which, &scope)?;
            program.add_jobs(&ground, which, &scope);
            for call in setup.service.readback.iter().flat_map(|readback| readback.find.iter().chain([&readback.call]))
            {
                program.add_call(&ground, call, which, &scope)?;
            }
        }
        Ok(program)
    }

    /// Calls only, compiled as they are needed: for preparation.
    pub fn bare(setup: &Setup<'_>, scope: &Scope, held: Slot, redactor: &Redactor) -> Result<Program, String> {
        let token = token(setup, scope, held, redactor)?;
        Ok(Program {
            calls: Vec::new(),
            index: HashMap::new(),
            routes: BTreeMap::new(),
            fields: Fields::none(),
            token,
            readback: None,
            mode: setup.mode,
        })
    }

    /// Whether rows may be marked before their request's turn: after a crash they repeat, or are looked for.
    pub fn marks_ahead(&self) -> bool {
        self.calls.iter().all(|call| !call.writes || call.repeat != Repeat::Never)
    }

    /// Requests that each of its calls may have in flight. One where a request waits for what others found.
    pub fn in_flight(&self) -> usize {
        let alone = self.readback.is_some() || self.calls.iter().any(|call| call.scan.is_some());
        let least = self.calls.iter().map(|call| call.in_flight).min();
        least.filter(|_| !alone).unwrap_or(1)
    }

    /// Records of the call that takes the most.
    pub fn largest_batch(&self) -> usize {
        self.calls.iter().map(|call| call.records).max().unwrap_or(1)
    }

    pub fn route(&self, kind: ChangeKind, which: usize) -> Option<&[StepPlan]> {
        self.routes.get(&(kind, which)).map(Vec::as_slice)
    }

    pub fn call(&self, name: &CallName, which: usize) -> Option<usize> {
        self.index.get(&(name.clone(), which)).copied()
    }

    fn add_identifier(&mut self, ground: &Ground<'_>, which: usize, scope: &Scope) -> Result<(), String> {
        let routes = ground.setup.service.routes(ground.setup.mode);
        let routes = routes.ok_or_else(|| format!("the service has no mode `{}`", ground.setup.mode.name()))?;
        for kind in ChangeKind::ALL {
            let Some(taken) = route::choose(routes, kind, scope)? else { continue };
            let mut steps = Vec::with_capacity(taken.steps.len());
            for step in &taken.steps {
                let call = match &step.action {
                    StepAction::Call(name) => self.add_call(ground, name, which, scope)?,
                    StepAction::Scan(name) => self.add_scan(ground, name, which, scope)?,
                };
                steps.push(StepPlan { call, after: step.after.clone(), lacks_remote_id: step.lacks_remote_id });
            }
            self.routes.insert((kind, which), steps);
        }
        Ok(())
    }

    /// A listing that records are looked up in. The same one serves every route.
    fn add_scan(&mut self, ground: &Ground<'_>, name: &CallName, which: usize, scope: &Scope) -> Result<usize, String> {
        let at = self.add_call(ground, name, which, scope)?;
        if self.calls[at].scan.is_none() {
            let call = ground.setup.service.calls.get(name).ok_or_else(|| format!("there is no call `{name}`"))?;
            let plan = CallPlan::new(call, which, scope, ground, &self.fields).and_then(|plan| plan.scanning(call));
            self.calls[at] = plan.map_err(|error| format!("call `{name}`: {error}"))?;
        }
        Ok(at)
    }

    /// Calls that submit jobs, whatever the routes of this run: an earlier run may have taken others, and its rows wait. Jobs of
    /// a call that cannot be compiled any more wait on.
    fn add_jobs(&mut self, ground: &Ground<'_>, which: usize, scope: &Scope) {
        for call in ground.setup.service.calls.values().filter(|call| call.job.is_some()) {
            if let Err(error) = self.add_call(ground, &call.name, which, scope) {
                tracing::debug!(call = %call.name, error, "jobs of this call cannot be asked after");
            }
        }
    }

    /// Compiles a call and those it leads to: its look-up, its job's poll, its result file.
    fn add_call(&mut self, ground: &Ground<'_>, name: &CallName, which: usize, scope: &Scope) -> Result<usize, String> {
        if let Some(&known) = self.index.get(&(name.clone(), which)) {
            return Ok(known);
        }
        let call = ground.setup.service.calls.get(name).ok_or_else(|| format!("there is no call `{name}`"))?;
        let plan = CallPlan::new(call, which, scope, ground, &self.fields)
            .map_err(|error| format!("call `{name}`: {error}"))?;
        self.calls.push(plan);
        let at = self.calls.len() - 1;
        self.index.insert((name.clone(), which), at);
        for led_to in call.leads_to() {
            self.add_call(ground, led_to, which, scope)?;
        }
        Ok(at)
    }
}

/// What calls are compiled from.
pub struct Ground<'a> {
    pub setup: &'a Setup<'a>,
    pub limiters: &'a Limiters,
    pub credential: Credential,
    pub base: &'a str,
    pub redactor: &'a Redactor,
}

fn token(setup: &Setup<'_>, scope: &Scope, held: Slot, redactor: &Redactor) -> Result<Option<TokenPlan>, String> {
    match &setup.destination.token {
        Some(token) => TokenPlan::new(token, scope, held, setup.stand_in, redactor),
        None => Ok(None),
    }
}

/// What the definition prepares must have been prepared: a path with a gap would be another path.
fn check_prepared(setup: &Setup<'_>, prepared: &Prepared, scope: &Scope) -> Result<(), String> {
    for thing in &setup.service.prepare {
        if holds(thing.when.as_ref(), scope)? && !prepared.things.contains_key(&thing.name) {
            return Err(format!("`{}` is not prepared", thing.name));
        }
    }
    let knows = setup.service.custom.as_ref().is_some_and(|custom| custom.known.is_some());
    let missing = setup.fields.iter().find(|field| knows && field.custom && !prepared.known.contains_key(&field.name));
    missing.map_or(Ok(()), |field| Err(format!("custom attribute `{}` is not prepared", field.name)))
}

pub fn base_scope(setup: &Setup<'_>, prepared: &Prepared) -> Scope {
    let run = &setup.run;
    let facts = json!({
        "id": run.id, "full": run.full, "remapped": run.remapped, "rows": run.rows, "now": run.now.to_string(),
    });
    Scope::new()
        .with("setting", &filled(&setup.destination.settings, setup.settings))
        .with("option", &filled(&setup.service.options, setup.options))
        .with("mode", &json!(setup.mode.name()))
        .with("run", &facts)
        .with("prepared", &Json::Object(prepared.things.clone()))
        .with("version", &json!(env!("CARGO_PKG_VERSION")))
        .with("token", &Json::Null)
}

/// Every declared setting, so that one that is not given is none and not an error.
fn filled(declared: &[Setting], given: &Settings) -> Json {
    let mut all: serde_json::Map<String, Json> =
        declared.iter().map(|setting| (setting.name.clone(), setting.default.clone().unwrap_or(Json::Null))).collect();
    for (name, value) in &given.0 {
        match value {
            SettingValue::Plain(value) => {
                let known = declared.iter().find(|setting| setting.name == *name);
                all.insert(name.clone(), known.map_or_else(|| value.clone(), |known| option::completed(known, value)))
            }
            SettingValue::Secret(secret) => all.insert(name.clone(), secret.reveal_json()),
            SettingValue::Unset => all.insert(name.clone(), Json::Null),
        };
    }
    Json::Object(all)
}

pub fn base_url(setup: &Setup<'_>, scope: &Scope) -> Result<String, String> {
    let base = match setup.base_url {
        Some(base) => base.to_string(),
        None => {
            let text = Engine::strict().text(&setup.destination.base_url).map_err(|error| error.to_string())?;
            text.text(scope).map_err(|error| format!("`base_url`: {error}"))?.unwrap_or_default()
        }
    };
    Ok(base.trim_end_matches('/').to_string())
}

/// An address that is not below `base_url`, such as that of the token call. What the stand-in itself said stays as it is.
pub fn rerouted(url: String, stand_in: Option<&str>) -> String {
    let host =
        |url: &str| url.split_once("://").map(|(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or_default().len());
    let (Some(stand_in), Some(length)) = (stand_in, host(&url)) else { return url };
    let end = url.find("://").unwrap_or_default() + 3 + length;
    match stand_in.starts_with(&url[..end]) {
        true => url,
        false => format!("{}{}", stand_in.trim_end_matches('/'), &url[end..]),
    }
}

pub fn identifier_facts(setup: &Setup<'_>, which: usize) -> Json {
    let planned = &setup.identifiers[which];
    let mut facts = facts_of(&planned.name, setup.service.identifier(&planned.name));
    if let (Some(id), Json::Object(facts)) = (&planned.id, &mut facts) {
        facts.insert("id".to_string(), json!(id));
    }
    facts
}

/// What expressions read of an identifier.
pub fn facts_of(name: &str, definition: Option<&Identifier>) -> Json {
    let mut facts: serde_json::Map<String, Json> =
        definition.into_iter().flat_map(|identifier| identifier.extra.clone()).collect();
    facts.insert("name".to_string(), json!(name));
    facts.insert("remote_id".to_string(), json!(definition.is_some_and(|identifier| identifier.remote_id)));
    Json::Object(facts)
}

/// Whether a condition on what is known beforehand holds.
pub fn holds(condition: Option<&Condition>, scope: &Scope) -> Result<bool, String> {
    let Some(condition) = condition else { return Ok(true) };
    let expression = Engine::strict().expression(&condition.0);
    expression.and_then(|expression| expression.truth(scope)).map_err(|error| format!("`{}`: {error}", condition.0))
}

#[cfg(test)]
mod tests {
    use super::rerouted;

    #[test]
    fn addresses_keep_their_path_below_a_stand_in() {
        let cases = [
            (
                "https://auth.acme.example/oauth2/token?a=b",
                Some("http://sandbox/acme"),
                "http://sandbox/acme/oauth2/token?a=b",
            ),
            ("http://sandbox/acme/files/1", Some("http://sandbox/acme"), "http://sandbox/acme/files/1"),
            ("https://acme.example", Some("http://127.0.0.1:4010/acme/"), "http://127.0.0.1:4010/acme"),
            ("https://acme.example/x", None, "https://acme.example/x"),
        ];
        for (url, stand_in, expected) in cases {
            assert_eq!(rerouted(url.to_string(), stand_in), expected);
        }
    }
}
