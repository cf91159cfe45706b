//! Scans: a whole listing read page by page, and records on their way looked up in it. The listing is kept in DuckDB, by whoever
//! hears the notes: an account may hold more contacts than memory does.

use tokio::sync::{Mutex, oneshot};

use super::Note;
use super::batch::Load;
use super::call::CallPlan;
use super::job::{Came, Landing};
use super::judge::Judged;
use super::listing::Page;
use super::retry::{Exchange, Line};
use crate::ir::catalog::{Answer, Listing};
use crate::ir::delivery::{DeltaRow, Halt, ScanId, ScanPage};
use crate::ir::mode::Verdict;
use crate::template::{Engine, Scope, Text};

/// Records looked up at a time.
pub const ROWS: usize = 2_000;

/// A listing that records are looked up in.
#[derive(Debug)]
pub struct ScanPlan {
    listing: Listing,
    items: Text,
    identifier: Text,
    remote_id: Text,
    /// Whether it was read. One listing serves all records of a run.
    read: Mutex<bool>,
}

impl ScanPlan {
    pub fn new(listing: &Listing) -> Result<ScanPlan, String> {
        let text = |template| Engine::lenient().text(template).map_err(|error| error.to_string());
        let remote_id = listing.learn.iter().find(|(name, _)| name == "remote_id").map(|(_, template)| template);
        let (Some(identifier), Some(remote_id)) = (&listing.identifier, remote_id) else {
            return Err("a listing that is scanned says its items' `identifier`, and learns their `remote_id`".into());
        };
        Ok(ScanPlan {
            items: text(&listing.items)?,
            identifier: text(identifier)?,
            remote_id: text(remote_id)?,
            listing: listing.clone(),
            read: Mutex::new(false),
        })
    }

    /// Identifier and id of each item that has both.
    fn named(&self, answer: &Scope) -> Result<(usize, Vec<(String, String)>), String> {
        let items = self.items.expression().ok_or("`items` is not one expression")?;
        let items = items.items(answer).map_err(|error| error.to_string())?;
        let told = |text: &Text, scope: &Scope| text.text(scope).ok().flatten().filter(|text| !text.is_empty());
        let count = items.len();
        let named = items.into_iter().filter_map(|item| {
            let scope = answer.with_datum("item", item);
            Some((told(&self.identifier, &scope)?, told(&self.remote_id, &scope)?))
        });
        Ok((count, named.collect()))
    }
}

impl Line<'_> {
    /// Looks the records of a load up, once the listing was read.
    pub async fn scan(&self, load: Load, call: &CallPlan, scan: &ScanPlan) -> Landing {
        let id = ScanId { number: load.call, which: call.which };
        let mut request = 0;
        let found = match self.listed(call, scan, id, &mut request).await {
            Ok(()) => self.look_up(id, load.riders.iter().map(|rider| rider.offer.row()).collect()).await,
            Err(halt) => Err(halt),
        };
        let (came, halt) = match found {
            Ok(found) => (Came::Judged(found.into_iter().map(judged).collect()), None),
            Err(halt) => (Came::NotSent, Some(halt)),
        };
        Landing { load, came, halt, request, job: None }
    }

    async fn listed(&self, call: &CallPlan, scan: &ScanPlan, id: ScanId, request: &mut u64) -> Result<(), Halt> {
        let mut read = scan.read.lock().await;
        let mut page = Page::default();
        while !*read {
            let scope = call.scope.with("page", &page.facts());
            let answer = self.page(call, &scope, request).await?;
            let told = |error: String| Halt::Refused(format!("the listing `{}` cannot be read: {error}", call.name));
            let (count, items) = scan.named(&answer).map_err(told)?;
            let first = page.is_first();
            let last = !page.turn(&scan.listing, count, &answer).map_err(told)?;
            let (ack, acked) = oneshot::channel();
            let listed = Note::Listed { page: ScanPage { id, items, first, last }, ack };
            if !(self.journal.tell(listed).await && acked.await.unwrap_or(false)) {
                return Err(unkept());
            }
            *read = last;
        }
        Ok(())
    }

    /// The scope of a page's answer. Without a whole listing nobody can be told absent, so anything but success ends the
    /// activation.
    async fn page(&self, call: &CallPlan, scope: &Scope, request: &mut u64) -> Result<Scope, Halt> {
        let told = |told: &str| format!("the listing `{}`: {told}", call.name);
        match self.exchange(call, scope, &mut Load::new(0), request).await {
            Exchange::Answered { whole, scope, response } => match whole.is {
                Answer::Read | Answer::Every(Verdict::Accepted | Verdict::Found) => Ok(scope),
                _ => Err(Halt::Refused(told(&whole.reason.unwrap_or_else(|| call.judge.excerpt(&response))))),
            },
            Exchange::Lost(why) | Exchange::Failed(why) => Err(Halt::Unreachable(told(&why))),
            Exchange::Halted(halt) => Err(halt),
        }
    }

    /// The ids of those that are in the listing, in the order asked.
    async fn look_up(&self, id: ScanId, rows: Vec<DeltaRow>) -> Result<Vec<Option<String>>, Halt> {
        let (tell, found) = oneshot::channel();
        match self.journal.tell(Note::LookUp { id, rows, tell }).await {
            true => found.await.map_err(|_| unkept()),
            false => Err(unkept()),
        }
    }
}

fn unkept() -> Halt {
    Halt::Ledger("a listing could not be kept".to_string())
}

fn judged(remote_id: Option<String>) -> Judged {
    match remote_id {
        Some(_) => Judged { remote_id, ..Judged::of(Verdict::Found, None) },
        None => Judged::of(Verdict::Absent, Some("the destination's listing does not name it".to_string())),
    }
}
