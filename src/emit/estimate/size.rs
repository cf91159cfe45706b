//! How many records fill a request: by count, and by bytes, which some of the records tell.

use std::collections::{BTreeMap, BTreeSet};

use super::ways::Way;
use crate::emit::batch::ENVELOPE;
use crate::emit::call::CallPlan;
use crate::emit::program::Program;
use crate::emit::render::{self, Row};
use crate::ir::change::Cohort;
use crate::ir::mode::ChangeKind;
use crate::ir::offer::Offer;

/// Stands for an id that only a look-up will tell; digits, since some destinations want a number.
const SOME_ID: &str = "1000000000";

/// How far the mean of a sample may be from that of all records.
const DOUBT: f64 = 0.05;

/// Records in a full request. A listing takes any number: it is read once, page by page.
#[derive(Clone, Copy, Debug)]
pub struct Full {
    pub least: u64,
    pub usual: u64,
    pub most: u64,
    /// Bytes of a record; 0 where it has none of its own, or none could be looked at.
    pub record_bytes: f64,
}

/// Mean bytes of a record, by call.
#[derive(Debug, Default)]
pub struct Sizes(BTreeMap<usize, f64>);

impl Sizes {
    pub fn of(program: &Program, cohorts: &[(Cohort, Vec<Way>)], sample: &[Offer]) -> Sizes {
        let rendered = rendered(program, cohorts, sample);
        let mut weighed: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
        for (cohort, ways) in cohorts {
            for &call in ways.iter().flatten().collect::<BTreeSet<_>>() {
                let Some(&(bytes, records)) = rendered.get(&(call, cohort.kind)) else { continue };
                let (sum, rows) = weighed.entry(call).or_default();
                *sum += cohort.rows as f64 * bytes as f64 / records as f64;
                *rows += cohort.rows as f64;
            }
        }
        Sizes(weighed.into_iter().map(|(call, (sum, rows))| (call, sum / rows)).collect())
    }

    pub fn full(&self, call: usize, plan: &CallPlan) -> Full {
        if plan.scan.is_some() {
            return Full { least: u64::MAX, usual: u64::MAX, most: u64::MAX, record_bytes: 0.0 };
        }
        let record_bytes = self.0.get(&call).copied().unwrap_or_default();
        let room = plan.bytes.map(|bytes| bytes.saturating_sub(ENVELOPE) as f64);
        let fit = |doubt: f64| match room.filter(|_| record_bytes > 0.0) {
            Some(room) => ((room / (record_bytes * doubt + 1.0)) as u64).clamp(1, plan.records as u64),
            None => plan.records as u64,
        };
        Full { least: fit(1.0 + DOUBT), usual: fit(1.0), most: fit(1.0 - DOUBT), record_bytes }
    }
}

/// Bytes and number of the sample's records, by call and kind of change.
fn rendered(
    program: &Program,
    cohorts: &[(Cohort, Vec<Way>)],
    sample: &[Offer],
) -> BTreeMap<(usize, ChangeKind), (usize, usize)> {
    let mut rendered: BTreeMap<(usize, ChangeKind), (usize, usize)> = BTreeMap::new();
    let mut text = Vec::new();
    for offer in sample {
        let same = |cohort: &Cohort| (cohort.kind, cohort.which) == (offer.kind(), offer.which());
        let ways = cohorts.iter().filter(|(cohort, _)| same(cohort)).flat_map(|(_, ways)| ways);
        for &call in ways.flatten().collect::<BTreeSet<_>>() {
            text.clear();
            if write(program, &program.calls[call], offer, &mut text).is_some() {
                let (bytes, records) = rendered.entry((call, offer.kind())).or_default();
                *bytes += text.len();
                *records += 1;
            }
        }
    }
    rendered
}

fn write(program: &Program, plan: &CallPlan, offer: &Offer, text: &mut Vec<u8>) -> Option<()> {
    let node = plan.record.as_ref()?;
    let mut take = Vec::new();
    program.fields.choose(offer, plan.send, false, &mut take);
    let remote_id = program.fields.remote_id(offer).unwrap_or(SOME_ID);
    let row = Row::new(offer, Some(remote_id), &program.fields, &take, &plan.scope);
    render::record(text, node, &row).ok().map(|_| ())
}
