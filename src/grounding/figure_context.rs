//! What the words around one figure say it is of.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::index::FILTERED;
use super::number::Kind;
use super::scope::{Mention, MentionScope, MentionTarget, Says, TextContext};
use super::text::{Days, Relation, Span, TextPeriod, TextPlace};
use crate::result::ColumnKind;

/// A figure's place, with what its surroundings name.
pub(super) struct FigureContext<'c, 'a, 'i> {
    pub(super) context: &'c TextContext<'a, 'i>,
    pub(super) span: Span,
    pub(super) place: TextPlace,
    pub(super) scopes: Vec<MentionScope>,
    pub(super) memo: FigureMemo<'i>,
}

/// The mentions that go with a figure, and how many closer surroundings have none.
type MentionsFound<'i> = Rc<(usize, Vec<Mention<'i>>)>;

/// What is said of a figure, for each cell that may be it: worked out once for each row, column and result.
#[derive(Default)]
pub(super) struct FigureMemo<'i> {
    /// Periods, or the labels of a column.
    named: RefCell<HashMap<Option<(usize, usize)>, MentionsFound<'i>>>,
    rows: RefCell<HashMap<(usize, usize), Says>>,
    columns: RefCell<HashMap<(usize, usize), Says>>,
    bases: RefCell<HashMap<(usize, usize), bool>>,
    filters: RefCell<HashMap<(usize, bool), Says>>,
    pub(super) totals: RefCell<HashMap<usize, bool>>,
}

/// Looks an answer up that was given before, or works it out.
pub(super) fn once<K: Eq + std::hash::Hash, V: Clone>(
    known: &RefCell<HashMap<K, V>>,
    key: K,
    work_out: impl FnOnce() -> V,
) -> V {
    if let Some(found) = known.borrow().get(&key) {
        return found.clone();
    }
    let found = work_out();
    known.borrow_mut().insert(key, found.clone());
    found
}

