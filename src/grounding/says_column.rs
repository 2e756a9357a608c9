//! What the words around a figure say to a column: by the header above it, by the name right beside it, by the names in its
//! clause. For example, "cost of goods sold of $19.2M" is not revenue, though the clause before speaks of that.

use std::rc::Rc;

use super::figure_context::{FigureContext, once};
use super::scope::{Entailment, Mention, MentionTarget};
use super::text::{Span, stem};
use super::vocabulary::Concept;
use crate::result::{ColumnKind, ColumnMeaning, ColumnSummary};

/// Most names of one sentence and the one before it that are read as parallel.
const MOST_NAMES: usize = 24;

impl<'i> FigureContext<'_, '_, 'i> {
    /// What the surroundings say to a column of a result.
    pub(super) fn says_column(&self, material: usize, column: usize) -> Entailment {
        once(&self.memo.columns, (material, column), || {
            self.column_said(material, column)
        })
    }

    /// The columns of a result that the header above the figure is the name of.
    pub(super) fn header_columns(&self, material: usize) -> Rc<Vec<usize>> {
        let Some(header) = self.place.row.and_then(|cell| cell.header) else {
            return Rc::default();
        };
        once(&self.context.memo.headers, (header, material), || {
            let columns = self.context.index.columns_of_header(header.of(self.context.text));
            let own = columns.into_iter().filter(|(of, _)| *of == material);
            Rc::new(own.map(|(_, column)| column).collect())
        })
    }

