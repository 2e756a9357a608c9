//! Which rows of a result the words around a figure name.

use super::scope::{Seat, What};
use super::text::{Relation, Span};

impl Seat<'_, '_, '_> {
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
        let earlier = self.periods_before(material);
        let here = self.groups_in(material, |mention| {
            sentence.holds(mention)
                || header.is_some_and(|header| header.holds(mention))
                || earlier.contains(&mention)
        });
        match self.place.before {
            Some(before) if here.is_empty() => self.groups_in(material, |mention| before.holds(mention)),
            _ => here,
        }
    }

    /// Where the sentence before names periods, if this one names only what they are of: `Widget came next with +18.4%`.
    fn periods_before(&self, material: usize) -> Vec<Span> {
        let shape = self.context.index.shapes.get(material);
        let twofold = shape.is_some_and(|shape| !shape.labels.is_empty() && !shape.times.is_empty());
        let Some(before) = self.place.before.filter(|_| twofold) else {
            return Vec::new();
        };
        let in_span = |span: Span| {
            let mentions = self.context.mentions.iter();
            let periods = mentions.filter(|mention| matches!(mention.what, What::Period(_)));
            periods
                .map(|mention| mention.span)
                .filter(|own| span.holds(*own))
                .collect::<Vec<_>>()
        };
        if in_span(self.place.sentence).is_empty() {
            in_span(before)
        } else {
            Vec::new()
        }
    }

    /// The rows that one kind of name alone stands for, where the sentence names several kinds.
    pub(super) fn wholes(&self, material: usize) -> Vec<Vec<usize>> {
        let by_column = self.by_column(material, |mention| self.place.sentence.holds(mention));
        if by_column.len() < 2 {
            return Vec::new();
        }
        by_column
            .into_iter()
            .flatten()
            .filter(|rows| rows.len() > 1)
            .collect()
    }

    fn groups_in(&self, material: usize, within: impl Fn(Span) -> bool) -> Vec<Vec<usize>> {
        let mut by_column = self.by_column(material, within);
        by_column.sort_by_key(|groups| std::cmp::Reverse(groups.len()));
        let mut columns = by_column.into_iter();
        let mut groups = columns.next().unwrap_or_default();
        for others in columns {
            groups = groups
                .iter()
                .flat_map(|group| {
                    others
                        .iter()
                        .map(|other| group.iter().copied().filter(|row| other.contains(row)).collect())
                })
                .collect();
        }
        groups.retain(|group: &Vec<usize>| !group.is_empty());
        groups.dedup();
        groups
    }

    /// The rows that each kind of name stands for: of each column that is named, one group for each name.
    fn by_column(&self, material: usize, within: impl Fn(Span) -> bool) -> Vec<Vec<Vec<usize>>> {
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
        by_column
    }

    /// The rows that the sentence and the one before it name.
    pub(super) fn rows_around(&self, material: usize) -> Vec<usize> {
        let (sentence, before) = (self.place.sentence, self.place.before);
        let groups = self.groups_in(material, |mention| {
            sentence.holds(mention) || before.is_some_and(|before| before.holds(mention))
        });
        groups.into_iter().flatten().collect()
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
