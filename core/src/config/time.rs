//! Points in time in the config document.

use crate::calendar::{DateTime, digits};

/// Reads `YYYY-MM-DDTHH:MM:SSZ` (RFC 3339, UTC, whole seconds) as Unix seconds.
pub(crate) fn parse_utc(text: &str) -> Option<u64> {
    let bytes: &[u8; 20] = text.as_bytes().try_into().ok()?;
    for (at, mark) in [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'Z')] {
        if bytes[at] != mark {
            return None;
        }
    }
    let number = |from: usize, to: usize| digits(&bytes[from..to]);
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    DateTime { year, month, day, hour, minute, second }.seconds()
}

/// Writes Unix seconds as `YYYY-MM-DDTHH:MM:SSZ`. What lies behind the year 9999 is written as the number that it is.
pub(crate) fn write_utc(seconds: u64) -> String {
    let Some(DateTime { year, month, day, hour, minute, second }) = DateTime::at(seconds) else {
        return seconds.to_string();
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for seconds in (0..4_000_000_000).step_by(7_654_321) {
            assert_eq!(parse_utc(&write_utc(seconds)), Some(seconds));
        }
        assert_eq!(write_utc(951_782_400), "2000-02-29T00:00:00Z");
    }

    #[test]
    fn utc_times_become_unix_seconds() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2024-01-01T00:00:00Z", 1_704_067_200),
            ("2026-12-01T00:00:00Z", 1_796_083_200),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
        ] {
            assert_eq!(parse_utc(text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn anything_else_is_not_a_time() {
        for bad in [
            "",
            "2026-12-01",
            "2026-12-01T00:00:00",
            "2026-12-01T00:00:00+01:00",
            "2026-12-01t00:00:00z",
            "2026-12-01 00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:60Z",
            "1969-12-31T23:59:59Z",
            "+026-01-01T00:00:00Z",
            "2026-01-01T00:00:00.0Z",
        ] {
            assert_eq!(parse_utc(bad), None, "{bad}");
        }
    }
}
