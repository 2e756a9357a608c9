//! The page of one principal and day: what was used, and what is reserved.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{LedgerError, Spend};

/// Version of the file's format. A file of any other version is not read.
const VERSION: u64 = 1;

/// What is reserved for a call under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReservedSpend {
    pub(super) most: Spend,
    /// When it is taken for used: whoever reserved it is gone by then.
    pub(super) until: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DayPage {
    version: u64,
    principal: String,
    day: Date,
    spent: Spend,
    reserved: BTreeMap<String, ReservedSpend>,
}

impl DayPage {
    /// A page on which nothing was written yet.
    pub(super) fn new(principal: &str, day: Date) -> Self {
        Self {
            version: VERSION,
            principal: principal.to_owned(),
            day,
            spent: Spend::default(),
            reserved: BTreeMap::new(),
        }
    }

    /// Reads the page of this principal and day; anything else is an error, never an empty page.
    pub(super) fn read(text: &str, principal: &str, day: Date, path: &Path) -> Result<Self, LedgerError> {
        let corrupt = |reason: String| LedgerError::Corrupt {
            path: path.to_owned(),
            reason,
        };
        let value: Value = serde_json::from_str(text).map_err(|error| corrupt(error.to_string()))?;
        match value.get("version").and_then(Value::as_u64) {
            Some(VERSION) => {}
            Some(found) => {
                return Err(LedgerError::Version {
                    path: path.to_owned(),
                    found,
                    known: VERSION,
                });
            }
            None => return Err(corrupt("it has no version".to_owned())),
        }
        let page: Self = serde_json::from_value(value).map_err(|error| corrupt(error.to_string()))?;
        if page.principal != principal || page.day != day {
            return Err(corrupt("it is another principal's or another day's".to_owned()));
        }
        if page
            .amounts()
            .any(|spend| spend.cost_usd.is_sign_negative() && !spend.cost_usd.is_zero())
        {
            return Err(corrupt("an amount is negative".to_owned()));
        }
        Ok(page)
    }

    /// The page as it is kept.
    pub(super) fn text(&self) -> String {
        // A page is plain data: numbers, texts and dates.
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        format!("{text}\n")
    }

    /// What was used for certain.
    pub(super) fn spent(&self) -> Spend {
        self.spent
    }

    /// What was used and what is reserved, together: all that may have been used by now.
    pub(super) fn taken(&self) -> Spend {
        self.amounts().fold(Spend::default(), |sum, spend| sum + spend)
    }

    /// Takes for used what was reserved and not settled in time.
    pub(super) fn expire(&mut self, now: Timestamp) {
        let mut spent = self.spent;
        self.reserved.retain(|_, reserved| {
            let lapsed = reserved.until <= now;
            if lapsed {
                spent = spent + reserved.most;
            }
            !lapsed
        });
        self.spent = spent;
    }

    /// Writes down what a reservation came to. One that lapsed has been taken for used already.
    pub(super) fn settle(&mut self, id: &str, used: Spend) {
        if self.reserved.remove(id).is_some() {
            self.spent = self.spent + used;
        }
    }

    /// Reserves under a name that is not taken.
    pub(super) fn reserve(&mut self, id: String, reserved: ReservedSpend) {
        self.reserved.insert(id, reserved);
    }

    fn amounts(&self) -> impl Iterator<Item = Spend> {
        std::iter::once(self.spent).chain(self.reserved.values().map(|reserved| reserved.most))
    }
}
