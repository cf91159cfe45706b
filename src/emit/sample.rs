//! What would be sent, for `plan`: sample requests with their secrets masked.

use std::collections::BTreeMap;

use serde_json::json;

use super::Delivery;
use super::batch::{Load, Rider};
use super::call::{Attempt, masked};
use super::listing::Page;
use super::render::{self, Row};
use super::retry::request;
use super::route::{self, Next, StepPlan};
use crate::ir::delivery::Request;
use crate::ir::offer::Offer;
use crate::ir::secret::MASK;

impl Delivery {
    /// The first requests that these rows would make, in the order of their calls. What cannot be written is left out.
    pub fn sample(&self, offers: &[Offer]) -> Vec<Request> {
        self.written(offers.iter().filter_map(|offer| Some((offer, self.first(offer)?))), 1)
    }

    /// Every request that these rows make, and those that they may come to by the answers, as far as they can be written
    /// without one.
    pub fn possible(&self, offers: &[Offer]) -> Vec<Request> {
        let first = offers.iter().filter_map(|offer| Some((offer, self.first(offer)?)));
        let later = |offer| {
            let calls = self.steps(offer).iter().map(|step| step.call);
            calls.filter(move |call| Some(*call) != self.first(offer)).map(move |call| (offer, call))
        };
        let mut requests = self.written(first, usize::MAX);
        requests.extend(self.written(offers.iter().flat_map(later), usize::MAX));
        requests
    }

    /// The call that a row begins with.
    fn first(&self, offer: &Offer) -> Option<usize> {
        let steps = self.steps(offer);
        match route::first(steps, self.program.fields.remote_id(offer).is_some()) {
            Next::Step(step) => Some(steps[step].call),
            Next::End(_) => None,
        }
    }

    fn steps(&self, offer: &Offer) -> &[StepPlan] {
        self.program.route(offer.kind(), offer.which()).unwrap_or_default()
    }

    /// At most `most` of each call.
    fn written<'a>(&self, ways: impl Iterator<Item = (&'a Offer, usize)>, most: usize) -> Vec<Request> {
        let mut loads: BTreeMap<usize, Vec<Load>> = BTreeMap::new();
        for (offer, call) in ways {
            let Some(record) = self.record(offer, call) else { continue };
            let loads = loads.entry(call).or_default();
            let full = loads.last().is_none_or(|load| load.len() >= self.program.calls[call].records);
            if full && loads.len() < most {
                loads.push(Load::new(call));
            } else if full {
                continue;
            }
            if let Some(load) = loads.last_mut() {
                let remote_id = self.program.fields.remote_id(offer).map(str::to_string);
                load.push(Rider::new(offer.clone(), remote_id), &record);
            }
        }
        loads.values().flatten().filter_map(|load| self.sample_request(load)).collect()
    }

    fn record(&self, offer: &Offer, call: usize) -> Option<Vec<u8>> {
        let remote_id = self.program.fields.remote_id(offer);
        let plan = &self.program.calls[call];
        let mut record = Vec::new();
        if let Some(node) = &plan.record {
            let mut take = Vec::new();
            self.program.fields.choose(offer, plan.send, false, &mut take);
            let row = Row::new(offer, remote_id, &self.program.fields, &take, &plan.scope);
            render::record(&mut record, node, &row).ok()?;
        }
        Some(record)
    }

    fn sample_request(&self, load: &Load) -> Option<Request> {
        let call = &self.program.calls[load.call];
        let token = self.program.token.as_ref().map(|_| MASK);
        let attempt = Attempt { facts: Some(json!({"nonce": MASK, "now": MASK})), token };
        let scope = match call.scan {
            Some(_) => call.scope.with("page", &Page::default().facts()),
            None => call.scope.clone(),
        };
        let request = request(&self.program.fields, call, &scope, load, &attempt).ok()?;
        let request = masked(request);
        let clean = |text: &str| self.redactor.scrub(text);
        let headers = request.headers.iter().map(|(name, value)| (name.clone(), clean(value))).collect();
        Some(Request { url: clean(&request.url), body: request.body.as_deref().map(clean), headers, ..request })
    }
}
