//! What would be sent, for `plan`: sample requests with their secrets masked.

use std::collections::BTreeMap;

use super::Delivery;
use super::batch::{Load, Rider};
use super::call::{Attempt, masked};
use super::listing::Page;
use super::render::{self, Row};
use super::retry::request;
use super::route::{self, Next};
use crate::ir::delivery::Request;
use crate::ir::offer::Offer;
use crate::ir::secret::MASK;

impl Delivery {
    /// The first requests that these rows would make, in the order of their calls. What cannot be written is left out.
    pub fn sample(&self, offers: &[Offer]) -> Vec<Request> {
        let mut loads: BTreeMap<usize, Load> = BTreeMap::new();
        for offer in offers {
            let Some((call, record)) = self.first_record(offer) else { continue };
            let load = loads.entry(call).or_insert_with(|| Load::new(call));
            if load.len() < self.program.calls[call].records {
                let remote_id = self.program.fields.remote_id(offer).map(str::to_string);
                load.push(Rider::new(offer.clone(), remote_id), &record);
            }
        }
        loads.values().filter_map(|load| self.sample_request(load)).collect()
    }

    fn first_record(&self, offer: &Offer) -> Option<(usize, Vec<u8>)> {
        let steps = self.program.route(offer.kind(), offer.which())?;
        let remote_id = self.program.fields.remote_id(offer);
        let Next::Step(step) = route::first(steps, remote_id.is_some()) else { return None };
        let call = steps[step].call;
        let plan = &self.program.calls[call];
        let mut record = Vec::new();
        if let Some(node) = &plan.record {
            let mut take = Vec::new();
            self.program.fields.choose(offer, plan.send, false, &mut take);
            let row = Row::new(offer, remote_id, &self.program.fields, &take, &plan.scope);
            render::record(&mut record, node, &row).ok()?;
        }
        Some((call, record))
    }

    fn sample_request(&self, load: &Load) -> Option<Request> {
        let call = &self.program.calls[load.call];
        let token = self.program.token.as_ref().map(|_| MASK);
        let attempt = Attempt { nonce: MASK.to_string(), now: MASK.to_string(), token };
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
