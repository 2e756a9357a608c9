//! How a column's values are to be read and shown, as an analyst set it up in Metabase: what currency an amount is in,
//! whether 0.42 means 42 %, by what a stored number is multiplied.
//!
//! Cells keep the stored value. A format says how to write it: with `scale` 0.001 and suffix ` k` the cell 12500 reads
//! `12.5 k`. Start at [`ColumnFormat`].

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// How a column's values are written for people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnFormat {
    /// What kind of number it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub style: Option<NumberStyle>,
    /// The currency's code, such as `EUR`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub currency: Option<String>,
    /// What a value is multiplied by before it is written.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub scale: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub decimals: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub suffix: Option<String>,
    /// The mark for decimals, and the one between thousands: `,.`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub separators: Option<String>,
    /// How days are written, such as `D MMMM, YYYY`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub date_style: Option<String>,
    /// For times grouped by week: the day that weeks begin on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub week_starts_on: Option<String>,
    /// The unit that a description tells, which is not written beside the figures: `USD`, `thousands of EUR`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub told_unit: Option<String>,
}

/// What kind of number a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberStyle {
    Decimal,
    /// A fraction that is written in percent: 0.42 is 42 %.
    Percent,
    Currency,
    Scientific,
}

impl ColumnFormat {
    pub(crate) fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// What `over` says, and where it says nothing, this.
    #[must_use]
    pub(crate) fn overlaid(&self, over: &Self) -> Self {
        Self {
            style: over.style.or(self.style),
            currency: over.currency.clone().or_else(|| self.currency.clone()),
            scale: over.scale.or(self.scale),
            decimals: over.decimals.or(self.decimals),
            prefix: over.prefix.clone().or_else(|| self.prefix.clone()),
            suffix: over.suffix.clone().or_else(|| self.suffix.clone()),
            separators: over.separators.clone().or_else(|| self.separators.clone()),
            date_style: over.date_style.clone().or_else(|| self.date_style.clone()),
            week_starts_on: over
                .week_starts_on
                .clone()
                .or_else(|| self.week_starts_on.clone()),
            told_unit: over.told_unit.clone().or_else(|| self.told_unit.clone()),
        }
    }

    /// The format of a figure that counts the same as this: a sum, a mean or the greatest of its values.
    #[must_use]
    pub(crate) fn of_same_unit(&self) -> Self {
        Self {
            date_style: None,
            week_starts_on: None,
            ..self.clone()
        }
    }

    /// What the values count, in few words for whoever reads the table: `EUR`, `fraction (0.5 is 50 %)`. `None` where
    /// there is nothing to say.
    pub fn unit_words(&self) -> Option<String> {
        let mut words: Vec<String> = Vec::new();
        match (self.style, &self.currency) {
            (Some(NumberStyle::Percent), _) => words.push("fraction: 0.5 is 50 %".to_owned()),
            (_, Some(currency)) => words.push(currency.clone()),
            _ => {}
        }
        if let Some(day) = &self.week_starts_on {
            words.push(format!("weeks begin on {day}"));
        }
        let (prefix, suffix) = (self.prefix.as_deref(), self.suffix.as_deref());
        match (self.scale, prefix, suffix) {
            (Some(scale), _, _) => words.push(format!(
                "people see it times {}, as \"{}…{}\"",
                scale.normalize(),
                prefix.unwrap_or_default(),
                suffix.unwrap_or_default()
            )),
            (None, None, None) => {}
            (None, _, _) => words.push(format!(
                "shown as \"{}…{}\"",
                prefix.unwrap_or_default(),
                suffix.unwrap_or_default()
            )),
        }
        (!words.is_empty()).then(|| words.join(", "))
    }
}
