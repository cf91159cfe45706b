//! Who answers: a vendor of the sandbox.

use sendoff::sandbox::{Fault, Holdings, Incoming, Rates, Received, Reply, Sandbox};
use serde_json::{Map, Value};

pub trait Remote: Send {
    fn answer(&mut self, request: &Incoming) -> Reply;
    fn holdings(&self) -> Holdings;
    fn meet(&mut self, people: Vec<Map<String, Value>>);
    fn misbehave(&mut self, fault: Fault);
    /// No fault is left.
    fn behave(&mut self);
    /// Requests so far.
    fn count(&self) -> usize;
    /// What came in from the first of that number on.
    fn received(&self, from: usize) -> Vec<Received>;
}

pub struct OfSandbox {
    sandbox: Sandbox,
    vendor: String,
}

impl OfSandbox {
    pub fn new(vendor: &str) -> OfSandbox {
        OfSandbox { sandbox: Sandbox::new(Rates::AsDocumented), vendor: vendor.into() }
    }
}

impl Remote for OfSandbox {
    fn answer(&mut self, request: &Incoming) -> Reply {
        self.sandbox.answer(request)
    }

    fn holdings(&self) -> Holdings {
        self.sandbox.holdings(&self.vendor).expect("the sandbox has the vendor")
    }

    fn meet(&mut self, people: Vec<Map<String, Value>>) {
        assert!(self.sandbox.meet(&self.vendor, people), "the sandbox has no vendor `{}`", self.vendor);
    }

    fn misbehave(&mut self, fault: Fault) {
        self.sandbox.misbehave(fault);
    }

    fn behave(&mut self) {
        let request = Incoming { method: "DELETE".into(), path: "/_sandbox/misbehave".into(), ..Incoming::default() };
        self.sandbox.answer(&request);
    }

    fn count(&self) -> usize {
        self.sandbox.received().count()
    }

    fn received(&self, from: usize) -> Vec<Received> {
        self.sandbox.received().skip(from).cloned().collect()
    }
}
