//! What a sentence says outright of a figure whose source is known: which row it is of.
//!
//! A reference cannot be copied from the wrong line, so its sentence is believed as long as a plain reading of it is true. A
//! sentence says whose a figure is by the names next to it: the last ones before it, the first ones behind it, or, of as many
//! names as figures, the one whose turn it is. Only where there are such names, and all of them are of other rows, the figure is
//! contradicted. So none of these is:
//!
//! - "Seefeld was the busiest with 297, followed by Altstetten (264)": each name stands next to its own figure.
//! - "31 each in Altstetten and Seefeld": one of the names that are joined behind the figure is its own.
//! - "110 emergencies: 31 in Altstetten, 28 in Wipkingen": the names behind the total are of other figures.

use super::index::FILTERED;
use super::referenced_derivation::{AGAINST, led_by};
use super::scope::{Entailment, FigureContext, Mention, MentionScope, MentionTarget};
use super::text::{Days, Relation, Span, same_length};
use crate::result::Cell;

/// A kind of name that tells rows of a result apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NameKind {
    /// The values of a column, by its place among the columns of names.
    Label(usize),
    /// Days.
    Time,
    /// What a filter fixes, by its place.
    Filter(usize),
}

/// What the names next to a figure say.
#[derive(Debug, Default)]
struct Reading {
    /// Whether one of them is of its row.
    own: bool,
    /// Whether one of them is of its row and of no other.
    alone: bool,
    /// Whether one of them is of other rows, and stands where a sentence says whose a figure is.
    other: bool,
}

impl<'i> FigureContext<'_, '_, 'i> {
    /// What the sentence says outright to a cell.
    pub(super) fn reads_as(&self, material: usize, row: usize, column: usize) -> Entailment {
        let Some(shape) = self.context.index.shapes.get(material) else {
            return Entailment::Nothing;
        };
        if self.place.row.is_some() {
            return self.says_row(material, row);
        }
        if self.is_compared(material, row) {
            return Entailment::Nothing;
        }
        let labels = (0..shape.labels.len()).map(NameKind::Label);
        let filters = (0..shape.filters.len()).map(NameKind::Filter);
        // A change is of two periods, and a result has the filters of one.
        let of_changes = self.is_of_changes(material, column);
        let time = (!of_changes || !shape.times.is_empty()).then_some(NameKind::Time);
        let kinds = labels.chain(time).chain(filters.filter(|_| !of_changes));
        let readings: Vec<(NameKind, Reading)> = kinds
            .map(|kind| (kind, self.read(kind, (material, row, column))))
            .collect();
        let alone = readings.iter().any(|(_, reading)| reading.alone);
        let of_rows = |kind: NameKind| match kind {
            NameKind::Label(_) => true,
            NameKind::Time => !shape.times.is_empty(),
            NameKind::Filter(_) => false,
        };
        let denied = readings
            .iter()
            .any(|(kind, reading)| reading.other && !reading.own && !(alone && of_rows(*kind)));
        if denied {
            Entailment::No
        } else if readings.iter().any(|(_, reading)| reading.own) {
            Entailment::Yes
        } else {
            Entailment::Nothing
        }
    }

    /// Whether the sentence says outright that a figure over all rows of a result is of some of them.
    pub(super) fn reads_as_some(&self, material: usize) -> bool {
        let Some(shape) = self.context.index.shapes.get(material) else {
            return false;
        };
        if self.place.row.is_some() {
            return !self.named_rows(material).is_empty() && !self.names_all_rows(material);
        }
        let labels = (0..shape.labels.len()).map(NameKind::Label);
        let times = (!shape.times.is_empty()).then_some(NameKind::Time);
        labels.chain(times).any(|kind| {
            let names = self.next_to(kind, material, &self.clause_scopes());
            let firm = names.iter().filter(|(_, firm)| *firm);
            let rows: usize = firm.map(|(name, _)| self.rows_of(name, kind, material)).sum();
            rows > 0 && rows < self.rows_in(material)
        })
    }

    fn read(&self, kind: NameKind, place: (usize, usize, usize)) -> Reading {
        let mut reading = Reading::default();
        let names = self.next_to(kind, place.0, &self.scopes);
        for (name, firm) in &names {
            match self.admits(name, kind, place) {
                Some(true) => {
                    reading.own = true;
                    reading.alone |= self.rows_of(name, kind, place.0) == 1;
                }
                Some(false) => reading.other |= firm,
                None => {}
            }
        }
        reading
    }

    fn clause_scopes(&self) -> Vec<MentionScope> {
        let within = |scope: &&MentionScope| {
            Some(scope.span) == self.place.aside || self.place.clause.holds(scope.span)
        };
        self.scopes.iter().filter(within).copied().collect()
    }

