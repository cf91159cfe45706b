//! The calls that the rows of an activation can come to, as far as its options say.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use crate::ir::catalog::{Condition, Service, StepAction};
use crate::ir::ident::CallName;
use crate::ir::mode::{ChangeKind, Mode};
use crate::ir::spec::Settings;
use crate::template::{Engine, Scope};

/// `kinds`: of which rows.
pub fn calls(service: &Service, mode: Mode, options: &Settings, kinds: &[ChangeKind]) -> BTreeSet<CallName> {
    let scope = known(service, mode, options);
    let routes = service.routes(mode).unwrap_or_default();
    let mut reached = BTreeSet::new();
    for kind in kinds {
        for route in routes.iter().filter(|route| route.rows.contains(kind)) {
            let taken = route.when.as_ref().map_or(Some(true), |when| truth(when, &scope));
            if taken != Some(false) {
                route.steps.iter().for_each(|step| reach(service, &step.action, &mut reached));
            }
            if taken == Some(true) {
                break;
            }
        }
    }
    reached
}

fn reach(service: &Service, action: &StepAction, reached: &mut BTreeSet<CallName>) {
    let (StepAction::Call(name) | StepAction::Scan(name)) = action;
    let mut open = vec![name.clone()];
    while let Some(name) = open.pop() {
        if let Some(call) = service.calls.get(&name)
            && reached.insert(name)
        {
            open.extend(call.leads_to().cloned());
        }
    }
}

/// What is known before a run.
fn known(service: &Service, mode: Mode, options: &Settings) -> Scope {
    let given = |name: &str| options.plain(name).cloned().unwrap_or(Json::Null);
    let all: Map<String, Json> =
        service.options.iter().map(|option| (option.name.clone(), given(&option.name))).collect();
    Scope::new().with("option", &Json::Object(all)).with("mode", &json!(mode.name()))
}

/// `None` where it hangs on what only a run knows.
fn truth(when: &Condition, scope: &Scope) -> Option<bool> {
    let expression = Engine::strict().expression(&when.0).ok()?;
    let known = expression.names().iter().all(|name| ["option", "mode"].contains(&name.as_str()));
    known.then(|| expression.truth(scope).ok()).flatten()
}
