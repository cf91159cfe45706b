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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_has_a_thousand_requests() {
        let full = (0..LIMIT).fold(Window::new(1_500), |window, _| window.with_one_more(2_000));
        assert!(!full.is_over());
        let over = full.with_one_more(61_499);
        assert!(over.is_over());
        let headers = over.told(Reply::default()).headers;
        let told: Vec<&str> = headers.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(told, ["1000", "0", "62"]);
        assert!(!over.with_one_more(61_500).is_over());
    }
}
