//! Pages of a listing: what the next request may read of those before it.

use serde_json::{Value as Json, json};

use crate::ir::catalog::{Listing, Template};
use crate::template::{Engine, Scope, Text};

/// A listing that goes on for longer has lost its way.
const PAGES: u64 = 10_000;

#[derive(Debug)]
pub struct Page {
    /// Counted from 1.
    number: u64,
    /// What the page before said of the next one.
    next: Json,
    /// Items on all pages so far.
    seen: usize,
    /// Items on the page before.
    count: usize,
}

impl Default for Page {
    fn default() -> Self {
        Page { number: 1, next: Json::Null, seen: 0, count: 0 }
    }
}

impl Page {
    pub fn facts(&self) -> Json {
        json!({"number": self.number, "next": self.next, "seen": self.seen, "count": self.count})
    }

    pub fn is_first(&self) -> bool {
        self.number == 1
    }

    /// Goes to the next page; `false` where there is none.
    pub fn turn(&mut self, listing: &Listing, count: usize, answer: &Scope) -> Result<bool, String> {
        self.count = count;
        self.seen += count;
        let scope = answer.with("page", &self.facts());
        let next = listing.next.as_ref().map(|next| value(next, &scope)).transpose()?.unwrap_or(Json::Null);
        let more = match &listing.more {
            Some(more) => is_true(&value(more, &scope)?),
            None => is_true(&next) && next != self.next,
        };
        self.next = next;
        self.number += 1;
        if more && self.number > PAGES {
            return Err(format!("the listing does not end after {PAGES} pages"));
        }
        Ok(more)
    }
}

fn value(template: &Template, scope: &Scope) -> Result<Json, String> {
    let text: Text = Engine::lenient().text(template).map_err(|error| format!("`{}`: {error}", template.0))?;
    text.value(scope).map_err(|error| format!("`{}`: {error}", template.0))
}

fn is_true(value: &Json) -> bool {
    !matches!(value, Json::Null | Json::Bool(false)) && value.as_str() != Some("") && value.as_i64() != Some(0)
}
