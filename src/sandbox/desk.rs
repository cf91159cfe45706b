//! `/_sandbox/...`: looking at what came in, and asking for trouble.

use serde::Deserialize;
use serde_json::{Value, json};

use super::log::Log;
use super::{Fault, Incoming, Reply, Sandbox};

#[derive(Deserialize)]
#[serde(untagged)]
enum Faults {
    Many(Vec<Fault>),
    One(Box<Fault>),
}

impl Sandbox {
    pub(super) fn desk(&mut self, route: &str, request: &Incoming) -> Reply {
        match (request.method.as_str(), route) {
            ("GET", "requests") => Reply::text(200, "application/jsonl", self.log.lines()),
            ("DELETE", "requests") => {
                self.log = Log::default();
                done()
            }
            ("GET", route) if route.starts_with("state/") => self.show(&route["state/".len()..]),
            ("GET", route) if route.starts_with("holdings/") => self.list(&route["holdings/".len()..]),
            ("POST", route) if route.starts_with("people/") => self.greet(&route["people/".len()..], &request.body),
            ("POST", "misbehave") => self.order(&request.body),
            ("DELETE", "misbehave") => {
                self.faults.clear();
                done()
            }
            ("POST", "reset") => {
                self.reset();
                done()
            }
            _ => Reply::json(404, &json!({"error": "the desk has no such route"})),
        }
    }

    fn show(&self, name: &str) -> Reply {
        match self.vendors.iter().find(|vendor| vendor.name() == name) {
            Some(vendor) => Reply::json(200, &vendor.state()),
            None => no_vendor(name),
        }
    }

    fn list(&self, name: &str) -> Reply {
        match self.holdings(name) {
            Some(holdings) => Reply::json(200, &json!(holdings)),
            None => no_vendor(name),
        }
    }

    fn greet(&mut self, name: &str, body: &str) -> Reply {
        match serde_json::from_str(body) {
            Ok(people) => match self.meet(name, people) {
                true => done(),
                false => no_vendor(name),
            },
            Err(error) => refused(&error.to_string()),
        }
    }

    fn order(&mut self, body: &str) -> Reply {
        let faults = match serde_json::from_str(body) {
            Ok(Faults::Many(faults)) => faults,
            Ok(Faults::One(fault)) => vec![*fault],
            // An untagged enum tells nothing of what is wrong; a single fault does.
            Err(_) => match serde_json::from_str::<Fault>(body) {
                Ok(fault) => vec![fault],
                Err(error) => return refused(&error.to_string()),
            },
        };
        if let Some(fault) = faults.iter().find(|fault| !self.vendors().any(|name| name == fault.vendor)) {
            return refused(&format!("the sandbox has no vendor `{}`", fault.vendor));
        }
        faults.into_iter().for_each(|fault| self.faults.add(fault));
        done()
    }
}

fn no_vendor(name: &str) -> Reply {
    Reply::json(404, &json!({"error": format!("the sandbox has no vendor `{name}`")}))
}

fn done() -> Reply {
    Reply::json(200, &json!({"done": true}))
}

fn refused(why: &str) -> Reply {
    Reply::json(400, &Value::Object([("error".to_string(), why.into())].into_iter().collect()))
}
