//! Tables of one row or a few that a text tells in sentences: "Google brought 104,510.07 USD and Facebook 83,950.75".

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::cell;
use super::days;
use super::denial;
use super::figure;
use super::in_text;
use super::mention;
use super::said_of;
use super::top;
use super::{AskedQuestion, answer, table};
use crate::eval::gold::{FigureUnit, GoldPlace, GoldScalar, GoldTable, Locale};
use crate::grounding::{Kind, Number, Separators};
use crate::text::built_in_pattern;

static JOIN: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"(?i)^\s*(,|;|/|&|,?\s*\band\b)\s*$"));
static EACH: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"(?i)\b(each|apiece|both)\b"));
/// Most rows that people tell in sentences.
const MOST_ROWS: usize = 6;

/// Whether the text tells the gold's rows: one row with all it holds as the answer, or each row's figures beside its name.
pub(super) fn tells(gold: &GoldTable, text: &str, asked: &AskedQuestion<'_>) -> bool {
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains('|')).collect();
    let text = mention::folded(&lines.join("\n"));
    let needed: Vec<usize> = gold
        .columns
        .iter()
        .enumerate()
        .filter(|(_, name)| {
            gold.required
                .as_ref()
                .is_none_or(|required| required.contains(name))
        })
        .map(|(at, _)| at)
        .collect();
    match gold.rows.as_slice() {
        [] => false,
        [row] => {
            let cells: Vec<&Value> = needed.iter().filter_map(|at| row.get(*at)).collect();
            tells_one(gold, &cells, &text, asked)
        }
        rows if rows.len() <= MOST_ROWS => tells_each(gold, rows, &needed, &text),
        _ => false,
    }
}

/// Whether every cell of a row is said, figures as the answer.
fn tells_one(gold: &GoldTable, cells: &[&Value], text: &str, asked: &AskedQuestion<'_>) -> bool {
    let figures: Vec<Number> = in_text::figures(text, Separators::English)
        .into_iter()
        .filter(|number| matches!(number.kind, Kind::Quantity | Kind::Year))
        .collect();
    let own = |number: &Number| cells.iter().any(|cell| is(gold, cell, number));
    // "In claim 40117 1,645.70 was claimed": what the question itself names is no other answer.
    let in_question = crate::grounding::numbers(asked.questions.as_ref(), Separators::English);
    let is_asked = |number: &Number| {
        let same = |one: &Number| (one.value - number.value).abs() <= f64::EPSILON * number.value.abs();
        in_question.iter().any(same)
    };
    let dates: Vec<i128> = cells.iter().filter_map(|cell| days::of_cell(cell)).collect();
    if days::spans_backwards(text, &dates) {
        return false;
    }
    let own_names: Vec<String> = cells
        .iter()
        .filter(|cell| is_name(cell))
        .map(|cell| mention::name(cell))
        .collect();
    // The name of a column is nobody's.
    let questions = format!("{} {}", asked.questions, gold.columns.join(" ").replace('_', " "));
    cells.iter().all(|cell| {
        if let Some(moment) = days::of_cell(cell) {
            let place = days::said(text).into_iter().find(|(_, day)| *day == moment);
            return place.is_some_and(|(place, _)| !answer::is_offered(text, &place));
        }
        if is_name(cell) {
            let names = [mention::folded(&mention::name(cell))];
            let places = mention::each(text, &names);
            let said = places.first().and_then(|places| places.first());
            return said.is_some_and(|place| {
                !answer::is_offered(text, place)
                    && !is_alternative(text, place)
                    && !denial::of_name(text, place)
                    && !top::comes_behind(text, place)
            });
        }
        figures
            .iter()
            .filter(|number| is(gold, cell, number) && !is_of_another_column(gold, cell, cells, text, number))
            .filter(|number| said_of::what_else(&questions, &own_names, text, number, &figures).is_none())
            .any(|number| {
                let same_kind = |other: &&Number| {
                    other.kind == Kind::Quantity
                        && other.percent == number.percent
                        && other.currency.is_some() == number.currency.is_some()
                };
                let others: Vec<&Number> = figures
                    .iter()
                    .filter(same_kind)
                    .filter(|other| !own(other) && !is_asked(other))
                    .collect();
                answer::names_it(&asked.questions, text, number, &others).is_ok()
            })
    })
}

