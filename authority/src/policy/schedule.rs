//! A logout at a time of the day.

use jiff::{
    Timestamp,
    civil::{Time, Weekday},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Days looked at in search of the next one: a week, and the day on which a zone skips that time.
const DAYS_AHEAD: i64 = 9;

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they are the days")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Day {
    const fn is(self, day: Weekday) -> bool {
        matches!(
            (self, day),
            (Self::Monday, Weekday::Monday)
                | (Self::Tuesday, Weekday::Tuesday)
                | (Self::Wednesday, Weekday::Wednesday)
                | (Self::Thursday, Weekday::Thursday)
                | (Self::Friday, Weekday::Friday)
                | (Self::Saturday, Weekday::Saturday)
                | (Self::Sunday, Weekday::Sunday)
        )
    }
}

/// Sessions end at a time of the day, as the clocks of a time zone show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DailyLogout {
    /// Hours and minutes, such as `18:00`.
    pub time: String,
    /// Name in the IANA time zone database, such as `Europe/Berlin`.
    pub time_zone: String,
    /// The days on which it applies, every day without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<Vec<Day>>,
}

impl DailyLogout {
    /// Checks that time, zone and days can be read.
    ///
    /// # Errors
    /// One sentence that names the field.
    pub fn check(&self) -> Result<(), String> {
        self.compile().map(drop)
    }

    pub(crate) fn compile(&self) -> Result<Schedule, String> {
        let time = self.time.len() == "18:00".len();
        let time = if time { Time::strptime("%H:%M", &self.time).ok() } else { None };
        let time = time.ok_or("logout_daily.time must be hours and minutes such as 18:00.")?;
        let zone = TimeZone::get(&self.time_zone).map_err(|_| {
            "logout_daily.time_zone must be a name of the IANA time zone database such as \
             Europe/Berlin."
        })?;
        if self.days.as_ref().is_some_and(Vec::is_empty) {
            return Err(
                "logout_daily.days must name at least one day; leave it out for all.".to_owned()
            );
        }
        Ok(Schedule { time, zone, days: self.days.clone() })
    }
}

/// A [`DailyLogout`] that has been read.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    time: Time,
    zone: TimeZone,
    days: Option<Vec<Day>>,
}

impl Schedule {
    /// The first such moment after `moment`, in Unix milliseconds.
    pub(crate) fn next_after(&self, moment: u64) -> Option<u64> {
        (-1..=DAYS_AHEAD).filter_map(|day| self.on(moment, day)).find(|at| *at > moment)
    }

    /// The last such moment up to `moment`.
    pub(crate) fn last_until(&self, moment: u64) -> Option<u64> {
        (-DAYS_AHEAD..=1).rev().filter_map(|day| self.on(moment, day)).find(|at| *at <= moment)
    }

    /// The moment on the day that lies `days` after that of `moment`, where it is one of the days. A
    /// time that the zone skips on it falls to the first moment after the gap.
    fn on(&self, moment: u64, days: i64) -> Option<u64> {
        let moment = Timestamp::from_millisecond(i64::try_from(moment).ok()?).ok()?;
        let today = moment.to_zoned(self.zone.clone()).date();
        let date = today.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
        let counts = |wanted: &Vec<Day>| wanted.iter().any(|day| day.is(date.weekday()));
        if !self.days.as_ref().is_none_or(counts) {
            return None;
        }
        let at = date.to_datetime(self.time).to_zoned(self.zone.clone()).ok()?;
        u64::try_from(at.timestamp().as_millisecond()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> u64 {
        u64::try_from(text.parse::<Timestamp>().unwrap().as_millisecond()).unwrap()
    }

    fn daily(time: &str, zone: &str, days: Option<Vec<Day>>) -> DailyLogout {
        DailyLogout { time: time.into(), time_zone: zone.into(), days }
    }

    #[test]
    fn it_comes_each_day_by_the_clocks_of_its_zone() {
        let schedule = daily("18:00", "Europe/Berlin", None).compile().unwrap();
        // Thursday; Berlin is an hour ahead of UTC in November.
        let noon = at("2026-11-26T12:00:00Z");
        assert_eq!(schedule.next_after(noon), Some(at("2026-11-26T17:00:00Z")));
        assert_eq!(schedule.last_until(noon), Some(at("2026-11-25T17:00:00Z")));
        let then = at("2026-11-26T17:00:00Z");
        assert_eq!(schedule.next_after(then), Some(at("2026-11-27T17:00:00Z")));
        assert_eq!(schedule.last_until(then), Some(then));
    }

    #[test]
    fn it_skips_the_other_days() {
        let weekdays = vec![Day::Monday, Day::Friday];
        let schedule = daily("18:00", "UTC", Some(weekdays)).compile().unwrap();
        let friday_night = at("2026-11-27T18:00:00Z");
        assert_eq!(schedule.next_after(friday_night), Some(at("2026-11-30T18:00:00Z")));
        assert_eq!(schedule.last_until(friday_night - 1), Some(at("2026-11-23T18:00:00Z")));
    }

    #[test]
    fn it_follows_summer_time() {
        let schedule = daily("02:30", "Europe/Berlin", None).compile().unwrap();
        // 29 March 2026: the clocks go from 2:00 to 3:00.
        let before = at("2026-03-28T12:00:00Z");
        assert_eq!(schedule.next_after(before), Some(at("2026-03-29T01:30:00Z")));
        assert_eq!(
            schedule.next_after(at("2026-03-29T01:30:00Z")),
            Some(at("2026-03-30T00:30:00Z"))
        );
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (daily, field) in [
            (daily("6pm", "UTC", None), "time "),
            (daily("24:00", "UTC", None), "time "),
            (daily("8:00", "UTC", None), "time "),
            (daily("18:00", "Mars/Base", None), "time_zone"),
            (daily("18:00", "UTC", Some(vec![])), "days"),
        ] {
            let why = daily.check().unwrap_err();
            assert!(why.starts_with(&format!("logout_daily.{field}")), "{why}");
        }
    }
}
