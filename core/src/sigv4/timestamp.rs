//! Points in time as AWS writes them: `20150830T123600Z`, and the forms of the `Date` header.

use crate::calendar::{DateTime, digits};

/// A time, and the text of it that is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timestamp {
    pub(super) seconds: u64,
    /// `YYYYMMDDTHHMMSSZ`
    pub(super) text: [u8; 16],
}

impl Timestamp {
    /// Reads `X-Amz-Date`.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let text: [u8; 16] = text.try_into().ok()?;
        if text[8] != b'T' || text[15] != b'Z' {
            return None;
        }
        let number = |from: usize, to: usize| digits(&text[from..to]);
        let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
        let (hour, minute, second) = (number(9, 11)?, number(11, 13)?, number(13, 15)?);
        let seconds = DateTime { year, month, day, hour, minute, second }.seconds()?;
        Some(Self { seconds, text })
    }

    /// Reads `Date`: the form of mail (RFC 9110, section 5.6.7, and its zone as a number), or that of `X-Amz-Date`.
    pub(super) fn parse_date(text: &[u8]) -> Option<Self> {
        if let Some(timestamp) = Self::parse(text) {
            return Some(timestamp);
        }
        let (main, zone) = text.split_at_checked(26)?;
        if !matches!(zone, b"GMT" | b"-0000" | b"+0000") {
            return None;
        }
        for (at, mark) in [(3, b','), (4, b' '), (7, b' '), (11, b' '), (16, b' '), (19, b':'), (22, b':'), (25, b' ')]
        {
            if main[at] != mark {
                return None;
            }
        }
        const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
        const WEEKDAYS: &[u8; 21] = b"ThuFriSatSunMonTueWed";
        let number = |from: usize, to: usize| digits(&main[from..to]);
        let month = MONTHS.as_chunks::<3>().0.iter().position(|name| name == &main[8..11])? as u64 + 1;
        let (day, year) = (number(5, 7)?, number(12, 16)?);
        let (hour, minute, second) = (number(17, 19)?, number(20, 22)?, number(23, 25)?);
        let seconds = DateTime { year, month, day, hour, minute, second }.seconds()?;
        let weekday = &WEEKDAYS.as_chunks::<3>().0[(seconds / 86_400 % 7) as usize];
        if weekday != &main[..3] {
            return None;
        }
        Self::at(seconds)
    }

    /// `None` where the year has more than four digits.
    pub(super) fn at(seconds: u64) -> Option<Self> {
        let DateTime { year, month, day, hour, minute, second } = DateTime::at(seconds)?;
        let mut text = *b"00000000T000000Z";
        let pairs = [year / 100, year % 100, month, day, hour, minute, second];
        for (at, pair) in [0, 2, 4, 6, 9, 11, 13].into_iter().zip(pairs) {
            text[at] += (pair / 10) as u8;
            text[at + 1] += (pair % 10) as u8;
        }
        Some(Self { seconds, text })
    }

    /// `YYYYMMDD`
    pub(super) fn day(&self) -> &[u8; 8] {
        self.text.first_chunk().expect("16 bytes are more than 8")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for seconds in (0..253_402_300_800).step_by(76_543_217) {
            let written = Timestamp::at(seconds).expect("before the year 10000");
            assert_eq!(Timestamp::parse(&written.text), Some(written));
        }
        assert_eq!(Timestamp::at(1_440_938_160).expect("a time").text, *b"20150830T123600Z");
        assert_eq!(Timestamp::at(951_782_400).expect("a time").day(), b"20000229");
        assert_eq!(Timestamp::at(253_402_300_800), None);
        assert_eq!(Timestamp::at(u64::MAX), None);
    }

    #[test]
    fn anything_else_is_not_a_time() {
        for bad in [
            "",
            "20150830",
            "20150830T123600",
            "20150830t123600z",
            "20150830T123600Z ",
            "2015-08-30T12:36:00Z",
            "20151330T123600Z",
            "20150230T123600Z",
            "20150800T123600Z",
            "20150830T243600Z",
            "20150830T126000Z",
            "20150830T123660Z",
            "19691231T235959Z",
            "+0150830T123600Z",
        ] {
            assert_eq!(Timestamp::parse(bad.as_bytes()), None, "{bad}");
            assert_eq!(Timestamp::parse_date(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn the_date_header_has_the_form_of_mail_or_of_aws() {
        for good in [
            "Sun, 30 Aug 2015 12:36:00 GMT",
            "Sun, 30 Aug 2015 12:36:00 -0000",
            "Sun, 30 Aug 2015 12:36:00 +0000",
            "20150830T123600Z",
        ] {
            assert_eq!(Timestamp::parse_date(good.as_bytes()), Timestamp::at(1_440_938_160), "{good}");
        }
        for bad in [
            "Mon, 30 Aug 2015 12:36:00 GMT",
            "Sun, 30 Aug 2015 12:36:00 UTC",
            "Sun, 30 Aug 2015 12:36:00 +0100",
            "Sun, 30 aug 2015 12:36:00 GMT",
            "Sun, 31 Feb 2015 12:36:00 GMT",
            "Sunday, 30-Aug-15 12:36:00 GMT",
            "Sun Aug 30 12:36:00 2015",
            "Sun, 30 Aug 2015 12:36:00 ",
        ] {
            assert_eq!(Timestamp::parse_date(bad.as_bytes()), None, "{bad}");
        }
    }
}