/// Whether each row's figures stand beside its key: between it and the next one, all of them before, or each nearer to it
/// than to any other. Where the order counts, the keys come in it.
fn tells_each(gold: &GoldTable, rows: &[Vec<Value>], needed: &[usize], text: &str) -> bool {
    let Some(key) = key_column(rows, needed) else {
        return false;
    };
    let names: Vec<String> = rows
        .iter()
        .map(|row| mention::folded(&mention::name(row.get(key).unwrap_or(&Value::Null))))
        .collect();
    let mut told: Vec<(Range<usize>, &Vec<Value>)> = Vec::new();
    let places = periods(text, rows, key).unwrap_or_else(|| mention::each(text, &names));
    for (places, row) in places.into_iter().zip(rows) {
        let whole = |place: &Range<usize>| !is_part_of_number(text, place);
        let Some(place) = places.into_iter().find(whole) else {
            return false;
        };
        told.push((place, row));
    }
    told.sort_by_key(|(place, _)| place.start);
    if told
        .iter()
        .any(|(place, _)| answer::is_offered(text, place) || denial::of_name(text, place))
    {
        return false;
    }
    let in_order: Vec<Vec<Value>> = told.iter().map(|(_, row)| (*row).clone()).collect();
    if gold.ordered && table::match_tables(gold, gold.columns.len(), &in_order).is_err() {
        return false;
    }
    let is_key = |number: &Number| {
        told.iter()
            .any(|(place, _)| place.start <= number.start && number.end <= place.end)
    };
    let figures: Vec<Number> = in_text::figures(text, Separators::English)
        .into_iter()
        .filter(|number| number.kind == Kind::Quantity && !is_key(number))
        .collect();
    let rows_told = RowsTold {
        gold,
        text,
        figures: &figures,
        others: needed.iter().copied().filter(|at| *at != key).collect(),
        told: &told,
    };
    rows_told.after() || rows_told.before() || rows_told.nearest() || rows_told.in_turn()
}

/// The places of the periods that are the keys of rows, however they are written; `None` where keys are something else.
fn periods(text: &str, rows: &[Vec<Value>], key: usize) -> Option<Vec<Vec<Range<usize>>>> {
    let keys: Vec<&Value> = rows.iter().filter_map(|row| row.get(key)).collect();
    let moments: Vec<i128> = keys
        .iter()
        .map(|cell| days::of_cell(cell))
        .collect::<Option<_>>()?;
    let mut said = days::said(text);
    said.extend(cell::only_year(&keys).map_or_else(Vec::new, |year| days::months(text, year)));
    said.sort_by_key(|(place, _)| place.start);
    let places = moments.iter().map(|moment| {
        let own = said.iter().filter(|(_, day)| day == moment);
        own.map(|(place, _)| place.clone()).collect()
    });
    Some(places.collect())
}

/// The column that tells the rows apart: names, else the first one of different whole numbers, such as years or hours.
fn key_column(rows: &[Vec<Value>], needed: &[usize]) -> Option<usize> {
    let all = |at: usize, is: fn(&Value) -> bool| rows.iter().all(|row| row.get(at).is_some_and(is));
    let apart = |at: usize| {
        let values: BTreeSet<String> = rows
            .iter()
            .filter_map(|row| row.get(at))
            .map(ToString::to_string)
            .collect();
        values.len() == rows.len()
    };
    let period = |cell: &Value| days::of_cell(cell).is_some();
    let named = needed.iter().copied().find(|at| all(*at, is_name));
    let named = named.or_else(|| {
        let mut dated = needed.iter().copied().filter(|at| all(*at, period));
        dated.find(|at| needed.len() > 1 && apart(*at))
    });
    named.or_else(|| {
        let mut whole = needed
            .iter()
            .copied()
            .filter(|at| needed.len() > 1 && all(*at, Value::is_u64));
        whole.find(|at| apart(*at))
    })
}

/// Whether digits belong to a longer number: the 12 of `1,200` or of `12.5`.
fn is_part_of_number(text: &str, place: &Range<usize>) -> bool {
    let digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let after = text.get(place.end..).unwrap_or_default();
    let before = text.get(..place.start).unwrap_or_default();
    let joined = |rest: Option<&str>| rest.is_some_and(digit);
    let ends_in_digit = |rest: &str| rest.ends_with(|c: char| c.is_ascii_digit());
    let digits = text
        .get(place.clone())
        .is_some_and(|said| said.bytes().all(|byte| byte.is_ascii_digit()));
    digits
        && (joined(after.strip_prefix([',', '.']))
            || before.strip_suffix([',', '.']).is_some_and(ends_in_digit)
            || before.ends_with('$'))
}

