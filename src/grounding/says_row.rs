//! What the words around a figure say to a row: by its names, its days, and the filters of its result.

use std::rc::Rc;

use super::figure_context::{FigureContext, MentionsFound, once, pair};
use super::index::FILTERED;
use super::scope::{Entailment, Mention, MentionTarget};
use super::text::{Days, Relation, Span, begins_week, same_length};

impl<'i> FigureContext<'_, '_, 'i> {
    /// What the surroundings say to a row of a result. A name that no other row has says it alone, whatever stands
    /// farther off.
    pub(super) fn says_row(&self, material: usize, row: usize) -> Entailment {
        once(&self.memo.rows, (material, row), || self.row_said(material, row))
    }

    /// What the years in the header above a figure say to the days of a row: `| Month | 2024 (kWh) | 2025 (kWh) |`.
    fn header_says(&self, days: Days) -> Entailment {
        let Some(header) = self.place.row.and_then(|cell| cell.header) else {
            return Entailment::Nothing;
        };
        let mut named = self
            .context
            .mentions_in(header)
            .filter_map(|mention| match mention.what {
                MentionTarget::TextPeriod(period) if period.dated() => Some(period.relation(days)),
                _ => None,
            });
        match named.next() {
            Some(Relation::Apart) if named.all(|relation| relation == Relation::Apart) => Entailment::No,
            _ => Entailment::Nothing,
        }
    }

    /// What names that only one row has say to a row, not periods and filters.
    pub(super) fn says_names(&self, material: usize, row: usize) -> Entailment {
        let Some(shape) = self.context.index.shapes.get(material) else {
            return Entailment::Nothing;
        };
        let mut says = Entailment::Nothing;
        for ((column, values), rows) in shape.labels.iter().zip(&shape.label_rows) {
            let named = self.labels_in_turn(material, *column);
            let mut labels = named.iter().filter_map(|mention| match mention.what {
                MentionTarget::Label(label) => Some(label.value),
                _ => None,
            });
            let alone = |value: usize| rows.get(value).is_some_and(|rows| rows.len() == 1);
            if named.is_empty() || !labels.clone().all(alone) {
                continue;
            }
            let here = labels.any(|value| values.get(row).copied().flatten() == Some(value));
            if !here
                && named
                    .iter()
                    .any(|mention| self.names_row_otherwise(mention.span, material, row))
            {
                continue;
            }
            says = says.and(if here { Entailment::Yes } else { Entailment::No });
        }
        says
    }

    /// Whether a name is of this row by another column: `155` is a product there, and elsewhere a user.
    fn names_row_otherwise(&self, name: Span, material: usize, row: usize) -> bool {
        let shape = self.context.index.shapes.get(material);
        self.context.mentions_in(name).any(|mention| match mention.what {
            MentionTarget::Label(label) if label.material == material => {
                let mut columns = shape.into_iter().flat_map(|shape| &shape.labels);
                let own = columns.find(|(column, _)| *column == label.column);
                own.is_some_and(|(_, values)| values.get(row).copied().flatten() == Some(label.value))
            }
            _ => false,
        })
    }

