use std::path::Path;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::day_page::ReservedSpend;
use super::store::LedgerStore;
use super::{Allowance, LedgerError, Spend, SpendLimit};
use crate::principal::Principal;

/// The day's ledger of one principal.
#[derive(Debug, Clone)]
pub struct DayLedger {
    store: LedgerStore,
    allowance: Allowance,
    zone: TimeZone,
    lease: Duration,
}

/// A reservation. It counts as used until it is settled, and for good if it never is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    day: Date,
    id: String,
}

/// What came of asking for leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpendingLeave {
    /// The `choice`th of what was asked for, counted from 0, is reserved.
    Granted {
        choice: usize,
        hold: Reservation,
        /// Why it is not the first.
        short: Option<Shortfall>,
    },
    /// None of it can be had.
    Denied(Shortfall),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortfall {
    pub limit: SpendLimit,
    /// How much is used and when the day is over, in words.
    pub detail: String,
}

/// Where a principal stands today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayUsage {
    pub day: Date,
    pub spent: Spend,
    /// What may have been used: reservations under way, or left behind by a process that died, in full.
    pub taken: Spend,
    /// When the next day begins.
    pub until: Timestamp,
}

impl DayLedger {
    /// The ledger of `principal` in the folder `dir`. A reservation that was not settled for `lease` counts as used.
    /// The principal's name appears in no file, only a hash of it.
    pub fn new(
        dir: &Path,
        principal: &Principal,
        allowance: Allowance,
        zone: TimeZone,
        lease: Duration,
    ) -> Self {
        let hash = blake3::derive_key("cardinal 2026 day ledger: whose day", principal.0.as_bytes());
        let principal = blake3::Hash::from(hash).to_hex().chars().take(32).collect();
        Self {
            store: LedgerStore::new(dir, principal),
            allowance,
            zone,
            lease,
        }
    }

    /// What may be used in a day.
    pub fn allowance(&self) -> Allowance {
        self.allowance
    }

    /// Where the principal stands at `now`. Writes nothing.
    pub fn standing(&self, now: Timestamp) -> Result<DayUsage, LedgerError> {
        let day = self.day(now);
        let page = self.store.look(day)?;
        let (spent, taken) = page.map_or_else(Default::default, |page| (page.spent(), page.taken()));
        Ok(DayUsage {
            day,
            spent,
            taken,
            until: self.end_of(day),
        })
    }

    /// Settles the reservation `before` by what was used of it, and reserves the first of `choices` that there is room
    /// for, all in one: no other process comes between. Waits for the disk.
    pub fn ask(
        &self,
        before: Option<(Reservation, Spend)>,
        choices: &[Spend],
        now: Timestamp,
    ) -> Result<SpendingLeave, LedgerError> {
        let day = self.day(now);
        let locked = self.store.lock()?;
        if let Some((hold, used)) = before.as_ref().filter(|(hold, _)| hold.day != day) {
            let mut page = locked.read(hold.day)?;
            page.settle(&hold.id, *used);
            locked.write(hold.day, &page)?;
        }
        let mut page = locked.read(day)?;
        if let Some((hold, used)) = before.filter(|(hold, _)| hold.day == day) {
            page.settle(&hold.id, used);
        }
        page.expire(now);
        let taken = page.taken();
        let mut short = None;
        let mut leave = None;
        for (choice, most) in choices.iter().enumerate() {
            if let Some(limit) = self.allowance.overdrawn(taken, *most) {
                short.get_or_insert_with(|| self.short(limit, taken, day));
                continue;
            }
            let id = format!("{:032x}", fastrand::u128(..));
            let until = self.lapses(now);
            page.reserve(id.clone(), ReservedSpend { most: *most, until });
            leave = Some((choice, Reservation { day, id }));
            break;
        }
        locked.write(day, &page)?;
        Ok(match (leave, short) {
            (Some((choice, hold)), short) => SpendingLeave::Granted { choice, hold, short },
            (None, Some(short)) => SpendingLeave::Denied(short),
            (None, None) => SpendingLeave::Denied(self.short(SpendLimit::Tokens, taken, day)),
        })
    }

    /// Settles a reservation by what was used of it. Waits for the disk.
    pub fn settle(&self, hold: &Reservation, used: Spend, now: Timestamp) -> Result<(), LedgerError> {
        let locked = self.store.lock()?;
        let mut page = locked.read(hold.day)?;
        page.settle(&hold.id, used);
        page.expire(now);
        locked.write(hold.day, &page)
    }

    fn day(&self, now: Timestamp) -> Date {
        now.to_zoned(self.zone.clone()).date()
    }

    fn end_of(&self, day: Date) -> Timestamp {
        let next = day.tomorrow().unwrap_or(day);
        next.to_zoned(self.zone.clone())
            .map_or(Timestamp::MAX, |zoned| zoned.timestamp())
    }

    fn lapses(&self, now: Timestamp) -> Timestamp {
        let lease = SignedDuration::try_from(self.lease).unwrap_or(SignedDuration::MAX);
        now.checked_add(lease).unwrap_or(Timestamp::MAX)
    }

    fn short(&self, limit: SpendLimit, taken: Spend, day: Date) -> Shortfall {
        let end = self.end_of(day).to_zoned(self.zone.clone());
        Shortfall {
            limit,
            detail: format!(
                "{} are used or reserved on {day}; the next day begins at {}",
                self.allowance.told(limit, taken),
                end.strftime("%Y-%m-%d %H:%M %Z")
            ),
        }
    }
}
