//! Figures that say a value of the data in another unit, `396 minutes (6.6 hours)`, so many times, or against a number that the
//! question sets: `1.7 points below the target`.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive as _;

use super::derive::Search;
use super::figure::DerivationOperation;
use super::number::{Kind, Separators, numbers};
use super::operand::{MOST_GROUPS, Operand, StatedOperand, operand};
use super::scope::FigureContext;
use super::text::Span;

/// Most numbers of a question that a figure may be set against.
pub(super) const MOST_ASKED: usize = 4;

/// Units of time with their seconds.
const UNITS: [(&str, i64); 5] = [
    (
        "s sec second seconds sekunde sekunden seconde secondes segundo segundos",
        1,
    ),
    ("min mins minute minutes minuten minuto minutos", 60),
    (
        "h hr hrs hour hours stunde stunden heure heures hora horas",
        3_600,
    ),
    ("day days tag tage tagen jour jours día días", 86_400),
    ("week weeks woche wochen semaine semaines semana semanas", 604_800),
];

/// The unit of time that a word, in lower case, is, in seconds.
pub(super) fn seconds_of(word: &str) -> Option<i64> {
    let unit = UNITS
        .iter()
        .find(|(names, _)| names.split(' ').any(|name| name == word));
    unit.map(|(_, seconds)| *seconds)
}

/// The unit of time that stands right behind some bytes.
pub(super) fn unit_behind(seat: &FigureContext<'_, '_, '_>, end: usize) -> Option<i64> {
    let next = seat.context.words_from(end).first()?;
    let gap = Span::new(end, next.span.start).of(seat.context.text);
    let close = matches!(gap.trim_matches(['*', '_']), " " | "\u{a0}" | "-" | "");
    seconds_of(&next.low).filter(|_| close)
}

/// The numbers that a question sets, as far as they are no dates, each with whether it is in percent.
pub(super) fn set_by(question: &str) -> Vec<(Decimal, bool)> {
    let all = numbers(question, Separators::English).into_iter();
    let set = all.filter(|number| number.kind == Kind::Quantity && number.value.is_finite());
    let exactly = set.filter_map(|number| Some((Decimal::from_f64(number.value)?, number.percent)));
    exactly.take(MOST_ASKED).collect()
}

impl Search<'_, '_, '_, '_> {
    /// Values of the row named, or stated near by, in the unit of time that the figure is in.
    pub(super) fn in_another_unit(&mut self, near: &[StatedOperand]) {
        let Some(own) = unit_behind(self.seat, self.seat.span.end) else {
            return;
        };
        for told in near {
            let unit = unit_behind(self.seat, told.span.end).or_else(|| self.unit_of_column(&told.operand));
            self.converted(&told.operand, unit, own);
        }
        for at in 0..self.seat.context.index.materials.len() {
            let groups = self.seat.groups(at);
            let numeric = self.seat.context.index.shapes.get(at);
            let numeric = numeric.map(|shape| shape.numeric.clone()).unwrap_or_default();
            for rows in groups.iter().take(MOST_GROUPS).filter(|rows| rows.len() == 1) {
                for column in &numeric {
                    if let Some(one) = operand(self.seat, at, *column, rows) {
                        let unit = self.unit_of_column(&one);
                        self.converted(&one, unit, own);
                    }
                }
            }
        }
    }

    fn converted(&mut self, one: &Operand, unit: Option<i64>, own: i64) {
        let Some(unit) = unit.filter(|unit| *unit != own) else {
            return;
        };
        let value = one.value.checked_mul(Decimal::from(unit));
        let value = value.and_then(|value| value.checked_div(Decimal::from(own)));
        self.check(DerivationOperation::Ratio, value, 1, std::slice::from_ref(one));
    }

    /// The unit of time in a column's name.
    fn unit_of_column(&self, one: &Operand) -> Option<i64> {
        let table = self.seat.context.index.materials.get(one.material)?.table;
        let column = table.columns.get(one.column)?;
        let label = super::keys::name_words(&column.label);
        let name = super::keys::name_words(&column.name);
        // `tickets per day` are in no days.
        if label.iter().chain(&name).any(|word| word == "per") {
            return None;
        }
        let last = |words: &[String]| words.last().and_then(|word| seconds_of(word));
        last(&label).or_else(|| last(&name))
    }

    /// So many times what was stated: `times 12 that is about $10.01M`.
    pub(super) fn times_stated(&mut self, near: &[StatedOperand]) {
        const TIMES: [&str; 6] = ["times", "×", "x", "mal", "fois", "por"];
        let context = self.seat.context;
        let before = Span::new(self.seat.place.sentence.start, self.seat.span.start);
        let factor = context.numbers_in(before).iter().rev().find(|number| {
            let left = context.text.get(..number.start).unwrap_or_default().trim_end();
            let word = left.rsplit(' ').next().unwrap_or_default();
            number.kind == Kind::Quantity && TIMES.contains(&word)
        });
        let factor = factor.and_then(|number| Some((number.start, Decimal::from_f64(number.value)?)));
        let Some((start, factor)) = factor else { return };
        let stated = near.iter().filter(|told| told.span.end <= start);
        if let Some(told) = stated.max_by_key(|told| told.span.end) {
            let value = told.operand.value.checked_mul(factor);
            self.check(
                DerivationOperation::Ratio,
                value,
                1,
                std::slice::from_ref(&told.operand),
            );
        }
    }

    /// How far what was stated lies from a number that the question sets, where a word speaks of a gap.
    pub(super) fn against_asked(&mut self, near: &[StatedOperand], asked: &[(Decimal, bool)]) {
        const GAPS: [&str; 20] = [
            "below", "above", "under", "over", "short", "behind", "beyond", "off", "from", "missing",
            "missed", "ahead", "gap", "unter", "über", "fehlen", "debajo", "encima", "dessous", "dessus",
        ];
        let behind = self.seat.context.words_from(self.seat.span.end).iter().take(2);
        let mut before = self.seat.context.words_in(self.seat.place.clause).iter();
        let told = behind.clone().any(|word| GAPS.contains(&word.low.as_str()))
            || before.any(|word| {
                matches!(
                    word.low.as_str(),
                    "missed" | "exceeded" | "misses" | "exceeds" | "short"
                )
            });
        if !told || self.seat.place.row.is_some() {
            return;
        }
        for told in near {
            for (wanted, percent) in asked {
                if *percent == self.wanted.percent {
                    let gap = told.operand.value.checked_sub(*wanted);
                    let inputs = std::slice::from_ref(&told.operand);
                    for gap in [gap, gap.map(|gap| -gap)] {
                        self.check(DerivationOperation::Difference, gap, 1, inputs);
                    }
                }
            }
        }
    }
}
