//! Which rows of a result the words around a figure name.
//!
//! Each name stands for a group of rows. Names of several kinds stand for the rows that all of them hold, so groups of
//! one kind are met with those of the next; what comes out empty is dropped at once, so that there are never more
//! groups than rows can tell apart.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use super::figure_context::once;
use super::scope::{FigureContext, GroupsKey, Mention, MentionTarget, TextContext};
use super::text::{Relation, Span, TextPeriod, begins_week};

/// Most groups that names of several kinds make together.
const MOST_GROUPS: usize = 1_000;

/// What rows are asked for, to tell apart what was worked out before.
const OWN: u8 = 0;
const SENTENCE: u8 = 1;
const AROUND: u8 = 2;

impl FigureContext<'_, '_, '_> {
    /// The rows of a result that the closest surroundings name, if they name any.
    pub(super) fn named_rows(&self, material: usize) -> Rc<Vec<usize>> {
        let own = self.place.aside.unwrap_or(self.place.clause);
        let line = self.place.row.map(|_| self.place.line);
        let memo = &self.context.memo.rows;
        once(memo, (material, OWN, own, line, None), || {
            let mut rows = self.flat_rows(material, &[Some(own), line]);
            rows.sort_unstable();
            rows.dedup();
            Rc::new(rows)
        })
    }

    /// The rows of a result that the sentence names, one group for each name; of names of several kinds the rows that
    /// all of them hold.
    pub(super) fn groups(&self, material: usize) -> Rc<Vec<Vec<usize>>> {
        let header = self.place.row.and_then(|cell| cell.header);
        let key: GroupsKey = (material, SENTENCE, self.place.sentence, header, self.place.before);
        once(&self.context.memo.groups, key, || {
            let context = self.context;
            let earlier = self.periods_before(material);
            let mut here = context.named_within(&[Some(self.place.sentence), header]);
            if let Some(before) = self.place.before.filter(|_| !earlier.is_empty()) {
                let range = context.mention_range(before);
                here.extend(range.filter(|at| {
                    let mention = context.mentions.get(*at);
                    mention.is_some_and(|mention| earlier.contains(&mention.span))
                }));
                here.sort_unstable();
                here.dedup();
            }
            let groups = self.groups_of(material, &here);
            Rc::new(match self.place.before {
                Some(before) if groups.is_empty() => {
                    self.groups_of(material, &context.named_within(&[Some(before)]))
                }
                _ => groups,
            })
        })
    }

    /// Where the sentence before names periods, if this one names only what they are of: `Widget came next with +18.4%`.
    fn periods_before(&self, material: usize) -> Vec<Span> {
        let shape = self.context.index.shapes.get(material);
        let twofold = shape.is_some_and(|shape| !shape.labels.is_empty() && !shape.times.is_empty());
        let Some(before) = self.place.before.filter(|_| twofold) else {
            return Vec::new();
        };
        let in_span = |span: Span| {
            let mentions = self.context.mentions_in(span);
            let periods = mentions.filter(|mention| matches!(mention.what, MentionTarget::TextPeriod(_)));
            periods.map(|mention| mention.span).collect::<Vec<_>>()
        };
        if in_span(self.place.sentence).is_empty() {
            in_span(before)
        } else {
            Vec::new()
        }
    }

    /// The rows that one kind of name alone stands for, where the sentence names several kinds.
    pub(super) fn wholes(&self, material: usize) -> Vec<Vec<usize>> {
        let named = self.context.named_within(&[Some(self.place.sentence)]);
        let by_column = self.by_column(material, &named);
        if by_column.len() < 2 {
            return Vec::new();
        }
        by_column
            .into_iter()
            .flatten()
            .filter(|rows| rows.len() > 1)
            .map(|rows| rows.to_vec())
            .collect()
    }

    /// Whether the clause names a period that holds all rows of a result: `from March 1 to 7`.
    pub(super) fn names_all_rows(&self, material: usize) -> bool {
        let shape = self.context.index.shapes.get(material);
        let Some((at, (_, days))) = shape.and_then(|shape| shape.times.iter().enumerate().next()) else {
            return false;
        };
        let mut mentions = self.context.mentions_in(self.place.clause);
        mentions.any(|mention| match mention.what {
            MentionTarget::TextPeriod(period) => {
                self.context.rows_of_period(material, at, period).len() == days.len()
            }
            _ => false,
        })
    }

    /// Whether the sentence before names the period that a result is limited to: `It took 385,362 in 2025, after 352,060 in 2024.`
    pub(super) fn names_period_before(&self, material: usize) -> bool {
        let shape = self.context.index.shapes.get(material);
        let (Some(period), Some(before)) = (shape.and_then(|shape| shape.period), self.place.before) else {
            return false;
        };
        let mut mentions = self.context.mentions_in(before);
        mentions.any(|mention| match mention.what {
            MentionTarget::TextPeriod(named) => named.relation(period) == Relation::Same,
            _ => false,
        })
    }

    /// The rows that the sentence and the one before it name.
    pub(super) fn rows_around(&self, material: usize) -> Rc<Vec<usize>> {
        let (sentence, before) = (self.place.sentence, self.place.before);
        let memo = &self.context.memo.rows;
        once(memo, (material, AROUND, sentence, before, None), || {
            Rc::new(self.flat_rows(material, &[Some(sentence), before]))
        })
    }

    fn flat_rows(&self, material: usize, places: &[Option<Span>]) -> Vec<usize> {
        let named = self.context.named_within(places);
        self.groups_of(material, &named).into_iter().flatten().collect()
    }

    /// The groups that some mentions, given by their places, stand for together.
    fn groups_of(&self, material: usize, mentions: &[usize]) -> Vec<Vec<usize>> {
        let mut by_column = self.by_column(material, mentions);
        by_column.sort_by_key(|groups| std::cmp::Reverse(groups.len()));
        let mut columns = by_column.into_iter();
        let first = columns.next().unwrap_or_default();
        let mut groups: Vec<Vec<usize>> = first.iter().map(|rows| rows.to_vec()).collect();
        for others in columns {
            groups = self.met(&groups, &others);
        }
        groups.dedup();
        groups
    }

    /// The rows that each of some groups has in common with each of others, where there are any.
    fn met(&self, groups: &[Vec<usize>], others: &[Rc<Vec<usize>>]) -> Vec<Vec<usize>> {
        let mut holding: HashMap<usize, Vec<usize>> = HashMap::new();
        for (at, other) in others.iter().enumerate() {
            for row in other.iter() {
                holding.entry(*row).or_default().push(at);
            }
        }
        let mut met = Vec::new();
        for group in groups {
            let mut common: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
            for row in group {
                let all = holding.get(row).map(Vec::as_slice).unwrap_or_default();
                self.context.work.spend(all.len() + 1);
                for other in all {
                    common.entry(*other).or_default().push(*row);
                }
            }
            // A name that only one row has stands for it, whatever else the sentence names.
            if common.is_empty() && group.len() == 1 {
                met.push(group.clone());
            }
            met.extend(common.into_values());
            if met.len() > MOST_GROUPS || self.context.work.is_over() {
                met.truncate(MOST_GROUPS);
                break;
            }
        }
        met
    }

    /// The rows that each kind of name stands for: of each column that is named, one group for each name.
    fn by_column(&self, material: usize, mentions: &[usize]) -> Vec<Vec<Rc<Vec<usize>>>> {
        let context = self.context;
        let Some(shape) = context.index.shapes.get(material) else {
            return Vec::new();
        };
        // By column: 0 and up for labels, then times.
        let columns = shape.labels.len() + shape.times.len();
        let mut by_column: Vec<Groups> = std::iter::repeat_with(Groups::default).take(columns).collect();
        let mut last: Option<&Mention<'_>> = None;
        for mention in mentions.iter().filter_map(|at| context.mentions.get(*at)) {
            match mention.what {
                MentionTarget::Label(label) if label.material == material => {
                    let from = last.replace(mention);
                    if let Some((at, rows)) = from.and_then(|from| context.rows_of_range(from, mention))
                        && let Some(groups) = by_column.get_mut(at)
                    {
                        groups.add(&Rc::new(rows), usize::MAX);
                    }
                    for (at, rows) in context.rows_of_hours(mention) {
                        if let Some(groups) = by_column.get_mut(at) {
                            groups.add(&Rc::new(rows), usize::MAX);
                        }
                    }
                    let mut columns = shape.labels.iter().zip(&shape.label_rows).enumerate();
                    if let Some((at, ((_, values), rows))) =
                        columns.find(|(_, ((column, _), _))| *column == label.column)
                        && let (Some(groups), Some(rows)) = (by_column.get_mut(at), rows.get(label.value))
                    {
                        groups.add(rows, values.len());
                    }
                }
                MentionTarget::TextPeriod(whole) => {
                    let ends = whole.ends().into_iter().flatten();
                    for period in std::iter::once(whole).chain(ends) {
                        for (at, (_, days)) in shape.times.iter().enumerate() {
                            let rows = context.rows_of_period(material, at, period);
                            if let Some(groups) = by_column.get_mut(shape.labels.len() + at) {
                                groups.add(&rows, days.len());
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        by_column.retain(|groups| !groups.rows.is_empty());
        by_column.into_iter().map(|groups| groups.rows).collect()
    }
}

impl TextContext<'_, '_> {
    /// The places of the mentions that stand in any of some bytes, in order.
    fn named_within(&self, places: &[Option<Span>]) -> Vec<usize> {
        let holds = |at: &usize, bytes: Span| {
            let mention: Option<&Mention<'_>> = self.mentions.get(*at);
            mention.is_some_and(|mention| bytes.holds(mention.span))
        };
        let places = places.iter().flatten();
        let mut found: Vec<usize> = places
            .flat_map(|bytes| self.mention_range(*bytes).filter(|at| holds(at, *bytes)))
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The rows from one key to another, by the place of their column among those with names: `in weeks 36 to 38`.
    fn rows_of_range(&self, from: &Mention<'_>, to: &Mention<'_>) -> Option<(usize, Vec<usize>)> {
        const THROUGH: [&str; 8] = [" to ", "–", "-", " – ", " through ", " until ", " and ", " bis "];
        let (MentionTarget::Label(first), MentionTarget::Label(last)) = (from.what, to.what) else {
            return None;
        };
        let gap = self.text.get(from.span.end..to.span.start)?;
        let between = gap == " and " && {
            let left = self.text.get(..from.span.start)?.trim_end();
            left.ends_with("between") || left.rsplit(' ').nth(1) == Some("between")
        };
        let same = (first.material, first.column) == (last.material, last.column);
        if !same || !THROUGH.contains(&gap) || (gap == " and " && !between) {
            return None;
        }
        let of_column =
            |key: &&super::keys::KeyColumn| (key.material, key.column) == (first.material, first.column);
        let key = self.index.keys.iter().find(of_column)?;
        let (low, high) = (first.low.parse::<i64>().ok()?, last.low.parse::<i64>().ok()?);
        let shape = self.index.shapes.get(first.material)?;
        let at = shape
            .labels
            .iter()
            .position(|(column, _)| *column == first.column)?;
        let mut rows: Vec<usize> = key
            .labels
            .iter()
            .filter(|(value, _)| (low..=high).contains(*value))
            .filter_map(|(_, label)| shape.label_rows.get(at)?.get(label.value))
            .flat_map(|rows| rows.iter().copied())
            .collect();
        rows.sort_unstable();
        (rows.len() > 2).then_some((at, rows))
    }

    /// The rows from one hour up to another that stands behind it, with the last hour and without: `8–10`, `08:00–10:59`.
    fn rows_of_hours(&self, from: &Mention<'_>) -> Vec<(usize, Vec<usize>)> {
        let MentionTarget::Label(first) = from.what else {
            return Vec::new();
        };
        let mut keys = self.index.keys.iter();
        let key = keys.find(|key| (key.material, key.column) == (first.material, first.column));
        let behind = self.text.get(from.span.end..).unwrap_or_default();
        let Some((key, (last, whole))) = key
            .filter(|key| key.kind == super::keys::KeyKind::Hour)
            .zip(super::key_hours::end_of_hours(behind))
        else {
            return Vec::new();
        };
        let (Ok(low), Some(shape)) = (first.low.parse::<i64>(), self.index.shapes.get(first.material)) else {
            return Vec::new();
        };
        let place = shape
            .labels
            .iter()
            .position(|(column, _)| *column == first.column);
        let Some((place, labels)) = place.and_then(|place| Some((place, shape.label_rows.get(place)?)))
        else {
            return Vec::new();
        };
        let until = |end: i64| -> Vec<usize> {
            let hours = key.labels.iter().filter(|(hour, _)| (low..end).contains(*hour));
            let rows = hours.filter_map(|(_, label)| labels.get(label.value));
            let mut rows: Vec<usize> = rows.flat_map(|rows| rows.iter().copied()).collect();
            rows.sort_unstable();
            rows
        };
        let ends = if whole {
            vec![last + 1]
        } else {
            vec![last, last + 1]
        };
        let groups = ends.into_iter().map(until).filter(|rows| rows.len() > 1);
        groups.map(|rows| (place, rows)).collect()
    }

    /// A period wherever it is named; with a place, though not its own, where it is a week that goes by its first day: `the week of
    /// August 25`.
    fn known_as(&self, period: TextPeriod) -> TextPeriod {
        const REACH: usize = 3;
        const WEEK: [&str; 6] = ["week", "wk", "woche", "kw", "semaine", "semana"];
        let end = self.word_before(period.span.start).map_or(0, |at| at + 1);
        let near = self.words.get(end.saturating_sub(REACH)..end).unwrap_or_default();
        let told = near.iter().any(|word| WEEK.contains(&word.low.as_str()));
        let place = self.layout.place(period.span);
        let opens = place.row.is_some() || place.line.start == period.span.start;
        let mut known = period.without_place();
        known.span.end = usize::from(told || opens);
        known
    }

    /// The rows of a result whose days a period is or holds.
    pub(super) fn rows_of_period(
        &self,
        material: usize,
        column: usize,
        period: TextPeriod,
    ) -> Rc<Vec<usize>> {
        once(
            &self.memo.periods,
            (material, column, self.known_as(period)),
            || {
                let period = self.known_as(period);
                let times = self
                    .index
                    .shapes
                    .get(material)
                    .and_then(|shape| shape.times.get(column));
                let days = times.map(|(_, days)| days.as_slice()).unwrap_or_default();
                self.work.spend(days.len());
                let week = period.span.start < period.span.end;
                let fits = |days: &Option<_>| {
                    days.is_some_and(|days| {
                        matches!(period.relation(days), Relation::Same | Relation::Holds)
                            || (week && begins_week(&period, days))
                    })
                };
                let rows = days.iter().enumerate().filter(|(_, days)| fits(days));
                Rc::new(rows.map(|(row, _)| row).collect())
            },
        )
    }
}

/// The groups of one column, each once.
#[derive(Default)]
struct Groups {
    rows: Vec<Rc<Vec<usize>>>,
    known: HashSet<Rc<Vec<usize>>>,
}

impl Groups {
    /// Takes rows in that are some but not all: a name that fits every row tells none apart.
    fn add(&mut self, rows: &Rc<Vec<usize>>, all: usize) {
        if !rows.is_empty() && rows.len() < all && self.known.insert(Rc::clone(rows)) {
            self.rows.push(Rc::clone(rows));
        }
    }
}
