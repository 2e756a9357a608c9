//! Where a text speaks of a row by its number: "order 40012", "`12345678` → $8,200", "at 6 pm", "hours 12 and 13".
//!
//! A number in prose is a key only where the words or the layout say so, because a small one is as often a count:
//! "3 guests" is none of guest 3.

use super::index::CellIndex;
use super::key_hours::end_of_hours;
use super::keys::{KeyColumn, KeyKind};
use super::labels::Label;
use super::number::{Kind, Number};
use super::scope::{Mention, MentionTarget};
use super::text::{Layout, Span, TextWord, holder, is_singular, stem};
use super::vocabulary::Concept;

/// From so many digits on a number that no cell measures names a row, whatever stands around it.
const TELLING: usize = 4;
/// The keys that a text speaks of, in order.
pub(super) fn key_mentions<'i>(
    text: &str,
    words: &[TextWord<'_>],
    numbers: &[Number],
    layout: &Layout,
    index: &'i CellIndex<'i>,
) -> Vec<Mention<'i>> {
    let mut found: Vec<Mention<'i>> = Vec::new();
    for key in &index.keys {
        let reader = KeyReader {
            text,
            words,
            numbers,
            layout,
            index,
            key,
        };
        let mut last: Option<Span> = None;
        for at in 0..words.len() {
            let Some((label, span)) = reader.named(at, last) else {
                continue;
            };
            last = Some(span);
            found.push(Mention {
                span,
                what: MentionTarget::Label(label),
            });
        }
    }
    found
}

struct KeyReader<'a, 't, 'i> {
    text: &'t str,
    words: &'a [TextWord<'t>],
    numbers: &'a [Number],
    layout: &'a Layout,
    index: &'i CellIndex<'i>,
    key: &'i KeyColumn,
}

impl<'i> KeyReader<'_, '_, 'i> {
    fn low(&self, at: Option<usize>) -> &str {
        at.and_then(|at| self.words.get(at))
            .map_or("", |word| word.low.as_str())
    }

    /// What stands between a word and the one before it.
    fn gap(&self, at: usize) -> &str {
        let before = at.checked_sub(1).and_then(|at| self.words.get(at));
        let from = before.map_or(0, |word| word.span.end);
        let to = self.words.get(at).map_or(self.text.len(), |word| word.span.start);
        self.text.get(from..to).unwrap_or_default()
    }

    /// The label that the word at `at` names, if it does; `last` is where the one before it stands.
    fn named(&self, at: usize, last: Option<Span>) -> Option<(&'i Label, Span)> {
        let word = self.words.get(at)?;
        if self.key.kind == KeyKind::Hour {
            let hour = match word.low.as_str() {
                "noon" => Some(12),
                "midnight" => Some(0),
                _ => None,
            };
            if let Some(label) = hour.and_then(|hour| self.key.labels.get(&hour)) {
                return Some((label, word.span));
            }
        }
        // `one star`
        if let Some(value) = super::count::of_word(&word.low).filter(|_| self.names_a_star(at)) {
            let label = i64::try_from(value)
                .ok()
                .and_then(|value| self.key.labels.get(&value))?;
            return Some((label, word.span));
        }
        let digits = word.low.trim_end_matches(char::is_alphabetic);
        let suffix = word.low.get(digits.len()..).unwrap_or_default();
        // "the 1950s" are a decade.
        let decade = suffix == "s" && digits.len() == 4;
        let ordinal = matches!(suffix, "st" | "nd" | "rd" | "th");
        if digits.is_empty()
            || !(suffix.is_empty() || ordinal || decade || matches!(suffix, "h" | "am" | "pm"))
        {
            return None;
        }
        let value: i64 = digits.parse().ok()?;
        let clock = (self.key.kind == KeyKind::Hour)
            .then(|| self.hour(at, value, suffix))
            .flatten();
        if let Some(hour) = clock {
            let continues = last.is_some_and(|last| self.is_range(last, word.span));
            let label = self.key.labels.get(&hour).filter(|_| !continues)?;
            return Some((label, word.span));
        }
        let label = self.key.labels.get(&value)?;
        let span = match suffix {
            "s" => Span::new(word.span.start, word.span.start + digits.len()),
            _ => word.span,
        };
        let alone = self.is_whole(span, ordinal);
        (alone && self.speaks_of(at, value, ordinal, last)).then_some((label, span))
    }