impl<'i> FigureContext<'_, '_, 'i> {
    /// The mentions of a kind that go with this figure: of the closest surroundings that have any.
    pub(super) fn named(&self, wanted: impl Fn(&MentionTarget<'i>) -> bool) -> Vec<Mention<'i>> {
        self.named_at(wanted).1
    }

    /// The same, with how many closer surroundings name none.
    fn named_at(&self, wanted: impl Fn(&MentionTarget<'i>) -> bool) -> (usize, Vec<Mention<'i>>) {
        for (depth, scope) in self.scopes.iter().enumerate() {
            let found: Vec<Mention<'i>> = self
                .context
                .mentions_in(scope.span)
                .filter(|mention| wanted(&mention.what) && self.counts(scope, mention.span))
                .copied()
                .collect();
            if !found.is_empty() {
                let in_turn = self.in_turn(scope, &wanted).map(|mention| vec![mention]);
                return (depth, in_turn.unwrap_or_else(|| self.paired(scope, found)));
            }
        }
        (self.scopes.len(), Vec::new())
    }

    fn counts(&self, scope: &MentionScope, mention: Span) -> bool {
        scope.span.holds(mention)
            && !mention.holds(self.span)
            && (!scope.before || mention.end <= self.span.start)
            && (scope.asides || !self.context.layout.in_aside(mention))
    }

    /// The name that goes with the figure where a sentence has first names and then as many figures: `In March, April and
    /// May we had 455, 431 and 488 orders`.
    fn in_turn(
        &self,
        scope: &MentionScope,
        wanted: impl Fn(&MentionTarget<'i>) -> bool,
    ) -> Option<Mention<'i>> {
        let sentence = self.place.sentence;
        let wide = scope.span != self.place.clause && scope.span != sentence;
        if wide || self.place.aside.is_some() || self.place.row.is_some() {
            return None;
        }
        let outside = |span: Span| sentence.holds(span) && !self.context.layout.in_aside(span);
        let mentions = self.context.mentions_in(sentence);
        let mut named: Vec<Mention<'i>> = mentions
            .filter(|mention| wanted(&mention.what) && outside(mention.span))
            .copied()
            .collect();
        named.dedup_by_key(|mention| mention.span);
        let figures: Vec<Span> = self
            .figures_in(sentence)
            .into_iter()
            .filter(|span| outside(*span))
            .collect();
        let (last, first) = (named.last()?, figures.first()?);
        let summed = figures.len() == named.len() + 1 && {
            let words = match figures.as_slice() {
                [.., before, last] => self.context.words_in(Span::new(before.end, last.start)),
                _ => &[],
            };
            words.iter().any(|word| {
                matches!(
                    word.low.as_str(),
                    "together" | "total" | "all" | "sum" | "zusammen"
                )
            })
        };
        if named.len() < 2 || !(summed || named.len() == figures.len()) || last.span.end > first.start {
            return None;
        }
        let at = figures.iter().position(|figure| *figure == self.span)?;
        named.get(at).copied()
    }

    /// Of several names those that go with this figure, by the order in which names and figures stand.
    fn paired(&self, scope: &MentionScope, found: Vec<Mention<'i>>) -> Vec<Mention<'i>> {
        let mut names: Vec<Span> = found.iter().map(|mention| mention.span).collect();
        names.dedup();
        if names.len() < 2 || self.is_from_to() {
            return found;
        }
        let mut figures = self.figures_in(scope.span);
        figures.retain(|span| scope.asides || !self.context.layout.in_aside(*span));
        let together = self.place.aside.filter(|aside| *aside != scope.span);
        let goes_with = match together.map(|aside| self.figures_in(aside)) {
            // `Outdoor … Office (4,189 vs. 3,452)`: whichever of them it is.
            Some(aside) if aside.len() > 1 && self.compares(&aside) => None,
            _ => pair(&names, &figures, self.span),
        };
        let Some(span) = goes_with else {
            return found;
        };
        found.into_iter().filter(|mention| mention.span == span).collect()
    }

    /// Whether the first two figures in brackets are held against each other.
    fn compares(&self, figures: &[Span]) -> bool {
        let [first, second, ..] = figures else {
            return false;
        };
        let between = Span::new(first.end, second.start).of(self.context.text);
        ["vs", "versus", "against", "compared", "→", "->", "to"]
            .iter()
            .any(|mark| between.split([' ', '.']).any(|word| word == *mark))
    }

    /// Figures in some bytes.
    pub(super) fn figures_in(&self, bytes: Span) -> Vec<Span> {
        let numbers = self.context.numbers_in(bytes).iter();
        numbers
            .filter(|number| number.kind == Kind::Quantity)
            .map(|number| Span::new(number.start, number.end))
            .filter(|span| !self.context.is_key(*span))
            .collect()
    }

    /// What the surroundings say to a row of a result. A name that no other row has says it alone, whatever stands
    /// farther off.
    pub(super) fn says_row(&self, material: usize, row: usize) -> Says {
        once(&self.memo.rows, (material, row), || self.row_said(material, row))
    }

    fn row_said(&self, material: usize, row: usize) -> Says {
        self.row_said_besides(material, row, None)
    }

    /// The same, whatever is said of one of its columns.
    pub(super) fn row_said_besides(&self, material: usize, row: usize, besides: Option<usize>) -> Says {
        let Some(shape) = self.context.index.shapes.get(material) else {
            return Says::Nothing;
        };
        let mut found: Vec<(usize, bool, Says)> = Vec::new();
        let mut own = usize::MAX;
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
                found.push((depth, at == 0, if here { Says::Yes } else { Says::No }));
            }
        }
        // A period is of any of a row's dates: the text seldom says whether of the order or of the shipment.
        let named = self.periods_named();
        let mut best: Option<Says> = None;
        for ((_, days), alone) in shape.times.iter().zip(&shape.own_times) {
            let Some(Some(own_days)) = days.get(row) else {
                continue;
            };
            let says = Self::periods_say(&named.1, *own_days);
            if says == Says::Yes && alone.get(row) == Some(&true) {
                own = own.min(named.0);
            }
            best = best.max(Some(says));
        }
        found.extend(best.map(|best| (named.0, false, best)));
        let closest = found
            .into_iter()
            .filter(|(depth, key, says)| *depth < own || (*key && *depth == own) || *says == Says::Yes);
        let says = closest.fold(Says::Nothing, |says, (.., other)| says.and(other));
        says.and(self.says_filters(material, shape.times.is_empty()))
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
        if said.max() == Some(Says::No) {
            spans.extend(named.1.iter().map(|mention| mention.span));
        }
        spans
    }

    /// What the periods named say to some days.
    pub(super) fn says_days(&self, days: Days) -> Says {
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

    fn periods_say(named: &[Mention<'i>], days: Days) -> Says {
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
        once(&self.memo.filters, (material, with_period), || {
            self.filters_said(material, with_period)
        })
    }

    fn filters_said(&self, material: usize, with_period: bool) -> Says {
        let Some(shape) = self.context.index.shapes.get(material) else {
            return Says::Nothing;
        };
        let mut says = Says::Nothing;
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
                says = says.and(if here { Says::Yes } else { Says::No });
            }
        }
        says
    }

    /// What the surroundings say to a column of a result.
    pub(super) fn says_column(&self, material: usize, column: usize) -> Says {
        once(&self.memo.columns, (material, column), || {
            self.column_said(material, column)
        })
    }

    /// Whether a row may be what the rows named are compared with: see [`Self::is_base`].
    pub(super) fn may_be_base(&self, material: usize, row: usize) -> bool {
        once(&self.memo.bases, (material, row), || {
            self.base_said(material, row)
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
    fn adjacent_column_says(&self, column: usize, named: &[Mention<'i>]) -> Option<Says> {
        const BEHIND: [&str; 7] = [" ", " of ", " in ", " on ", "-", " of the ", " in the "];
        const BEFORE: [&str; 9] = [
            " of ",
            " at ",
            " was ",
            " is ",
            " were ",
            " are ",
            " = ",
            " of only ",
            " of about ",
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
            gap.is_some_and(|gap| marks.contains(&gap.as_str()))
        };
        for behind in [true, false] {
            let near: Vec<&Mention<'_>> = named.iter().filter(|mention| touches(mention, behind)).collect();
            if near.is_empty() {
                continue;
            }
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
                true if near.iter().any(|mention| is(mention) && of_mean(mention)) => Some(Says::No),
                true => Some(Says::Yes),
                false if near.iter().any(of_mean) => None,
                false => Some(Says::No),
            };
        }
        None
    }

    /// Whether the name of a column stands right beside the figure.
    pub(super) fn has_adjacent_column(&self, material: usize, column: usize) -> bool {
        let named =
            self.named(|what| matches!(what, MentionTarget::Column { material: of, .. } if *of == material));
        self.adjacent_column_says(column, &named).is_some()
    }

    fn column_said(&self, material: usize, column: usize) -> Says {
        let headed = self.header_columns(material);
        if !headed.is_empty() {
            return if headed.contains(&column) {
                Says::Yes
            } else {
                Says::No
            };
        }
        let named =
            self.named(|what| matches!(what, MentionTarget::Column { material: of, .. } if *of == material));
        let kind = |column: usize| {
            let table = self.context.index.materials.get(material)?.table;
            table.columns.get(column).map(|column| column.kind)
        };
        if let Some(says) = self.adjacent_column_says(column, &named) {
            return says;
        }
        // What is in a currency is none of the things that are counted beside it.
        let amount = self.is_money() && kind(column) == Some(ColumnKind::Number);
        let counted = |mention: &Mention<'_>| matches!(mention.what, MentionTarget::Column { column, .. } if kind(column) == Some(ColumnKind::Integer));
        let mut columns: Vec<usize> = named
            .iter()
            .filter(|mention| {
                !self.is_unit_of_another(mention.span) && !self.is_head_of_another(mention.span)
            })
            .filter(|mention| !(amount && counted(mention)))
            .filter(|mention| !self.leads_a_key(mention.span) && !self.is_before_its_part(mention.span))
            .filter(|mention| !self.counts_what_has_a_mean(mention) && !self.speaks_of_another(mention.span))
            .filter_map(|mention| match mention.what {
                MentionTarget::Column { column, .. } => Some(column),
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

/// Whether a period is as long as some days: both months, or both quarters.
fn same_length(period: &TextPeriod, days: Days) -> bool {
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
pub(super) fn pair(names: &[Span], figures: &[Span], figure: Span) -> Option<Span> {
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