    fn is_of_changes(&self, material: usize, column: usize) -> bool {
        let material = self.context.index.materials.get(material);
        let column = material.and_then(|one| one.table.columns.get(column));
        column.is_some_and(super::column_kinds::is_of_changes)
    }

    fn rows_in(&self, material: usize) -> usize {
        let materials = self.context.index.materials;
        materials.get(material).map_or(0, |one| one.table.rows.len())
    }

    /// The names of a kind that stand next to the figure, of the closest surroundings that have any, each with whether a sentence
    /// says there whose a figure is. The names behind are such only up to the next figure, and names that something is set against,
    /// as in `three more than Athletic's 58; they let in 29`, are none.
    fn next_to(&self, kind: NameKind, material: usize, scopes: &[MentionScope]) -> Vec<(Mention<'i>, bool)> {
        let is = |what: &MentionTarget<'i>| self.is_of_kind(what, kind, material);
        if let Some(turn) = self.whose_turn(&is) {
            return vec![(turn, true)];
        }
        let next = self.next_figure();
        for scope in scopes {
            let named: Vec<Mention<'i>> = self
                .context
                .mentions_in(scope.span)
                .filter(|mention| is(&mention.what) && self.counts(scope, mention.span))
                .copied()
                .collect();
            let before = || named.iter().rev().filter(|name| name.span.end <= self.span.start);
            let behind = named.iter().filter(|name| name.span.start >= self.span.end);
            let mut found: Vec<(Mention<'i>, bool)> = Vec::new();
            let run = self.run(&mut before().filter(|name| !self.is_of_another(name.span)));
            found.extend(run.into_iter().map(|name| (name, true)));
            found.extend(self.run(&mut before()).into_iter().map(|name| (name, false)));
            let run = self.run(&mut behind.into_iter());
            let near = run.first().is_some_and(|first| first.span.end <= next);
            found.extend(run.into_iter().map(|name| (name, near)));
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    /// Where the next figure begins that does not stand in brackets of its own.
    fn next_figure(&self) -> usize {
        let own = self.place.aside;
        let figures = self.figures_in(self.place.sentence).into_iter();
        // `71 of 1,083 Business invoices`: the name is of the part as well.
        let is_whole = |figure: &Span| {
            let gap = Span::new(self.span.end, figure.start).of(self.context.text);
            matches!(gap, " of " | " of the " | " von " | " out of ")
        };
        let mut behind = figures.filter(|figure| {
            figure.start >= self.span.end
                && (own.is_some() || !self.context.layout.in_aside(*figure))
                && !is_whole(figure)
        });
        behind.next().map_or(usize::MAX, |figure| figure.start)
    }

    /// The first of some names, with those that are joined to it one after the other.
    fn run<'n>(&self, names: &mut dyn Iterator<Item = &'n Mention<'i>>) -> Vec<Mention<'i>>
    where
        'i: 'n,
    {
        let mut run: Vec<Mention<'i>> = Vec::new();
        for name in names {
            let joined = run.last().is_none_or(|last| {
                let (end, start) = if last.span.start < name.span.start {
                    (last.span.end, name.span.start)
                } else {
                    (name.span.end, last.span.start)
                };
                last.span == name.span || self.are_joined(end, start)
            });
            if !joined {
                break;
            }
            run.push(*name);
        }
        run
    }

    /// Whether a name says nothing of the figure behind it: what something is set against, `34 % over May`, unless the figure
    /// follows at once; or what the figure before counts, `of the 544 rated visits`.
    fn is_of_another(&self, name: Span) -> bool {
        let gap = Span::new(name.end, self.span.start).of(self.context.text);
        let gap = gap.trim_matches(['*', '_', ' ', '(', ':', '$', '€', '£']);
        // `vaccinations with CHF 44.6K`
        let mut words = gap
            .split(' ')
            .filter(|word| !word.chars().all(char::is_uppercase));
        let first = words.next().unwrap_or_default();
        let at_once =
            words.next().is_none() && matches!(first, "" | "with" | "at" | "'s" | "’s" | "mit" | "bei");
        let word = led_by(self, name);
        let against = AGAINST.contains(&word) || matches!(word, "over" | "gegenüber");
        (against && !at_once) || self.is_unit_of_another(name)
    }

    /// Whether the figure is what another is compared with, and may be of a row that the sentence does not name.
    fn is_compared(&self, material: usize, row: usize) -> bool {
        let shape = self.context.index.shapes.get(material);
        let dated = shape.is_some_and(|shape| !shape.times.is_empty());
        (dated || !(self.is_at_arrow() || self.is_from_to()))
            && self.is_base()
            && self.may_be_base(material, row)
    }

    /// Whether nothing but a word that joins stands between two names.
    fn are_joined(&self, end: usize, start: usize) -> bool {
        const JOINTS: [&str; 14] = [
            "and", "or", "to", "und", "oder", "bis", "et", "y", "–", "-", "/", "through", "until", "&",
        ];
        let gap = self.context.text.get(end..start).unwrap_or("?");
        let gap = gap.trim_matches(['*', '_', ' ', ',']);
        gap.is_empty() || JOINTS.contains(&gap)
    }

    fn is_of_kind(&self, what: &MentionTarget<'i>, kind: NameKind, material: usize) -> bool {
        let Some(shape) = self.context.index.shapes.get(material) else {
            return false;
        };
        match (*what, kind) {
            (MentionTarget::Label(label), NameKind::Label(at)) => {
                let column = shape.labels.get(at).map(|(column, _)| *column);
                label.material == material && Some(label.column) == column
            }
            (MentionTarget::Label(label), NameKind::Filter(at)) => {
                let dimension = shape.filters.get(at).map(|(dimension, _)| dimension);
                label.column == FILTERED && Some(&label.dimension) == dimension
            }
            (MentionTarget::TextPeriod(_), NameKind::Time) => {
                shape.period.is_some() || !shape.times.is_empty()
            }
            _ => false,
        }
    }

    /// Whether a name is of a row, or of another with the same figure. Nothing where it says neither.
    fn admits(
        &self,
        name: &Mention<'i>,
        kind: NameKind,
        (material, row, column): (usize, usize, usize),
    ) -> Option<bool> {
        let index = self.context.index;
        let shape = index.shapes.get(material)?;
        match (name.what, kind) {
            (MentionTarget::Label(label), NameKind::Label(at)) => {
                let rows = shape.label_rows.get(at)?.get(label.value)?;
                let exact = |row: usize| index.exact(material, column, row);
                let own = exact(row);
                let same = |other: &usize| *other == row || (own.is_some() && exact(*other) == own);
                if rows.iter().any(same) {
                    return Some(true);
                }
                // Of figures that were calculated `top five` is a part of `share of top five`, and says nothing against it.
                let table = index.materials.get(material)?.table;
                let cells = table.rows.get(row)?;
                let is_part = super::cells::is_calculation(table)
                    && matches!(cells.get(label.column), Some(Cell::Text(text)) if text.to_lowercase().contains(&label.low));
                (!is_part).then_some(false)
            }
            (MentionTarget::Label(label), NameKind::Filter(at)) => {
                let (_, values) = shape.filters.get(at)?;
                Some(values.iter().any(|value| value.to_lowercase() == label.low))
            }
            (MentionTarget::TextPeriod(period), NameKind::Time) => {
                let own = shape.times.iter().filter_map(|(_, days)| *days.get(row)?);
                let days: Vec<Days> = if shape.times.is_empty() {
                    shape.period.into_iter().collect()
                } else {
                    own.collect()
                };
                if days.is_empty() {
                    return None;
                }
                let fits = |days: &Days| match period.relation(*days) {
                    Relation::Same | Relation::Holds => true,
                    Relation::Within => !same_length(&period, *days),
                    Relation::Apart => false,
                };
                let own = index.exact(material, column, row);
                let same = |at: usize| {
                    let rows = self.context.rows_of_period(material, at, period);
                    own.is_some()
                        && rows
                            .iter()
                            .any(|other| index.exact(material, column, *other) == own)
                };
                Some(days.iter().any(fits) || (0..shape.times.len()).any(same))
            }
            _ => None,
        }
    }

    /// How many rows a name is of.
    fn rows_of(&self, name: &Mention<'i>, kind: NameKind, material: usize) -> usize {
        let Some(shape) = self.context.index.shapes.get(material) else {
            return 0;
        };
        match (name.what, kind) {
            (MentionTarget::Label(label), NameKind::Label(at)) => {
                let rows = shape.label_rows.get(at).and_then(|rows| rows.get(label.value));
                rows.map_or(0, |rows| rows.len())
            }
            (MentionTarget::TextPeriod(period), NameKind::Time) => {
                let of = |days: &Option<Days>| {
                    days.is_some_and(|days| matches!(period.relation(days), Relation::Same | Relation::Holds))
                };
                let columns = shape.times.iter();
                columns
                    .map(|(_, days)| days.iter().filter(|days| of(days)).count())
                    .max()
                    .unwrap_or(0)
            }
            _ => 0,
        }
    }

    /// Of as many names as figures the one whose turn it is.
    fn whose_turn(&self, wanted: &dyn Fn(&MentionTarget<'i>) -> bool) -> Option<Mention<'i>> {
        self.scopes.iter().find_map(|scope| self.in_turn(scope, wanted))
    }
}
