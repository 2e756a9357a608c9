//! What the words around one figure say it is of.

use super::index::FILTERED;
use super::number::Kind;
use super::scope::{Context, Mention, Says, Scope, What};
use super::text::{Days, Period, Place, Relation, Span};
use crate::result::Extent;

/// A figure's place, with what its surroundings name.
pub(super) struct Seat<'c, 'a, 'i> {
    pub(super) context: &'c Context<'a, 'i>,
    pub(super) span: Span,
    pub(super) place: Place,
    pub(super) scopes: Vec<Scope>,
}

impl<'i> Seat<'_, '_, 'i> {
    /// The mentions of a kind that go with this figure: of the closest surroundings that have any.
    pub(super) fn named(&self, wanted: impl Fn(&What<'i>) -> bool) -> Vec<Mention<'i>> {
        for scope in &self.scopes {
            let found: Vec<Mention<'i>> = self
                .context
                .mentions
                .iter()
                .filter(|mention| self.counts(scope, mention.span) && wanted(&mention.what))
                .copied()
                .collect();
            if !found.is_empty() {
                return self.paired(scope, found);
            }
        }
        Vec::new()
    }

    fn counts(&self, scope: &Scope, mention: Span) -> bool {
        scope.span.holds(mention)
            && !mention.holds(self.span)
            && (!scope.before || mention.end <= self.span.start)
            && (scope.asides || !self.context.layout.in_aside(mention))
    }

    /// Of several names those that go with this figure, by the order in which names and figures stand.
    fn paired(&self, scope: &Scope, found: Vec<Mention<'i>>) -> Vec<Mention<'i>> {
        let mut names: Vec<Span> = found.iter().map(|mention| mention.span).collect();
        names.dedup();
        let figures: Vec<Span> = self
            .context
            .numbers
            .iter()
            .filter(|number| number.kind == Kind::Quantity)
            .map(|number| Span::new(number.start, number.end))
            .filter(|span| scope.span.holds(*span) && (scope.asides || !self.context.layout.in_aside(*span)))
            .collect();
        let Some(span) = pair(&names, &figures, self.span) else {
            return found;
        };
        found.into_iter().filter(|mention| mention.span == span).collect()
    }

    /// What the surroundings say to a row of a result.
    pub(super) fn says_row(&self, material: usize, row: usize) -> Says {
        let Some(shape) = self.context.index.shapes.get(material) else {
            return Says::Nothing;
        };
        let mut says = Says::Nothing;
        for (column, values) in &shape.labels {
            let named = self.named(|what| {
                matches!(what, What::Label(label) if label.material == material && label.column == *column)
            });
            let Some(Some(value)) = values.get(row) else {
                continue;
            };
            if !named.is_empty() {
                let here = named
                    .iter()
                    .any(|mention| matches!(mention.what, What::Label(label) if label.value == *value));
                says = says.and(if here { Says::Yes } else { Says::No });
            }
        }
        for (_, days) in &shape.times {
            if let Some(Some(days)) = days.get(row) {
                says = says.and(self.says_days(*days));
            }
        }
        says.and(self.says_filters(material, shape.times.is_empty()))
    }

    /// The rows of a result that the closest surroundings name, if they name any.
    pub(super) fn named_rows(&self, material: usize) -> Vec<usize> {
        let groups = self.groups_in(material, |mention| {
            let own = self.place.aside.unwrap_or(self.place.clause);
            own.holds(mention) || self.place.row.is_some_and(|_| self.place.line.holds(mention))
        });
        let mut rows: Vec<usize> = groups.into_iter().flatten().collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// The rows of a result that the sentence names, one group for each name; of names of several kinds the rows that
    /// all of them hold.
    pub(super) fn groups(&self, material: usize) -> Vec<Vec<usize>> {
        let sentence = self.place.sentence;
        let header = self.place.row.and_then(|cell| cell.header);
        let here = self.groups_in(material, |mention| {
            sentence.holds(mention) || header.is_some_and(|header| header.holds(mention))
        });
        match self.place.before {
            Some(before) if here.is_empty() => self.groups_in(material, |mention| before.holds(mention)),
            _ => here,
        }
    }

    fn groups_in(&self, material: usize, within: impl Fn(Span) -> bool) -> Vec<Vec<usize>> {
        let Some(shape) = self.context.index.shapes.get(material) else {
            return Vec::new();
        };
        // By column: 0 and up for labels, then times.
        let mut by_column: Vec<Vec<Vec<usize>>> = vec![Vec::new(); shape.labels.len() + shape.times.len()];
        for mention in self
            .context
            .mentions
            .iter()
            .filter(|mention| within(mention.span))
        {
            match mention.what {
                What::Label(label) if label.material == material => {
                    let found = shape
                        .labels
                        .iter()
                        .position(|(column, _)| *column == label.column);
                    if let Some((at, (_, values))) = found.and_then(|at| Some((at, shape.labels.get(at)?))) {
                        let rows = positions(values, |value| *value == label.value);
                        add(by_column.get_mut(at), rows, values.len());
                    }
                }
                What::Period(whole) => {
                    let ends = whole.ends().into_iter().flatten();
                    for period in std::iter::once(whole).chain(ends) {
                        for (at, (_, days)) in shape.times.iter().enumerate() {
                            let rows = positions(days, |days| {
                                matches!(period.relation(*days), Relation::Same | Relation::Holds)
                            });
                            add(by_column.get_mut(shape.labels.len() + at), rows, days.len());
                        }
                    }
                }
                _ => {}
            }
        }
        by_column.retain(|groups| !groups.is_empty());
        by_column.sort_by_key(|groups| std::cmp::Reverse(groups.len()));
        let mut columns = by_column.into_iter();
        let mut groups = columns.next().unwrap_or_default();
        for others in columns {
            for group in &mut groups {
                group.retain(|row| others.iter().any(|other| other.contains(row)));
            }
        }
        groups.retain(|group| !group.is_empty());
        groups.dedup();
        groups
    }

    /// What the periods named say to some days.
    pub(super) fn says_days(&self, days: Days) -> Says {
        let named = self.named(|what| matches!(what, What::Period(_)));
        let relations: Vec<(Relation, bool)> = named
            .iter()
            .filter_map(|mention| match mention.what {
                What::Period(period) => Some((period.relation(days), same_length(&period, days))),
                _ => None,
            })
            .collect();
        if relations.is_empty() {
            return Says::Nothing;
        }
        let of_length = |wanted: bool| relations.iter().filter(move |(_, same)| *same == wanted);
        let any =
            |same: bool, relation: &[Relation]| of_length(same).any(|(found, _)| relation.contains(found));
        if of_length(true).count() > 0 {
            return if any(true, &[Relation::Same, Relation::Holds]) {
                Says::Yes
            } else {
                Says::No
            };
        }
        if any(false, &[Relation::Same, Relation::Holds, Relation::Within]) {
            Says::Nothing
        } else {
            Says::No
        }
    }

    /// What the surroundings say to the filters of a result.
    pub(super) fn says_filters(&self, material: usize, with_period: bool) -> Says {
        let Some(shape) = self.context.index.shapes.get(material) else {
            return Says::Nothing;
        };
        let mut says = Says::Nothing;
        if let Some(period) = shape.period.filter(|_| with_period) {
            says = says.and(self.says_days(period));
        }
        for (dimension, values) in &shape.filters {
            let named = self.named(|what| {
                matches!(what, What::Label(label) if label.dimension == *dimension && label.column == FILTERED)
            });
            if !named.is_empty() {
                let here = named.iter().any(|mention| {
                    matches!(mention.what, What::Label(label) if values.iter().any(|value| value.to_lowercase() == label.low))
                });
                says = says.and(if here { Says::Yes } else { Says::No });
            }
        }
        says
    }

    /// Whether the figure may count rows: a word for what is counted follows, or one that says so stands before.
    pub(super) fn counts_things(&self) -> bool {
        const NO_THING: [&str; 16] = [
            "in", "and", "for", "from", "to", "with", "is", "was", "at", "by", "on", "or", "percent", "than",
            "as", "each",
        ];
        const BEFORE: [&str; 14] = [
            "other",
            "remaining",
            "all",
            "the",
            "these",
            "those",
            "only",
            "are",
            "were",
            "have",
            "has",
            "rows",
            "count",
            "number",
        ];
        let text = self.context.text;
        let words = &self.context.words;
        let next = words.iter().find(|word| word.span.start >= self.span.end);
        let follows = next.is_some_and(|word| {
            let gap = Span::new(self.span.end, word.span.start).of(text);
            let close = gap.trim_matches(['*', '_', '`']);
            matches!(close, " " | "\u{a0}" | "-") && !NO_THING.contains(&word.low.as_str())
        });
        let before = words.iter().rev().find(|word| word.span.end <= self.span.start);
        follows || before.is_some_and(|word| BEFORE.contains(&word.low.as_str()))
    }

    /// Whether what the rows of a result come to may stand here: they are all there are, or they are the ones that the
    /// call asked for and the surroundings say that it is about these alone.
    pub(super) fn may_total(&self, at: usize) -> bool {
        let extent = self
            .context
            .index
            .materials
            .get(at)
            .map(|material| material.table.extent);
        match extent {
            Some(Extent::Complete) => true,
            Some(extent) => extent
                .asked_limit()
                .is_some_and(|limit| self.speaks_of_some(limit)),
            None => false,
        }
    }

    /// Whether the sentence, or in a table the text, speaks of some rows only: of the top five, of these.
    fn speaks_of_some(&self, limit: u64) -> bool {
        const SOME: &str = "top bottom these those they them their together first last best worst leading listed shown             following largest biggest smallest highest lowest most least combined sampled diese diesen dieser zusammen             besten größten ersten ces ensemble premiers meilleurs estos estas juntos primeros mejores";
        let some = |low: &str| SOME.split_ascii_whitespace().any(|one| one == low);
        let close = |span: Span| self.place.row.is_some() || self.place.sentence.holds(span);
        let words = self.context.words.iter().filter(|word| close(word.span));
        words.into_iter().any(|word| some(&word.low))
            || super::count::said(self)
                .iter()
                .any(|number| *number as u64 == limit)
    }

    /// Whether the surroundings speak of parts of a whole: of a rate, a share, a percentage.
    pub(super) fn names_a_rate(&self) -> bool {
        let header = self.place.row.and_then(|cell| cell.header);
        let close = |span: Span| match self.place.row {
            Some(_) => header.is_some_and(|header| header.holds(span)),
            None => self.place.clause.holds(span),
        };
        let words = self.context.words.iter().filter(|word| close(word.span));
        words.into_iter().any(|word| super::cells::is_rate(&word.low, ""))
    }

    /// Whether a name stands right behind another figure and so says what that one counts: in `485 subscriptions with
    /// 2,970 seats` the seats say nothing of 485.
    fn is_unit_of_another(&self, name: Span) -> bool {
        let follows = |end: usize| {
            let gap = self.context.text.get(end..name.start);
            gap.is_some_and(|gap| gap.trim().is_empty())
        };
        let mut numbers = self.context.numbers.iter();
        self.place.row.is_none() && numbers.any(|number| number.end != self.span.end && follows(number.end))
    }

    /// What the surroundings say to a column of a result.
    pub(super) fn says_column(&self, material: usize, column: usize) -> Says {
        let named = self.named(|what| matches!(what, What::Column { material: of, .. } if *of == material));
        let mut columns: Vec<usize> = named
            .iter()
            .filter(|mention| !self.is_unit_of_another(mention.span))
            .filter_map(|mention| match mention.what {
                What::Column { column, .. } => Some(column),
                _ => None,
            })
            .collect();
        columns.dedup();
        match columns.as_slice() {
            [] => Says::Nothing,
            several if several.contains(&column) => Says::Yes,
            [_] => Says::No,
            _ => Says::Nothing,
        }
    }
}

fn positions<T>(values: &[Option<T>], wanted: impl Fn(&T) -> bool) -> Vec<usize> {
    let rows = values.iter().enumerate();
    rows.filter(|(_, value)| value.as_ref().is_some_and(&wanted))
        .map(|(row, _)| row)
        .collect()
}

/// Takes rows in that are some but not all: a name that fits every row tells none apart.
fn add(groups: Option<&mut Vec<Vec<usize>>>, rows: Vec<usize>, all: usize) {
    if let Some(groups) =
        groups.filter(|groups| !rows.is_empty() && rows.len() < all && !groups.contains(&rows))
    {
        groups.push(rows);
    }
}

/// Whether a period is as long as some days: both months, or both quarters.
fn same_length(period: &Period, days: Days) -> bool {
    let length = |(from, to): Days| from.until(to).map_or(0, |span| span.get_days());
    let class = |days: i32| match days {
        ..=1 => 0,
        2..=7 => 1,
        8..=31 => 2,
        32..=92 => 3,
        93..=184 => 4,
        _ => 5,
    };
    period
        .days(days.0.year())
        .is_some_and(|own| class(length(own)) == class(length(days)))
}

/// The name that goes with a figure, where the order of names and figures says so.
fn pair(names: &[Span], figures: &[Span], figure: Span) -> Option<Span> {
    if names.len() < 2 {
        return None;
    }
    let mut order: Vec<(usize, bool)> = names.iter().map(|span| (span.start, true)).collect();
    order.extend(figures.iter().map(|span| (span.start, false)));
    order.sort_unstable();
    let kinds: Vec<bool> = order.into_iter().map(|(_, name)| name).collect();
    let twice = kinds.iter().zip(kinds.iter().skip(1)).any(|(a, b)| *a && *b);
    let changes = kinds
        .iter()
        .zip(kinds.iter().skip(1))
        .filter(|(a, b)| a != b)
        .count();
    if changes == 1 && names.len() == figures.len() {
        let at = figures.iter().position(|one| *one == figure)?;
        return names.get(at).copied();
    }
    match (kinds.first(), kinds.last()) {
        (Some(true), Some(false)) if !twice => names.iter().rfind(|name| name.end <= figure.start).copied(),
        (Some(false), Some(true)) if !twice => names.iter().find(|name| name.start >= figure.end).copied(),
        _ => None,
    }
}