    /// Whether the digits are a number of their own, without currency, percent or decimals.
    fn is_whole(&self, span: Span, ordinal: bool) -> bool {
        let span_of = |number: &Number| Span::new(number.start, number.end);
        let number = holder(self.numbers, span_of, span).and_then(|at| self.numbers.get(at));
        number.is_some_and(|number| {
            let written = span_of(number).of(self.text).trim_matches(['(', ')']);
            let plain = !number.percent && number.currency.is_none();
            plain
                && (ordinal || written == span.of(self.text))
                && !matches!(number.kind, Kind::ListMarker | Kind::Span)
        })
    }

    /// The hour of the day that a number with these surroundings is.
    fn hour(&self, at: usize, value: i64, suffix: &str) -> Option<i64> {
        let next = self.low(Some(at + 1));
        let near = matches!(self.gap(at + 1), "" | " " | "\u{a0}");
        let half = match (suffix, next) {
            ("am", _) => Some(0),
            ("pm", _) => Some(12),
            ("", "am" | "a") if near => Some(0),
            ("", "pm" | "p") if near => Some(12),
            _ => None,
        };
        // `at 5 in the morning`
        let part = (
            self.low(Some(at + 1)),
            self.low(Some(at + 2)),
            self.low(Some(at + 3)),
        );
        // `At 19 there are`, `at 9 and at 13`
        let bare = suffix.is_empty()
            && matches!(self.low(at.checked_sub(1)), "at" | "um")
            && self.gap(at) == " "
            && (matches!(
                next,
                "there" | "it" | "we" | "the" | "with" | "and" | "or" | "is" | "was"
            ) || matches!(self.gap(at + 1), ", " | ". " | ")" | ") " | "; " | ": "));
        if bare && (0..24).contains(&value) {
            return Some(value);
        }
        let half = half.or(match part {
            ("in", "the", "morning") if near => Some(0),
            ("in", "the", "afternoon" | "evening") if near => Some(12),
            _ => None,
        });
        // `between 9 and 10 a.m.`
        let joined = matches!(self.low(Some(at + 1)), "and" | "to" | "until");
        let ends = self.low(Some(at + 2)).chars().all(|c| c.is_ascii_digit());
        let half = half.or(match self.low(Some(at + 3)) {
            "am" | "a" if near && joined && ends => Some(0),
            "pm" | "p" if near && joined && ends => Some(12),
            _ => None,
        });
        if let Some(half) = half.filter(|_| (1..=12).contains(&value)) {
            return Some(value % 12 + half);
        }
        let minutes = self.gap(at + 1) == ":" && next.len() == 2 && next.chars().all(|c| c.is_ascii_digit());
        let clock = suffix == "h" || (suffix.is_empty() && near && matches!(next, "h" | "uhr" | "o"));
        let behind = self.gap(at) == ":";
        ((minutes || clock) && !behind && (0..24).contains(&value)).then_some(value)
    }

    /// Whether a number only ends the range that the one before it begins: `12:00–13:00`.
    fn is_range(&self, last: Span, span: Span) -> bool {
        let between = self.text.get(last.end..span.start).unwrap_or_default();
        let mark = between.trim_start_matches([':', '0', ' ', 'a', 'p', 'm']);
        mark.len() <= 6 && (mark.starts_with(['–', '—', '-']) || mark.starts_with("to "))
    }

    fn speaks_of(&self, at: usize, value: i64, ordinal: bool, last: Option<Span>) -> bool {
        let Some(span) = self.words.get(at).map(|word| word.span) else {
            return false;
        };
        self.follows_its_noun(at)
            || self.is_one_of_a_scale(at)
            || self.leads_its_noun(at, value, ordinal)
            || last.is_some_and(|last| self.is_listed_with(last, span) || self.repeats(last, at))
            || self.is_listed_before(at)
            || self.stands_behind_its_row(at, value)
            || self.stands_before_its_row(at, value)
            || self.opens_a_line(span)
            || self.heads_a_line(span, value)
            || self.is_cell(span)
            || self.opens_hours_in_cell(span)
            || (!ordinal && self.stands_for_its_row(at, value))
            || (!ordinal && self.tells_alone(at, value))
    }

