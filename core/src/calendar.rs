//! Dates of the Gregorian calendar in UTC, and the seconds since 1970 that they stand for.

const SECONDS_PER_DAY: u64 = 86_400;

/// A date and the time of that day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateTime {
    pub(crate) year: u64,
    pub(crate) month: u64,
    pub(crate) day: u64,
    pub(crate) hour: u64,
    pub(crate) minute: u64,
    pub(crate) second: u64,
}

impl DateTime {
    /// `None` where the year has more than four digits.
    pub(crate) fn at(seconds: u64) -> Option<Self> {
        let (days, rest) = (seconds / SECONDS_PER_DAY, seconds % SECONDS_PER_DAY);
        // Counted in eras of 400 years that begin on 1 March, so that the leap day is the last of its year.
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        (year <= 9999).then_some(Self {
            year,
            month,
            day,
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60,
        })
    }

    /// Seconds since 1970. `None` where the calendar has no such date, or the day no such time, and before 1970.
    pub(crate) fn seconds(self) -> Option<u64> {
        let Self { year, month, day, hour, minute, second } = self;
        let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let length = match month {
            2 => 28 + u64::from(is_leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        if year < 1970 || !(1..=length).contains(&day) || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let shifted_year = year - u64::from(month <= 2);
        let (era, year_of_era) = (shifted_year / 400, shifted_year % 400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era * 146_097 + day_of_era - 719_468;
        Some(((days * 24 + hour) * 60 + minute) * 60 + second)
    }
}

/// The number that some digits make; `None` where there is anything else.
pub(crate) fn digits(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_and_its_seconds_are_one() {
        for seconds in (0..253_402_300_800).step_by(76_543_217) {
            let date = DateTime::at(seconds).expect("before the year 10000");
            assert_eq!(date.seconds(), Some(seconds), "{date:?}");
        }
        assert_eq!(DateTime::at(253_402_300_800), None);
        assert_eq!(DateTime::at(u64::MAX), None);
    }
}
