//! Times that were written otherwise, and clocks that are wrong.

use super::causes::Cause;
use super::variant::{Change, Variant};
use crate::config::{Window, parse_utc, write_utc};

const DAY: u64 = 86_400;
/// Farther from now than this no clock is wrong: the number means something else.
const YEAR: u64 = 366 * DAY;

/// Why a timestamp cannot be read, by its look.
pub(super) fn of_form(text: &[u8]) -> Cause {
    let text = String::from_utf8_lossy(text);
    let bare = text.trim();
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let id = match bare {
        "" => "timestamp-empty",
        _ if bare.len() != text.len() => "timestamp-white-space",
        _ if is_digits(bare) && bare.len() >= 13 => "timestamp-milliseconds",
        _ if bare.split_once('.').is_some_and(|(left, right)| is_digits(left) && is_digits(right)) => {
            "timestamp-fraction"
        }
        _ if bare.len() >= 10 && bare.as_bytes()[..4].iter().all(u8::is_ascii_digit) && bare.contains('-') => {
            "timestamp-date"
        }
        _ if bare.len() >= 16 && bare.contains(':') && bare.as_bytes()[0].is_ascii_alphabetic() => "timestamp-date",
        _ => "timestamp-form",
    };
    Cause::new(id)
}

/// Why a timestamp lies outside the window. `age` is negative in the future.
pub(super) fn of_age(age: i64, window: Window, timestamp: u64) -> Cause {
    let distance = age.unsigned_abs();
    let side = if age < 0 { "ahead of" } else { "behind" };
    let (past, future) = (window.past, window.future);
    let slack = if age < 0 { future } else { past };
    let quarters = (distance + 450) / 900;
    let rest = distance.abs_diff(quarters * 900);
    // Offsets of time zones in use are whole half hours, but for a few at quarters.
    let is_zone = (2..=56).contains(&quarters) && quarters.is_multiple_of(2) && rest <= slack.min(120);
    if timestamp < YEAR {
        return Cause::new("timestamp-not-unix");
    }
    if is_zone {
        let hours = format!("{}:{:02}", quarters / 4, quarters % 4 * 15);
        // Local time that is taken for UTC is ahead where the zone is east.
        let sign = if age < 0 { '+' } else { '-' };
        return Cause::with("timestamp-local-time", &format!("{distance} s {side}|UTC{sign}{hours}"));
    }
    if distance > YEAR {
        return Cause::new(if age > 0 { "timestamp-stale" } else { "timestamp-not-unix" });
    }
    if age > 0 && distance > DAY {
        return Cause::new("timestamp-stale");
    }
    Cause::with("clock-skew", &format!("{distance} s {side}"))
}

/// Other spellings and other times that may have been signed.
pub(super) fn variants(text: &[u8], has_room: bool) -> Vec<Variant> {
    let mut variants = Vec::new();
    let mut add = |id: &'static str, detail: &str, text: String| {
        variants.push(Variant::new(Cause::with(id, detail), Change::Timestamp(text.into_bytes())));
    };
    let own = String::from_utf8_lossy(text);
    add("timestamp-in-message", "without white space around it", own.trim().to_owned());
    let number: Option<u64> = own.trim().parse().ok();
    let date = own.trim().get(..19).and_then(|start| parse_utc(&format!("{}Z", start.replace(' ', "T"))));
    let seconds = match number {
        Some(number) if number >= 100_000_000_000_000 => Some(number / 1_000_000),
        Some(number) if number >= 100_000_000_000 => Some(number / 1000),
        Some(number) => Some(number),
        None => date.or_else(|| own.trim().split('.').next().and_then(|whole| whole.parse().ok())),
    };
    let Some(seconds) = seconds.filter(|seconds| *seconds < 100_000_000_000) else { return variants };
    add("timestamp-in-message", "in seconds", seconds.to_string());
    add("timestamp-in-message", "in milliseconds", format!("{seconds}000"));
    add("timestamp-in-message", "with a fraction", format!("{seconds}.0"));
    if seconds < 250_000_000_000 {
        let utc = write_utc(seconds);
        let bare = utc.trim_end_matches('Z');
        for date in [
            utc.clone(),
            format!("{bare}.000Z"),
            format!("{bare}+00:00"),
            format!("{bare}.000000+00:00"),
            bare.to_owned(),
            bare.replace('T', " "),
            http_date(seconds),
        ] {
            add("timestamp-in-message", "as a date", date);
        }
    }
    for distance in 1..=5 {
        for other in [seconds.saturating_sub(distance), seconds + distance] {
            add("timestamp-taken-twice", &format!("{distance} s"), other.to_string());
        }
    }
    if has_room {
        for milliseconds in 1..1000 {
            add("timestamp-in-message", "in milliseconds", format!("{seconds}{milliseconds:03}"));
        }
    }
    variants
}

/// `Thu, 01 Jan 2026 00:00:00 GMT`.
fn http_date(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let utc = write_utc(seconds);
    let month: usize = utc[5..7].parse().unwrap_or(1);
    let day = DAYS[(seconds / DAY % 7) as usize];
    format!("{day}, {} {} {} {} GMT", &utc[8..10], MONTHS[month - 1], &utc[..4], &utc[11..19])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_told_by_their_look() {
        for (text, id) in [
            ("", "timestamp-empty"),
            ("1767225600000", "timestamp-milliseconds"),
            ("1767225600.123", "timestamp-fraction"),
            ("2026-01-01T00:00:00Z", "timestamp-date"),
            ("Thu, 01 Jan 2026 00:00:00 GMT", "timestamp-date"),
            (" 1767225600", "timestamp-white-space"),
            ("0x69", "timestamp-form"),
            ("1e9", "timestamp-form"),
        ] {
            assert_eq!(of_form(text.as_bytes()).id, id, "{text}");
        }
        assert_eq!(http_date(1_767_225_600), "Thu, 01 Jan 2026 00:00:00 GMT");
    }

    #[test]
    fn ages_are_put_down_to_clocks_zones_and_delay() {
        let window = Window { past: 300, future: 300 };
        for (age, id, detail) in [
            (301, "clock-skew", "301 s behind"),
            (-400, "clock-skew", "400 s ahead of"),
            (7200, "timestamp-local-time", "7200 s behind|UTC-2:00"),
            (-19_790, "timestamp-local-time", "19790 s ahead of|UTC+5:30"),
            (100_000, "timestamp-stale", ""),
        ] {
            let cause = of_age(age, window, 1_767_225_600);
            assert_eq!((cause.id, &*cause.detail), (id, detail), "{age}");
        }
        assert_eq!(of_age(1_767_225_590, window, 10).id, "timestamp-not-unix");
    }
}