    /// "order 40012", "claim no. 17", "rating of 5", "#3" where the key is a rank.
    fn follows_its_noun(&self, at: usize) -> bool {
        let tight = |gap: &str| {
            gap.trim_matches([' ', '\u{a0}', '*', '_', '`', '#', '.', ':', '(', '-'])
                .is_empty()
        };
        // "the lowest rating, 1, was given": the comma is closed again.
        let apposed = self.gap(at) == ", " && self.gap(at + 1).starts_with(',');
        if self.key.kind == KeyKind::Rank && self.gap(at).ends_with('#') {
            return true;
        }
        let Some(before) = at
            .checked_sub(1)
            .filter(|_| (tight(self.gap(at)) || apposed) && !self.gap(at).contains('\n'))
        else {
            return false;
        };
        let low = self.low(Some(before));
        let linked = Concept::KeyLink.has(low) && tight(self.gap(before));
        self.key.is_of(low) || (linked && self.key.is_of(self.low(before.checked_sub(1))))
    }

    /// "are a 4 or a 5", "205 visits got 5", "who gave a 1 come second": a mark on a scale, where nothing is counted.
    fn is_one_of_a_scale(&self, at: usize) -> bool {
        const SCALES: [&str; 5] = ["rating", "grade", "score", "mark", "star"];
        const GIVES: [&str; 9] = [
            "got", "get", "gets", "gave", "give", "gives", "given", "rated", "scored",
        ];
        let scale = SCALES.iter().any(|scale| self.key.is_of(scale));
        let before = self.low(at.checked_sub(1));
        let article = matches!(before, "a" | "an");
        let given = GIVES.contains(&before);
        let marked = article && GIVES.contains(&self.low(at.checked_sub(2)));
        scale && (marked || ((article || given) && self.ends_at(at))) && self.gap(at) == " "
    }

    /// Whether nothing follows a number that it could count.
    fn ends_at(&self, at: usize) -> bool {
        let next = self.low(Some(at + 1));
        !matches!(self.gap(at + 1), " " | "-") || matches!(next, "or" | "and" | "while")
    }

    /// "one star", "two stars": a mark on a scale.
    fn names_a_star(&self, at: usize) -> bool {
        let next = self.low(Some(at + 1));
        self.key.is_of(next) && stem(next) == "star" && self.gap(at + 1) == " "
    }

    /// "5 stars", "the 5th grade", "the 2024 cohort"; "3 guests" are so many.
    fn leads_its_noun(&self, at: usize, value: i64, ordinal: bool) -> bool {
        let next = self.low(Some(at + 1));
        if !self.key.is_of(next) || !matches!(self.gap(at + 1), " " | "-" | "\u{a0}") {
            return false;
        }
        let singular = is_singular(next);
        let before = self.low(at.checked_sub(1));
        let scale = matches!(stem(next), "star" | "rating");
        ordinal
            || scale
            || (singular && value != 1)
            || matches!(before, "after" | "at" | "within" | "by" | "age" | "aged")
    }

    /// "orders 40012, 40017 and 40023".
    fn is_listed_with(&self, last: Span, span: Span) -> bool {
        let between = self.text.get(last.end..span.start).unwrap_or_default();
        matches!(
            between.trim_matches(['*', '`', '_']),
            ", " | " and "
                | ", and "
                | " & "
                | "/"
                | "–"
                | "-"
                | " to "
                | " or "
                | " or a "
                | " and a "
                | " und "
                | " vs "
                | " vs. "
        )
    }