/// Rows whose keys are all in a text, in the order of their keys there.
struct RowsTold<'a> {
    gold: &'a GoldTable,
    text: &'a str,
    /// The figures that are no keys.
    figures: &'a [Number],
    /// The columns beside the key.
    others: Vec<usize>,
    told: &'a [(Range<usize>, &'a Vec<Value>)],
}

impl RowsTold<'_> {
    fn own(&self, row: &[Value], number: &Number) -> bool {
        self.others
            .iter()
            .filter_map(|at| row.get(*at))
            .any(|cell| is(self.gold, cell, number))
    }

    /// Whether a part of the text says a row, with a figure of it nearest to the key.
    fn says(&self, part: Range<usize>, row: &[Value], first: bool) -> bool {
        let inside: Vec<&Number> = self
            .figures
            .iter()
            .filter(|number| part.start <= number.start && number.end <= part.end)
            .collect();
        let nearest = if first { inside.first() } else { inside.last() };
        let words = self.text.get(part.clone()).unwrap_or_default();
        let others: Vec<&Value> = self.others.iter().filter_map(|at| row.get(*at)).collect();
        let dates: Vec<i128> = others.iter().filter_map(|cell| days::of_cell(cell)).collect();
        let has_figures = others
            .iter()
            .any(|cell| days::of_cell(cell).is_none() && !is_name(cell));
        (!has_figures || nearest.is_some_and(|number| self.own(row, number)))
            && !days::spans_backwards(words, &dates)
            && self.others.iter().all(|at| {
                let cell = row.get(*at).unwrap_or(&Value::Null);
                let name = [mention::folded(&mention::name(cell))];
                if let Some(moment) = days::of_cell(cell) {
                    days::said(words).iter().any(|(_, day)| *day == moment)
                } else if is_name(cell) {
                    let places = mention::each(words, &name);
                    places.iter().any(|places| !places.is_empty())
                } else {
                    let own = |number: &&&Number| {
                        is(self.gold, cell, number)
                            && !is_of_another_column(self.gold, cell, &others, self.text, number)
                    };
                    inside.iter().any(|number| own(&number))
                }
            })
    }

    fn after(&self) -> bool {
        self.told.iter().enumerate().all(|(at, (place, row))| {
            let next = self
                .told
                .get(at + 1)
                .map_or(self.text.len(), |(next, _)| next.start);
            let shared = self.shared_end(at).filter(|_| next < self.text.len());
            self.says(place.end..next, row, true)
                || shared.is_some_and(|(from, to)| self.says(from..to, row, true))
        })
    }

    /// What is said of each of several keys together: "Calais, Dover and Oslo have 18 each".
    fn shared_end(&self, at: usize) -> Option<(usize, usize)> {
        let place = |at: usize| self.told.get(at).map(|(place, _)| place);
        let joined = |at: &usize| match (place(*at), place(*at + 1)) {
            (Some(one), Some(next)) => self
                .text
                .get(one.end..next.start)
                .is_some_and(|gap| JOIN.is_match(gap)),
            _ => false,
        };
        let last = (at..self.told.len()).take_while(joined).last()? + 1;
        let from = place(last)?.end;
        let to = place(last + 1).map_or(self.text.len(), |next| next.start);
        EACH.is_match(self.text.get(from..to)?).then_some((from, to))
    }

    fn before(&self) -> bool {
        self.told.iter().enumerate().all(|(at, (place, row))| {
            let previous = at.checked_sub(1).and_then(|at| self.told.get(at));
            self.says(
                previous.map_or(0, |(place, _)| place.end)..place.start,
                row,
                false,
            )
        })
    }

    /// "Acorn and Marigold brought 12 and 9": first the keys, then as many figures in their order.
    fn in_turn(&self) -> bool {
        let ([column], Some((last, _))) = (self.others.as_slice(), self.told.last()) else {
            return false;
        };
        let joined = |gap: Option<&str>| gap.is_some_and(|gap| JOIN.is_match(gap));
        let keys = self.told.iter().zip(self.told.iter().skip(1));
        let mut keys = keys.map(|((one, _), (next, _))| self.text.get(one.end..next.start));
        let sentence = self.text.get(last.end..).unwrap_or_default();
        let end = sentence
            .find(['\n', ';'])
            .into_iter()
            .chain(sentence.find(". "))
            .min();
        let end = last.end + end.unwrap_or(sentence.len());
        let inside = |number: &&Number| number.start >= last.end && number.end <= end;
        let figures: Vec<&Number> = self.figures.iter().filter(inside).collect();
        let mut gaps = figures
            .iter()
            .zip(figures.iter().skip(1))
            .map(|(one, next)| self.text.get(one.end..next.start));
        figures.len() == self.told.len()
            && keys.all(joined)
            && gaps.all(joined)
            && self
                .told
                .iter()
                .zip(&figures)
                .all(|((_, row), number)| row.get(*column).is_some_and(|cell| is(self.gold, cell, number)))
    }

    /// "In 2025 it was 12, against 10 in 2024": one figure for each key, each nearer to its own.
    fn nearest(&self) -> bool {
        let [column] = self.others.as_slice() else {
            return false;
        };
        let distance = |place: &Range<usize>, number: &Number| {
            place
                .start
                .saturating_sub(number.end)
                .max(number.start.saturating_sub(place.end))
        };
        self.told.iter().all(|(place, row)| {
            let own = |number: &&Number| row.get(*column).is_some_and(|cell| is(self.gold, cell, number));
            self.figures.iter().filter(own).any(|number| {
                let beside = distance(place, number);
                let others = self.told.iter().filter(|(other, _)| other != place);
                let nearest_figure = self.figures.iter().all(|other| distance(place, other) >= beside);
                nearest_figure
                    && others
                        .map(|(other, _)| distance(other, number))
                        .all(|other| other > beside)
            })
        })
    }
}