    /// What the name of a column says that stands right behind the figure or right before it: "$8.1 million of operating
    /// income", "revenue of $71.2 million".
    fn adjacent_column_says(&self, column: usize, named: &[Mention<'i>]) -> Option<Entailment> {
        const BEHIND: [&str; 7] = [" ", " of ", " in ", " on ", "-", " of the ", " in the "];
        const BEFORE: [&str; 11] = [
            ": ",
            " of ",
            " at ",
            " was ",
            " is ",
            " were ",
            " are ",
            " = ",
            " of only ",
            " of about ",
            " for ",
        ];
        if self.place.row.is_some() {
            return None;
        }
        let text = self.context.text;
        let plain = |from: usize, to: usize| text.get(from..to).map(|gap| gap.replace(['*', '_', '`'], ""));
        let touches = |mention: &&Mention<'_>, behind: bool| {
            let (gap, marks): (_, &[&str]) = if behind {
                (plain(self.span.end, mention.span.start), &BEHIND)
            } else {
                (plain(mention.span.end, self.span.start), &BEFORE)
            };
            let of_another = if behind {
                self.is_head_of_another(mention.span)
            } else {
                self.is_unit_of_another(mention.span)
            };
            // `Orders: 28,550.43 USD` is said of the orders, in whatever unit.
            let labelled = gap.as_deref() == Some(": ");
            let of_another = of_another
                || self.tells_of_its_part(mention.span)
                || self.differs_from(mention.span)
                || (!labelled
                    && (self.has_unit() || self.counts_plural())
                    && self.is_of_another_unit(mention));
            !of_another && gap.is_some_and(|gap| marks.contains(&gap.as_str()))
        };
        let verbs: Vec<&Mention<'_>> = named
            .iter()
            .filter(|one| self.is_told_by_verb(one.span))
            .collect();
        if !verbs.is_empty() {
            let own = verbs.iter().any(
                |mention| matches!(mention.what, MentionTarget::Column { column: of, .. } if of == column),
            );
            return Some(if own { Entailment::Yes } else { Entailment::No });
        }
        for behind in [true, false] {
            let near: Vec<&Mention<'_>> = named.iter().filter(|mention| touches(mention, behind)).collect();
            if near.is_empty() {
                continue;
            }
            // `3.25 hours of overtime` are of the overtime.
            let behind_of = |mention: &&Mention<'_>| {
                let before = near
                    .iter()
                    .any(|near| plain(near.span.end, mention.span.start).as_deref() == Some(" of "));
                behind && before
            };
            let whats: Vec<&Mention<'_>> = named.iter().filter(behind_of).collect();
            let near = if whats.is_empty() { near } else { whats };
            // What is said is the first of two names: `the change of revenue was 5,872`.
            let heads = |mention: &&Mention<'_>| {
                let of =
                    |near: &&Mention<'_>| plain(mention.span.end, near.span.start).as_deref() == Some(" of ");
                near.iter().any(of)
            };
            let first: Vec<&Mention<'_>> = named.iter().filter(|mention| !behind && heads(mention)).collect();
            let near = if first.is_empty() { near } else { first };
            let is = |mention: &&Mention<'_>| matches!(mention.what, MentionTarget::Column { column: of, .. } if of == column);
            let of_mean = |mention: &&Mention<'_>| self.counts_what_has_a_mean(mention);
            return match near.iter().any(is) {
                true if near.iter().any(|mention| is(mention) && of_mean(mention)) => Some(Entailment::No),
                true => Some(Entailment::Yes),
                false if near.iter().any(of_mean) => None,
                false => Some(Entailment::No),
            };
        }
        None
    }

    /// Whether a name is the verb that says which of the things counted are meant: `cancelled 204 crossings`, `44 dogs arrived`.
    fn is_told_by_verb(&self, name: Span) -> bool {
        let text = self.context.text;
        let plain = |from: usize, to: usize| text.get(from..to).map(|gap| gap.replace(['*', '_', '`'], ""));
        let led = plain(name.end, self.span.start).as_deref() == Some(" ");
        let done = plain(self.span.end, name.start).is_some_and(|gap| {
            let noun = gap.trim();
            gap.len() == noun.len() + 2 && !noun.is_empty() && noun.chars().all(char::is_alphabetic)
        });
        let next = self.context.number_from(name.end);
        let to_another = next.is_some_and(|next| plain(name.end, next.start).as_deref() == Some(" "));
        name.of(text).ends_with("ed") && (led || (done && !to_another)) && self.counts_plural()
    }

    /// The names of columns of a result in the figure's sentence.
    pub(super) fn columns_in_sentence(&self, material: usize) -> Vec<Mention<'i>> {
        let mentions = self.context.mentions_in(self.place.sentence);
        let of_result = mentions.filter(
            |mention| matches!(mention.what, MentionTarget::Column { material: of, .. } if of == material),
        );
        of_result.copied().collect()
    }

    /// The columns whose names stand right beside the figure.
    pub(super) fn adjacent_columns(&self, material: usize) -> Vec<usize> {
        let named = self.columns_in_sentence(material);
        let columns = named.iter().filter_map(|mention| match mention.what {
            MentionTarget::Column { column, .. } => Some(column),
            _ => None,
        });
        columns
            .filter(|column| self.adjacent_column_says(*column, &named) == Some(Entailment::Yes))
            .collect()
    }

    /// The columns of the figure that stands in the same place behind the name before: in `Sunday had 8,847 passengers on 66
    /// flights, Monday 7,120 on 61` the second figure of each day is of flights.
    fn columns_in_parallel(&self, material: usize) -> Rc<Vec<usize>> {
        once(&self.memo.parallel, material, || {
            Rc::new(self.parallel_columns(material))
        })
    }

    fn parallel_columns(&self, material: usize) -> Vec<usize> {
        let context = self.context;
        let dated = context
            .index
            .shapes
            .get(material)
            .is_some_and(|shape| !shape.times.is_empty());
        let from = self
            .place
            .before
            .map_or(self.place.sentence.start, |before| before.start);
        let around = Span::new(from, self.place.sentence.end);
        let mut names: Vec<usize> = context
            .mentions_in(around)
            .filter(|mention| match mention.what {
                MentionTarget::Label(label) => label.material == material,
                MentionTarget::TextPeriod(_) => dated,
                MentionTarget::Column { .. } => false,
            })
            .map(|mention| mention.span.start)
            .collect();
        names.dedup();
        let figures = self.figures_in(around);
        let behind = |figure: &Span| names.partition_point(|name| *name <= figure.start);
        let of = |part: usize| -> Vec<Span> {
            figures
                .iter()
                .filter(|figure| behind(figure) == part)
                .copied()
                .collect()
        };
        let own = behind(&self.span);
        let together = of(own);
        let place = together.iter().position(|figure| *figure == self.span);
        let Some(place) = place.filter(|_| self.place.row.is_none() && names.len() <= MOST_NAMES) else {
            return Vec::new();
        };
        let since = own
            .checked_sub(1)
            .and_then(|at| names.get(at))
            .copied()
            .unwrap_or(from);
        let mut own_columns = context.mentions_in(Span::new(since, around.end));
        if own < 2
            || together.len() < 2
            || own_columns.any(|mention| matches!(mention.what, MentionTarget::Column { .. }))
        {
            return Vec::new();
        }
        let unit = |figure: &Span| {
            let number = context.number_from(figure.start);
            number.map(|number| (number.percent, number.currency, number.last_place < 1.0))
        };
        let alike = |others: &Vec<Span>| together.iter().map(unit).eq(others.iter().map(unit));
        let Some(other) = (1..own)
            .rev()
            .map(of)
            .find(alike)
            .and_then(|figures| figures.get(place).copied())
        else {
            return Vec::new();
        };
        let seat = context.seat(other);
        let numeric = context
            .index
            .shapes
            .get(material)
            .map(|shape| shape.numeric.as_slice());
        let said = numeric.unwrap_or_default().iter().copied();
        said.filter(|column| seat.says_column(material, *column) == Entailment::Yes)
            .collect()
    }

    /// Whether the name of a column stands right beside the figure.
    pub(super) fn has_adjacent_column(&self, material: usize, column: usize) -> bool {
        once(&self.memo.adjacent, (material, column), || {
            let named = self.columns_in_sentence(material);
            self.adjacent_column_says(column, &named).is_some()
        })
    }

    /// Whether the header above the figure names a column of another result of this turn, and nothing of this one.
    pub(super) fn is_headed_by_another(&self, material: usize) -> bool {
        let Some(header) = self.place.row.and_then(|cell| cell.header) else {
            return false;
        };
        let index = self.context.index;
        let current = |at: usize| index.materials.get(at).is_some_and(|one| one.current);
        let measures = |at: usize, column: usize| {
            let shape = index.shapes.get(at);
            shape.is_some_and(|shape| shape.numeric.contains(&column))
        };
        let own = index
            .shapes
            .get(material)
            .map(|shape| shape.name_words.as_slice())
            .unwrap_or_default();
        let mut words = self.context.words_in(header).iter();
        let of_own = words.any(|word| own.iter().any(|name| *name == stem(&word.low)));
        !of_own
            && (0..index.materials.len()).any(|other| {
                let columns = self.header_columns(other);
                other != material && current(other) && columns.iter().any(|column| measures(other, *column))
            })
    }

    /// Whether the figure is written with a currency or as a percentage: `orders were 28,550.43` still speaks of orders.
    fn has_unit(&self) -> bool {
        self.number()
            .is_some_and(|number| number.percent || number.currency.is_some())
    }

    /// Whether a name is of a column whose values are written in another way than the figure, so that it says nothing of it:
    /// the trials in "trials without a source convert at 44.7 %" are counted, and no percentage.
    fn is_of_another_unit(&self, mention: &Mention<'_>) -> bool {
        let MentionTarget::Column { material, column } = mention.what else {
            return false;
        };
        let index = self.context.index;
        let table = index.materials.get(material).map(|one| one.table);
        let described = table.and_then(|table| table.columns.get(column));
        let (Some(described), Some(shape), Some(number)) =
            (described, index.shapes.get(material), self.number())
        else {
            return false;
        };
        let money = number.currency.is_some();
        let rate = shape.rates.contains(&column);
        let score = described.meaning() == ColumnMeaning::Score;
        if described.kind == ColumnKind::Integer {
            return (money && !super::column_kinds::is_amount(described))
                || (!rate && (number.percent || number.last_place < 1.0));
        }
        // Where amounts are written with their currency, a whole number without one is none.
        let whole = !money && !number.percent && number.last_place >= 1.0 && number.digits < 7;
        let fraction = matches!(index.summary(material, column), Some(ColumnSummary::Numbers { max, .. }) if max.as_f64() <= 1.0);
        if rate && fraction && !number.percent && number.value > 1.0 {
            return true;
        }
        // `22.9 % after 15,870 km`: beyond a hundred it is none of the column's percentages.
        let percentages = matches!(index.summary(material, column), Some(ColumnSummary::Numbers { max, .. }) if max.as_f64() <= 100.0);
        if rate
            && percentages
            && described.says_percent()
            && !number.percent
            && self.is_written_in_percent(material)
        {
            return true;
        }
        let large = matches!(index.summary(material, column), Some(ColumnSummary::Numbers { max, .. }) if max.as_f64() >= 1000.0);
        let amount = (super::column_kinds::is_amount(described) || large) && !rate;
        (money && (score || (rate && fraction)))
            || (whole && amount && self.place.row.is_none() && self.context.writes_currency())
    }

    /// Whether the text writes percentages with their sign, as far as the result of a column has them.
    fn is_written_in_percent(&self, material: usize) -> bool {
        let rates = self
            .context
            .index
            .shapes
            .get(material)
            .map_or(0, |shape| shape.rates.len());
        let mut numbers = self.context.numbers_in(self.place.sentence).iter();
        rates > 0 && self.place.row.is_none() && numbers.any(|number| number.percent)
    }

    /// What a year says to a column that is of one by its name: `40,422 in 2018` is of `revenue_2018`, and of no other year's.
    fn says_year_of(&self, material: usize, column: usize) -> Entailment {
        let shape = self.context.index.shapes.get(material);
        let years = shape
            .map(|shape| &shape.column_years)
            .filter(|years| years.len() > 1);
        let Some(own) = years.and_then(|years| years.get(&column)) else {
            return Entailment::Nothing;
        };
        let said = self.years_named();
        match said.as_slice() {
            [] => Entailment::Nothing,
            said if said.contains(own) => Entailment::Yes,
            _ => Entailment::No,
        }
    }

    /// Whether a name stands behind `per` and is of a column that has no such word in its own: the capacity of `1,088 kWh per
    /// kWp` says nothing of the yield.
    fn is_what_it_is_for(&self, mention: &Mention<'_>) -> bool {
        let MentionTarget::Column { material, column } = mention.what else {
            return false;
        };
        let before = self.context.word_before(mention.span.start);
        let before = before.and_then(|at| self.context.words.get(at));
        let table = self.context.index.materials.get(material).map(|one| one.table);
        let own = table
            .and_then(|table| table.columns.get(column))
            .is_some_and(|column| {
                let words = super::keys::name_words(&format!("{} {}", column.name, column.label));
                words.iter().any(|word| Concept::Per.has(word))
            });
        self.place.row.is_none() && !own && before.is_some_and(|word| word.low == "per")
    }

    /// The one column that is named between the figure before and this one, where the figure before has one of its own before it:
    /// `callers waited 97 seconds and talks lasted 561`.
    fn column_since_figure_before(&self, named: &[Mention<'i>]) -> Option<usize> {
        let before = self.context.number_before(self.span.start)?;
        let clause = self.place.aside.unwrap_or(self.place.clause);
        if self.place.row.is_some() || before.start < clause.start {
            return None;
        }
        let column = |mention: &Mention<'_>| match mention.what {
            MentionTarget::Column { column, .. } => Some(column),
            _ => None,
        };
        let own = |mention: &&Mention<'_>| {
            mention.span.start >= before.end
                && mention.span.end <= self.span.start
                && !self.is_unit_of_another(mention.span)
        };
        let mut since: Vec<usize> = named.iter().filter(own).filter_map(column).collect();
        since.dedup();
        let earlier = named.iter().any(|mention| mention.span.end <= before.start);
        match since.as_slice() {
            [only] if earlier => Some(*only),
            _ => None,
        }
    }

    fn column_said(&self, material: usize, column: usize) -> Entailment {
        let headed = self.header_columns(material);
        if !headed.is_empty() {
            return if headed.contains(&column) {
                Entailment::Yes
            } else {
                Entailment::No
            };
        }
        if self.is_headed_by_another(material) {
            return Entailment::No;
        }
        let named =
            self.named(|what| matches!(what, MentionTarget::Column { material: of, .. } if *of == material));
        let of_year = self.says_year_of(material, column);
        // The year that is named is not the figure's own.
        if of_year == Entailment::Yes && self.is_of_the_year_before() {
            return of_year;
        }
        let of_month = self.says_month_of(material, column);
        if of_year.and(of_month) == Entailment::No || self.is_of_another_extreme(material, column) {
            return Entailment::No;
        }
        if let Some(says) = self.adjacent_column_says(column, &self.columns_in_sentence(material)) {
            return says;
        }
        // `150 orders` are orders, whatever else is named.
        let told_apart = || self.counts_what_columns_share(material);
        if self.place.row.is_none() && !self.is_money() && self.counts_plural() && !told_apart() {
            return Entailment::Nothing;
        }
        if let [only] = self.columns_in_parallel(material).as_slice() {
            return if *only == column {
                Entailment::Yes
            } else {
                Entailment::No
            };
        }
        let mut columns: Vec<usize> = named
            .iter()
            .filter(|mention| {
                !self.is_unit_of_another(mention.span) && !self.is_head_of_another(mention.span)
            })
            .filter(|mention| !self.happens_to_another(mention.span) && !self.is_of_another_unit(mention))
            .filter(|mention| !self.leads_a_key(mention.span) && !self.is_before_its_part(mention.span))
            .filter(|mention| !self.differs_from(mention.span) && !self.is_set_against(mention.span))
            .filter(|mention| !self.counts_what_has_a_mean(mention) && !self.speaks_of_another(mention.span))
            .filter(|mention| !self.tells_of_its_part(mention.span) && !self.tells_of_its_whole(mention.span))
            .filter(|mention| !self.is_what_it_is_for(mention))
            .filter_map(|mention| match mention.what {
                MentionTarget::Column { column, .. } => Some(column),
                _ => None,
            })
            .collect();
        columns.dedup();
        if let Some(closest) = self
            .column_since_figure_before(&named)
            .filter(|_| columns.len() > 1)
        {
            columns = vec![closest];
        }
        match columns.as_slice() {
            [] => Entailment::Nothing,
            several if several.contains(&column) => Entailment::Yes,
            [_] => Entailment::No,
            _ => Entailment::Nothing,
        }
    }
}
