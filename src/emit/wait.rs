//! How long to wait before the next attempt.

use std::time::Duration;

use crate::ir::delivery::Response;

/// One second, doubled with every failure up to half a minute, less up to half of it by chance.
pub fn backoff(failures: u32, random: u64) -> Duration {
    let whole = Duration::from_secs(1u64 << failures.saturating_sub(1).min(5)).min(Duration::from_secs(30));
    whole / 2 + whole.mul_f64((random % 1000) as f64 / 2000.0)
}

/// `Retry-After`: seconds, or the date to wait for.
pub fn retry_after(response: &Response, now: jiff::Timestamp) -> Option<Duration> {
    let (_, value) = response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Some(Duration::from_secs_f64(seconds.clamp(0.0, 1e6)));
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    Some(Duration::from_secs_f64((at.as_second() - now.as_second()).max(0) as f64))
}

/// A time that is epoch seconds, or else seconds from now.
pub fn from_now(value: f64, now: jiff::Timestamp) -> Duration {
    let seconds = if value > 1e8 { value - now.as_millisecond() as f64 / 1000.0 } else { value };
    Duration::from_secs_f64(seconds.clamp(0.0, 1e6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_grows_and_is_bounded() {
        let seconds: Vec<u64> = (1..9).map(|failures| backoff(failures, 999).as_millis() as u64 / 500).collect();
        assert_eq!(seconds, [1, 3, 7, 15, 31, 59, 59, 59]);
        assert_eq!(backoff(1, 0), Duration::from_millis(500));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: jiff::Timestamp = "2026-01-31T09:00:00Z".parse().unwrap_or_default();
        let answer = |value: &str| Response {
            status: 429,
            headers: vec![("retry-after".to_string(), value.to_string())],
            body: String::new(),
        };
        assert_eq!(retry_after(&answer("7"), now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after(&answer("Sat, 31 Jan 2026 09:00:30 GMT"), now), Some(Duration::from_secs(30)));
        assert_eq!(retry_after(&answer("soon"), now), None);
        assert_eq!(from_now(now.as_second() as f64 + 5.0, now), Duration::from_secs(5));
        assert_eq!(from_now(5.0, now), Duration::from_secs(5));
    }
}