    /// "4 or 5 stars": the noun stands behind the last of them.
    fn is_listed_before(&self, at: usize) -> bool {
        let joined = |at: usize| matches!(self.low(Some(at)), "or" | "and" | "to");
        let next = self.low(Some(at + 2)).parse::<i64>();
        joined(at + 1)
            && next.is_ok_and(|next| {
                self.key.labels.contains_key(&next) && self.leads_its_noun(at + 2, next, false)
            })
    }

    /// "Tessel Freight (14)", "the hives at Old Quarry (14 and 18)": in brackets behind a name that its row has.
    fn stands_behind_its_row(&self, at: usize, value: i64) -> bool {
        const WORDS: usize = 3;
        let gap = self.gap(at);
        let opens = gap.trim_start_matches(['*', '_']) == " (" || gap == " (#";
        let next = self.gap(at + 1);
        let ends = next.starts_with([')', ',']) || matches!(self.low(Some(at + 1)), "and" | "und" | "or");
        let Some(before) = at
            .checked_sub(1)
            .and_then(|at| self.words.get(at))
            .filter(|_| opens && ends)
        else {
            return false;
        };
        self.has_name(value, WORDS, &before.low)
    }

    /// "**104 Bremen**: 2.99M": right before a name that its row has, where a line or a clause begins.
    fn stands_before_its_row(&self, at: usize, value: i64) -> bool {
        let Some(next) = self
            .words
            .get(at + 1)
            .filter(|next| next.capital() && self.gap(at + 1) == " ")
        else {
            return false;
        };
        let gap = self.gap(at);
        let opens =
            at == 0 || gap.contains('\n') || gap.ends_with(['*', '(']) || matches!(gap, ", " | ": " | ". ");
        opens && self.has_name(value, 1, &next.low)
    }

    /// Whether a row with this key has a text whose first words, so many, have this one.
    fn has_name(&self, value: i64, first: usize, low: &str) -> bool {
        let materials = self.index.materials.get(self.key.material);
        let rows = materials.map(|one| one.table.rows.as_slice()).unwrap_or_default();
        let names = self
            .index
            .key_rows(self.key, value)
            .iter()
            .filter_map(|row| rows.get(*row));
        names.flatten().any(|cell| match cell {
            crate::result::Cell::Text(name) => {
                let mut own = super::text::each_word(name).take(first);
                own.any(|word| low.len() > 2 && word.to_lowercase() == low)
            }
            _ => false,
        })
    }

    /// "372 give 5 stars, 535 give 4, 70 give 3": the word before the key comes again, in the same sentence.
    fn repeats(&self, last: Span, at: usize) -> bool {
        let Some(word) = self.words.get(at) else {
            return false;
        };
        let place = self.layout.place(word.span);
        let known = self
            .words
            .partition_point(|one| one.span.end <= last.start)
            .checked_sub(1);
        let before = at.checked_sub(1);
        let again = self.low(known) == self.low(before) && !self.low(before).is_empty();
        let letters = self.low(before).chars().all(char::is_alphabetic);
        again && letters && self.gap(at) == " " && place.row.is_none() && place.sentence.holds(last)
    }

    /// A list item or line that begins with the key, and a mark behind it.
    fn opens_a_line(&self, span: Span) -> bool {
        let line = self.layout.place(span).line;
        let before = self.text.get(line.start..span.start).unwrap_or_default();
        let marker = before
            .trim_start()
            .trim_start_matches(|c: char| c.is_ascii_digit());
        let bare = |text: &str| text.chars().all(|c| !c.is_alphanumeric());
        let opens = bare(before) || (bare(marker) && marker.starts_with(['.', ')']));
        let behind = self.text.get(span.end..line.end).unwrap_or_default();
        let behind = behind.trim_start_matches(['*', '_', '`', ' ', '\u{a0}']);
        // "- 2 units: 4,570 orders"
        let unit = behind.trim_start_matches(char::is_alphabetic);
        let behind = if unit.starts_with(':') { unit } else { behind };
        opens
            && self.layout.place(span).row.is_none()
            && behind.starts_with([':', '–', '—', '-', '→', '(', '=', '|'])
    }

