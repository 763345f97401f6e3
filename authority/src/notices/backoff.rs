//! How long to wait after a failure. Pure.

use axum::http::{HeaderMap, header};
use jiff::fmt::rfc2822::DateTimeParser;
use oorandom::Rand64;

use super::settings::RetrySettings;

/// Milliseconds until the next attempt after that many failed ones, at least one: anything up to a
/// ceiling that doubles (full jitter), so that receivers that came back are not met by everybody at
/// once.
pub(super) fn pause(settings: &RetrySettings, failed: u32, random: &mut Rand64) -> u64 {
    let doubled = 1_u64.checked_shl(failed.saturating_sub(1)).unwrap_or(u64::MAX);
    let ceiling = settings.first_ms.saturating_mul(doubled).min(settings.longest_ms);
    random.rand_range(0..ceiling.saturating_add(1))
}

/// Milliseconds that a receiver asks for: `Retry-After` in seconds or as a date (RFC 9110, section
/// 10.2.3). None if it does not ask, or for something that cannot be read.
pub(super) fn retry_after(headers: &HeaderMap, now_ms: u64) -> Option<u64> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(seconds.saturating_mul(1000));
    }
    // An HTTP date is one of RFC 2822, in GMT.
    let at = DateTimeParser::new().parse_timestamp(text).ok()?;
    u64::try_from(at.as_millisecond()).ok().map(|at| at.saturating_sub(now_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_the_longest_pause_and_all_below_is_drawn() {
        let settings = RetrySettings { first_ms: 5000, longest_ms: 60_000, ..Default::default() };
        let mut random = Rand64::new(7);
        for (failed, ceiling) in [(1, 5000), (2, 10_000), (4, 40_000), (5, 60_000), (99, 60_000)] {
            let drawn: Vec<_> = (0..2000).map(|_| pause(&settings, failed, &mut random)).collect();
            let (least, most) = (*drawn.iter().min().unwrap(), *drawn.iter().max().unwrap());
            assert!(most <= ceiling && most > ceiling / 100 * 98, "{failed}: {most}");
            assert!(least < ceiling / 50, "{failed}: {least}");
        }
    }

    #[test]
    fn a_receiver_asks_in_seconds_or_with_a_date() {
        let ask = |text: &'static str| {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, text.parse().unwrap())]);
            retry_after(&headers, 1_700_000_000_000)
        };
        assert_eq!(ask("120"), Some(120_000));
        assert_eq!(ask("Tue, 14 Nov 2023 22:14:20 GMT"), Some(60_000));
        assert_eq!(ask("Tue, 14 Nov 2023 22:00:00 GMT"), Some(0));
        for nonsense in ["soon", "-1", "1.5", ""] {
            assert_eq!(ask(nonsense), None, "{nonsense}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), 0), None);
    }
}