/// Whether a cell is a name: a text that is neither a figure nor a day. A year as a text is one.
fn is_name(cell: &Value) -> bool {
    let year = |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    let named = cell::number(cell).is_none() || cell::is_code(cell) || cell.as_str().is_some_and(year);
    cell.is_string() && named && cell::moment(cell).is_none()
}

/// Whether the words beside a figure make it one of another column of the row: "1,920 passengers" where that is the revenue.
fn is_of_another_column(
    gold: &GoldTable,
    cell: &Value,
    cells: &[&Value],
    text: &str,
    number: &Number,
) -> bool {
    let after = text.get(number.end..).unwrap_or_default();
    let after = after.trim_start_matches([' ', '*', '_', '`']).to_lowercase();
    let before = text.get(..number.start).unwrap_or_default();
    let before = before.trim_end_matches([' ', '*', '_', '`']).to_lowercase();
    // "Dogs: 287, cats: 311" names each figure before it.
    let label = before.strip_suffix([':', '=']).map(str::trim_end);
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let said = |at: usize| {
        let name = gold
            .columns
            .get(at)
            .map(|name| name.replace('_', " ").to_lowercase());
        name.is_some_and(|name| {
            if let Some(label) = label {
                let rest = label.strip_suffix(&name);
                // "4 stars: 310" is what the row of 4 stars has.
                let counted = |rest: &str| rest.trim_end().ends_with(|c: char| c.is_ascii_digit());
                rest.is_some_and(|rest| !is_word(rest.chars().next_back()) && !counted(rest))
            } else {
                let rest = after.strip_prefix(&name);
                rest.is_some_and(|rest| !is_word(rest.chars().next()))
            }
        })
    };
    let row = gold
        .rows
        .iter()
        .find(|row| cells.iter().all(|cell| row.contains(cell)) && row.contains(cell));
    row.is_some_and(|row| {
        let own = |at: &usize| row.get(*at) == Some(cell);
        (0..row.len()).any(said) && !(0..row.len()).filter(own).any(said)
    })
}

fn is_alternative(text: &str, place: &Range<usize>) -> bool {
    let after = text.get(place.end..).unwrap_or_default().trim_start();
    let before = text.get(..place.start).unwrap_or_default().trim_end();
    after.starts_with("or ") || before.ends_with(" or")
}

/// Whether a figure of a text is a cell.
fn is(gold: &GoldTable, cell: &Value, number: &Number) -> bool {
    let Some(value) = cell.as_f64().or_else(|| cell.as_str()?.trim().parse().ok()) else {
        return false;
    };
    let units: &[FigureUnit] = if number.percent {
        &[FigureUnit::Percent, FigureUnit::Fraction]
    } else {
        &[FigureUnit::Number]
    };
    units.iter().any(|unit| {
        let scalar = GoldScalar {
            value,
            unit: *unit,
            currency: None,
            absolute: gold.absolute,
            relative: gold.relative,
            min_digits: None,
            change: false,
            locale: Locale::En,
            place: GoldPlace::Text,
            turn: None,
        };
        figure::number_is(&scalar, number, false)
    })
}