    /// The names of a column that go with a date: of a sentence with several, the one whose turn it is.
    fn labels_in_turn(&self, material: usize, column: usize) -> Vec<Mention<'i>> {
        let sentence = self.place.sentence;
        let of_column = |mention: &&Mention<'_>| matches!(mention.what, MentionTarget::Label(label) if label.material == material && label.column == column);
        let named: Vec<Mention<'i>> = self
            .context
            .mentions_in(sentence)
            .filter(of_column)
            .copied()
            .collect();
        let mut spans: Vec<Span> = named.iter().map(|mention| mention.span).collect();
        spans.dedup();
        let figures = self.figures_in(sentence);
        // `the slowest Lyon (opened 2 February, filled 29 April)`: dates in the same brackets are of one row.
        let together = self
            .place
            .aside
            .is_some_and(|aside| figures.len() > 1 && figures.iter().all(|one| aside.holds(*one)));
        let in_turn = pair(&spans, &figures, self.span).filter(|_| self.place.row.is_none() && !together);
        match in_turn {
            Some(span) => named.into_iter().filter(|mention| mention.span == span).collect(),
            None => self.labels_named(material, column).1.clone(),
        }
    }

    /// What names of other columns say to the row of a key, not periods: `paid before 10 May: 9104`.
    pub(super) fn says_of_key(&self, material: usize, row: usize, key: usize) -> Entailment {
        let (found, own) = self.names_said(material, row, Some(key));
        closest(found, own)
    }

    fn row_said(&self, material: usize, row: usize) -> Entailment {
        let Some(shape) = self.context.index.shapes.get(material) else {
            return Entailment::Nothing;
        };
        let (mut found, mut own) = self.names_said(material, row, None);
        // A period is of any of a row's dates: the text seldom says whether of the order or of the shipment.
        let named = self.periods_named();
        let mut best: Option<Entailment> = None;
        for ((_, days), alone) in shape.times.iter().zip(&shape.own_times) {
            let Some(Some(own_days)) = days.get(row) else {
                continue;
            };
            let says = Self::periods_say(&named.1, *own_days).and(self.header_says(*own_days));
            if says == Entailment::Yes && alone.get(row) == Some(&true) {
                own = own.min(named.0);
            }
            best = best.max(Some(says));
        }
        found.extend(best.map(|best| (named.0, false, best)));
        closest(found, own).and(self.says_filters(material, shape.times.is_empty()))
    }

    /// What the names of each column of names say to a row, each with how far off they stand and whether it is the first
    /// column; and how close a name stands that no other row has.
    fn names_said(
        &self,
        material: usize,
        row: usize,
        besides: Option<usize>,
    ) -> (Vec<(usize, bool, Entailment)>, usize) {
        let mut found: Vec<(usize, bool, Entailment)> = Vec::new();
        let mut own = usize::MAX;
        let Some(shape) = self.context.index.shapes.get(material) else {
            return (found, own);
        };
        let labels = shape.labels.iter().enumerate();
        for (at, (column, values)) in labels.filter(|(_, (column, _))| Some(*column) != besides) {
            let label_named = self.labels_named(material, *column);
            let (depth, named) = (label_named.0, &label_named.1);
            let Some(Some(value)) = values.get(row) else {
                continue;
            };
            if !named.is_empty() {
                let here = named.iter().any(
                    |mention| matches!(mention.what, MentionTarget::Label(label) if label.value == *value),
                );
                let rows = shape.label_rows.get(at).and_then(|rows| rows.get(*value));
                let alone = rows.is_some_and(|rows| rows.len() == 1);
                let one = named
                    .iter()
                    .all(|mention| Some(mention.span) == named.first().map(|one| one.span));
                if here && alone && one {
                    own = own.min(depth);
                }
                found.push((
                    depth,
                    at == 0,
                    if here { Entailment::Yes } else { Entailment::No },
                ));
            }
        }
        (found, own)
    }

    /// Where names stand that go with the figure and are of other rows than this one.
    pub(super) fn names_denying_row(&self, material: usize, row: usize) -> Vec<Span> {
        let Some(shape) = self.context.index.shapes.get(material) else {
            return Vec::new();
        };
        let mut spans = Vec::new();
        for (column, values) in &shape.labels {
            let named = self.labels_named(material, *column);
            let here = |mention: &Mention<'_>| matches!(mention.what, MentionTarget::Label(label) if Some(Some(label.value)) == values.get(row).copied());
            if !named.1.iter().any(here) {
                spans.extend(named.1.iter().map(|mention| mention.span));
            }
        }
        let days = shape.times.iter().filter_map(|(_, days)| *days.get(row)?);
        let filtered = shape.period.filter(|_| shape.times.is_empty());
        let named = self.periods_named();
        let said = days.chain(filtered).map(|days| Self::periods_say(&named.1, days));
        if said.max() == Some(Entailment::No) {
            spans.extend(named.1.iter().map(|mention| mention.span));
        }
        spans
    }

    /// The years that are named with the figure.
    pub(super) fn years_named(&self) -> Vec<i16> {
        let year = |mention: &Mention<'_>| match mention.what {
            MentionTarget::TextPeriod(period) if period.dated() => Some(period.days(0)?.0.year()),
            _ => None,
        };
        // `| Month | 2018 | 2019 |`
        if let Some(header) = self.place.row.and_then(|cell| cell.header) {
            let years: Vec<i16> = self.context.mentions_in(header).filter_map(year).collect();
            if !years.is_empty() {
                return years;
            }
        }
        let named = self.periods_named();
        // `$40,422 in 2018`
        let behind = |mention: &&Mention<'_>| {
            let gap = Span::new(self.span.end, mention.span.start).of(self.context.text);
            // `2.41M t in 2024`
            let unit = gap
                .trim_start_matches(' ')
                .trim_start_matches(char::is_alphabetic);
            let gap = if gap.len() < 12 && unit == " in " {
                unit
            } else {
                gap
            };
            matches!(gap, " in " | " for " | " of " | " (") && year(mention).is_some()
        };
        let right = named.1.iter().find(behind).and_then(year);
        let years = right.map_or_else(|| named.1.iter().filter_map(year).collect(), |year| vec![year]);
        match years.as_slice() {
            [only] if self.is_of_the_year_before() => vec![only - 1],
            _ => years,
        }
    }

    /// What the periods named say to some days.
    pub(super) fn says_days(&self, days: Days) -> Entailment {
        Self::periods_say(&self.periods_named().1, days)
    }

    fn periods_named(&self) -> MentionsFound<'i> {
        once(&self.memo.named, None, || {
            Rc::new(self.named_at(|what| matches!(what, MentionTarget::TextPeriod(_))))
        })
    }

    fn labels_named(&self, material: usize, column: usize) -> MentionsFound<'i> {
        once(&self.memo.named, Some((material, column)), || {
            Rc::new(self.named_at(|what| {
                matches!(what, MentionTarget::Label(label) if label.material == material && label.column == column)
            }))
        })
    }

    fn periods_say(named: &[Mention<'i>], days: Days) -> Entailment {
        let relations: Vec<(Relation, bool)> = named
            .iter()
            .filter_map(|mention| match mention.what {
                MentionTarget::TextPeriod(period) => {
                    Some((period.relation(days), same_length(&period, days)))
                }
                _ => None,
            })
            .collect();
        if relations.is_empty() {
            return Entailment::Nothing;
        }
        let of_length = |wanted: bool| relations.iter().filter(move |(_, same)| *same == wanted);
        let any =
            |same: bool, relation: &[Relation]| of_length(same).any(|(found, _)| relation.contains(found));
        if of_length(true).count() > 0 {
            return if any(true, &[Relation::Same, Relation::Holds]) {
                Entailment::Yes
            } else {
                Entailment::No
            };
        }
        let first_day = |mention: &Mention<'_>| match mention.what {
            MentionTarget::TextPeriod(period) => begins_week(&period, days),
            _ => false,
        };
        if named.iter().any(first_day) {
            return Entailment::Yes;
        }
        if any(false, &[Relation::Same, Relation::Holds, Relation::Within]) {
            Entailment::Nothing
        } else {
            Entailment::No
        }
    }

    /// What the surroundings say to the filters of a result.
    pub(super) fn says_filters(&self, material: usize, with_period: bool) -> Entailment {
        once(&self.memo.filters, (material, with_period), || {
            self.filters_said(material, with_period)
        })
    }

    fn filters_said(&self, material: usize, with_period: bool) -> Entailment {
        let Some(shape) = self.context.index.shapes.get(material) else {
            return Entailment::Nothing;
        };
        let mut says = Entailment::Nothing;
        if let Some(period) = shape.period.filter(|_| with_period) {
            says = says.and(self.says_days(period));
        }
        for (dimension, values) in &shape.filters {
            let named = self.named(|what| {
                matches!(what, MentionTarget::Label(label) if label.dimension == *dimension && label.column == FILTERED)
            });
            if !named.is_empty() {
                let here = named.iter().any(|mention| {
                    matches!(mention.what, MentionTarget::Label(label) if values.iter().any(|value| value.to_lowercase() == label.low))
                });
                says = says.and(if here { Entailment::Yes } else { Entailment::No });
            }
        }
        says
    }
}

/// What several columns say together, where a name that no other row has stands so close.
fn closest(found: Vec<(usize, bool, Entailment)>, own: usize) -> Entailment {
    let closest = found
        .into_iter()
        .filter(|(depth, key, says)| *depth < own || (*key && *depth == own) || *says == Entailment::Yes);
    closest.fold(Entailment::Nothing, |says, (.., other)| says.and(other))
}