    /// One of several names before the colon of a line, of the row that the first of them names: the 182 and the 155 of
    /// "- 1199, 2018-10-22, 182, 155: quantity 68".
    fn heads_a_line(&self, span: Span, value: i64) -> bool {
        let place = self.layout.place(span);
        let before = self.text.get(place.line.start..span.start).unwrap_or_default();
        let behind = self.text.get(span.end..place.line.end).unwrap_or_default();
        let ends = behind.starts_with(", ") || behind.starts_with(": ");
        if place.row.is_some()
            || !ends
            || !before.ends_with(", ")
            || before.contains(": ")
            || !behind.contains(": ")
        {
            return false;
        }
        let first = before.split(',').next().unwrap_or_default();
        let Ok(first) = first.trim_matches(|c: char| !c.is_alphanumeric()).parse::<i64>() else {
            return false;
        };
        let own = self.index.key_rows(self.key, value);
        let of_this_result = |key: &&KeyColumn| key.material == self.key.material;
        let mut others = self.index.keys.iter().filter(of_this_result);
        others.any(|other| {
            let rows = self.index.key_rows(other, first);
            other.column != self.key.column && rows.iter().any(|row| own.contains(row))
        })
    }

    /// A cell of a table under the key's header, or the first of its row under no other column's.
    fn is_cell(&self, span: Span) -> bool {
        let Some(cell) = self.layout.place(span).row else {
            return false;
        };
        let alone = cell.cell.of(self.text).trim_matches([' ', '*', '_', '`', '#']) == span.of(self.text);
        let Some(header) = cell.header.filter(|_| alone) else {
            return false;
        };
        let header = header.of(self.text);
        let own = super::text::words(header)
            .iter()
            .any(|word| self.key.is_of(&word.low));
        let first = !self.layout.has_cell_before(cell.cell);
        let columns = self.index.columns_of_header(header);
        own || columns.contains(&(self.key.material, self.key.column)) || (first && columns.is_empty())
    }

    /// The first of two hours alone in a cell: `8–10`, `17–18 h`.
    fn opens_hours_in_cell(&self, span: Span) -> bool {
        let Some(cell) = self
            .layout
            .place(span)
            .row
            .filter(|_| self.key.kind == KeyKind::Hour)
        else {
            return false;
        };
        let own = cell.cell.of(self.text).trim_matches([' ', '*', '_', '`']);
        let behind = self.text.get(span.end..cell.cell.end).unwrap_or_default();
        own.starts_with(span.of(self.text)) && own.len() <= 14 && end_of_hours(behind).is_some()
    }

    /// A number that no cell measures, where a sentence begins with it or a figure follows at once: "611 yielded 4,200 litres, 612
    /// 2,850".
    fn stands_for_its_row(&self, at: usize, value: i64) -> bool {
        let Some(word) = self.words.get(at).filter(|word| word.text.len() > 1) else {
            return false;
        };
        let place = self.layout.place(word.span);
        let opens = place.sentence.start == word.span.start && word.text.len() + 1 >= TELLING;
        let before = self.low(at.checked_sub(1));
        let listed = self.gap(at).starts_with([',', ';']) || matches!(before, "and" | "und");
        let gap = self.gap(at + 1);
        let figure = matches!(gap.trim_matches(['$', '€', '£', '*', '_']), " ")
            && self.low(Some(at + 1)).starts_with(|c: char| c.is_ascii_digit());
        let near = self.gap(at + 1) == " ";
        place.row.is_none() && ((opens && near) || (listed && figure)) && !self.is_measured(value)
    }

    /// Whether a cell measures just this.
    fn is_measured(&self, value: i64) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "only compared")]
        let value = value as f64;
        !self.index.between(value - 0.5, value + 0.5).is_empty()
    }

    /// A long number that no cell measures.
    fn tells_alone(&self, at: usize, value: i64) -> bool {
        let Some(word) = self.words.get(at) else {
            return false;
        };
        let next = self.low(Some(at + 1));
        let gap = self.gap(at + 1);
        let ends = gap != " " || Concept::AfterKey.has(next);
        let long = word.text.len() >= TELLING || (word.text.len() + 1 == TELLING && ends);
        long && !self.is_measured(value)
    }
}
