//! A minute's requests of one API user, as the headers of every answer tell them.

use crate::sandbox::Reply;

/// Requests in a minute.
const LIMIT: u64 = 1000;
const MINUTE_MS: u64 = 60_000;

#[derive(Clone, Copy, Debug)]
pub struct Window {
    begun_ms: u64,
    used: u64,
}

impl Window {
    pub fn new(at_ms: u64) -> Self {
        Window { begun_ms: at_ms, used: 0 }
    }

    pub fn with_one_more(self, at_ms: u64) -> Self {
        let begun = if at_ms >= self.begun_ms + MINUTE_MS { Window::new(at_ms) } else { self };
        Window { used: begun.used + 1, ..begun }
    }

    pub fn is_over(&self) -> bool {
        self.used > LIMIT
    }

    /// The reset is told in seconds of the epoch; there is no `Retry-After`.
    pub fn told(&self, reply: Reply) -> Reply {
        reply
            .header("X-RateLimit-Limit", LIMIT)
            .header("X-Ratelimit-Remaining", LIMIT.saturating_sub(self.used))
            .header("X-RateLimit-Reset", (self.begun_ms + MINUTE_MS).div_ceil(1000))
    }
}
