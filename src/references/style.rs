//! The marks and signs with which a language writes figures.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::format::NumberScale;
use crate::grounding::Notation;

/// How the figures that Cardinal writes into an answer are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FigureStyle {
    /// As the answer's language writes them.
    #[default]
    Auto,
    /// `1,234.5`, `25.4%`
    En,
    /// `1.234,5`, `25,4 %`
    De,
    /// `1 234,5`, `25,4 %`
    Fr,
    /// `1.234,5`, `25,4 %`
    Es,
    /// `1.234,5`, `25,4%`
    It,
    /// `1.234,5`, `25,4%`
    Pt,
    /// `1.234,5`, `25,4%`
    Nl,
    /// `1’234.5`, `25.4%`
    Ch,
}

impl FigureStyle {
    /// The notation of all answers, where one is set.
    pub fn notation(self) -> Option<Notation> {
        match self {
            Self::Auto => None,
            Self::En => Some(Notation::English),
            Self::De => Some(Notation::German),
            Self::Fr => Some(Notation::French),
            Self::Es => Some(Notation::Spanish),
            Self::It => Some(Notation::Italian),
            Self::Pt => Some(Notation::Portuguese),
            Self::Nl => Some(Notation::Dutch),
            Self::Ch => Some(Notation::Swiss),
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(crate) fn is_auto(&self) -> bool {
        *self == Self::Auto
    }
}

/// A power of ten that figures are told in, as a language writes it.
pub(super) struct WrittenScale {
    pub(super) by: Decimal,
    /// What stands behind the digits.
    pub(super) mark: &'static str,
    /// What says the same in words.
    pub(super) names: &'static [&'static str],
}

/// White space that breaks no line: a sign behind it stays with its figure.
pub(super) const GAP: &str = "\u{a0}";

type ScaleWords = (&'static str, &'static [&'static str]);
const ENGLISH: [ScaleWords; 3] = [
    ("K", &["K", "thousand"]),
    ("M", &["M", "million"]),
    ("B", &["B", "billion"]),
];
const GERMAN: [ScaleWords; 3] = [
    ("\u{a0}Tsd", &["Tsd.", "Tsd", "Tausend"]),
    ("\u{a0}Mio", &["Mio.", "Mio", "Millionen"]),
    ("\u{a0}Mrd", &["Mrd.", "Mrd", "Milliarden"]),
];
const FRENCH: [ScaleWords; 3] = [
    ("\u{a0}k", &["k", "milliers"]),
    ("\u{a0}M", &["M", "millions"]),
    ("\u{a0}Md", &["Md", "milliards"]),
];
const ITALIAN: [ScaleWords; 3] = [
    ("K", &["K", "mila"]),
    ("\u{a0}Mln", &["Mln", "milioni"]),
    ("\u{a0}Mrd", &["Mrd", "miliardi"]),
];
const DUTCH: [ScaleWords; 3] = [
    ("K", &["K", "duizend"]),
    ("\u{a0}mln", &["mln.", "mln", "miljoen"]),
    ("\u{a0}mld", &["mld.", "mld", "miljard"]),
];
/// A `B` would be taken for a million millions, so that thousands of millions stay so.
const IBERIAN: [ScaleWords; 3] = [
    ("K", &["K", "mil"]),
    ("\u{a0}M", &["M", "millones", "milhões"]),
    ("\u{a0}M", &["M", "millones", "milhões"]),
];

impl Notation {
    /// What stands between whole and fraction, and between thousands.
    pub(super) fn marks(self) -> (char, char) {
        match self {
            Self::English => ('.', ','),
            Self::German | Self::Spanish | Self::Italian | Self::Portuguese | Self::Dutch => (',', '.'),
            Self::French => (',', '\u{202f}'),
            Self::Swiss => ('.', '’'),
        }
    }

    /// What makes digits a percentage.
    pub(super) fn percent(self) -> &'static str {
        match self {
            Self::English | Self::Italian | Self::Portuguese | Self::Dutch | Self::Swiss => "%",
            Self::German | Self::Spanish => "\u{a0}%",
            Self::French => "\u{202f}%",
        }
    }

    /// What stands before and behind the digits of an amount in a currency with this sign.
    pub(super) fn around_money(self, sign: &str) -> (String, String) {
        let spelled = sign.ends_with(char::is_alphabetic);
        match self {
            Self::English if spelled => (format!("{sign} "), String::new()),
            Self::English => (sign.to_owned(), String::new()),
            Self::Dutch | Self::Swiss => (format!("{sign}{GAP}"), String::new()),
            _ => (String::new(), format!("{GAP}{sign}")),
        }
    }

    pub(super) fn scale(self, scale: NumberScale) -> WrittenScale {
        let words = match self {
            Self::English | Self::Swiss => ENGLISH,
            Self::German => GERMAN,
            Self::French => FRENCH,
            Self::Italian => ITALIAN,
            Self::Dutch => DUTCH,
            Self::Spanish | Self::Portuguese => IBERIAN,
        };
        let [thousand, million, billion] = words;
        let ((mark, names), power) = match scale {
            NumberScale::Thousand => (thousand, 3),
            NumberScale::Million => (million, 6),
            NumberScale::Billion if million.0 == billion.0 => (million, 6),
            NumberScale::Billion => (billion, 9),
        };
        let by = (0..power).fold(Decimal::ONE, |by, _| by * Decimal::TEN);
        WrittenScale { by, mark, names }
    }

    /// Digits as it writes them, given with a point and nothing else; thousands are marked off where they are to be.
    pub(super) fn digits(self, plain: &str, grouped: bool) -> String {
        let (point, group) = self.marks();
        let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
        let mut out = String::with_capacity(plain.len() * 2);
        for (at, c) in whole.chars().enumerate() {
            if grouped && at > 0 && (whole.len() - at).is_multiple_of(3) {
                out.push(group);
            }
            out.push(c);
        }
        if plain.contains('.') {
            out.push(point);
            out.push_str(fraction);
        }
        out
    }
}
