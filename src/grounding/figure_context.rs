//! What the words around one figure say it is of.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::number::Kind;
use super::scope::{Entailment, Mention, MentionScope, MentionTarget, TextContext};
use super::text::{Relation, Span, TextPeriod, TextPlace};
use super::vocabulary::Concept;

/// A figure's place, with what its surroundings name.
pub(super) struct FigureContext<'c, 'a, 'i> {
    pub(super) context: &'c TextContext<'a, 'i>,
    pub(super) span: Span,
    /// Whether it is a date, which stands among dates as a figure does among figures.
    pub(super) is_date: bool,
    pub(super) place: TextPlace,
    pub(super) scopes: Vec<MentionScope>,
    pub(super) memo: FigureMemo<'i>,
}

/// The mentions that go with a figure, and how many closer surroundings have none.
pub(super) type MentionsFound<'i> = Rc<(usize, Vec<Mention<'i>>)>;

/// What is said of a figure, for each cell that may be it: worked out once for each row, column and result.
#[derive(Default)]
pub(super) struct FigureMemo<'i> {
    /// Periods, or the labels of a column.
    pub(super) named: RefCell<HashMap<Option<(usize, usize)>, MentionsFound<'i>>>,
    pub(super) rows: RefCell<HashMap<(usize, usize), Entailment>>,
    pub(super) columns: RefCell<HashMap<(usize, usize), Entailment>>,
    /// Whether the name of a column stands right beside it, by result and column.
    pub(super) adjacent: RefCell<HashMap<(usize, usize), bool>>,
    /// The columns that figures before this one say to it, by result.
    pub(super) parallel: RefCell<HashMap<usize, Rc<Vec<usize>>>>,
    pub(super) bases: RefCell<HashMap<(usize, usize), bool>>,
    pub(super) filters: RefCell<HashMap<(usize, bool), Entailment>>,
    pub(super) totals: RefCell<HashMap<usize, bool>>,
    /// Whether a change is told from one time to a later one, and whether the sentence has a verb of a change.
    pub(super) of_time: OnceCell<bool>,
    pub(super) moves: OnceCell<bool>,
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
    pub(super) fn named_at(&self, wanted: impl Fn(&MentionTarget<'i>) -> bool) -> (usize, Vec<Mention<'i>>) {
        let at_arrow: Vec<Mention<'i>> = self.names_at_arrow();
        if at_arrow.iter().any(|mention| wanted(&mention.what)) {
            return (
                0,
                at_arrow
                    .into_iter()
                    .filter(|mention| wanted(&mention.what))
                    .collect(),
            );
        }
        for (depth, scope) in self.scopes.iter().enumerate() {
            let mut found: Vec<Mention<'i>> = self
                .context
                .mentions_in(scope.span)
                .filter(|mention| wanted(&mention.what) && self.counts(scope, mention.span))
                .copied()
                .collect();
            found.retain(|mention| !self.is_base_of_another(mention.span));
            self.keep_relative(&mut found);
            if self.is_of_later_figure(scope, &found) {
                continue;
            }
            if !found.is_empty() {
                let in_turn = self.in_turn(scope, &wanted).map(|mention| vec![mention]);
                return (depth, in_turn.unwrap_or_else(|| self.paired(scope, found)));
            }
        }
        (self.scopes.len(), Vec::new())
    }

    /// The names that go with a figure at an arrow where the line has names at an arrow before it: the second of `January →
    /// February: 1,122 → 1,004`.
    pub(super) fn names_at_arrow(&self) -> Vec<Mention<'i>> {
        let context = self.context;
        let arrow = |from: usize, to: usize| {
            let gap = context.text.get(from..to).unwrap_or_default();
            matches!(gap.trim_matches(['*', '_', ' ']), "→" | "->") && gap.len() < 12
        };
        let figures = self.figures_in(self.place.line);
        let at = figures.iter().position(|figure| *figure == self.span);
        let Some(at) = at.filter(|_| self.place.row.is_none() && !self.is_date) else {
            return Vec::new();
        };
        let beside = |at: Option<usize>| at.and_then(|at| figures.get(at)).copied();
        let before = beside(at.checked_sub(1)).is_some_and(|other| arrow(other.end, self.span.start));
        let behind = beside(Some(at + 1)).is_some_and(|other| arrow(self.span.end, other.start));
        if before == behind {
            return Vec::new();
        }
        let names: Vec<Mention<'i>> = context
            .mentions_in(Span::new(self.place.line.start, self.span.start))
            .filter(|mention| !matches!(mention.what, MentionTarget::Column { .. }))
            .copied()
            .collect();
        let pairs = names
            .iter()
            .flat_map(|one| names.iter().map(move |other| (one.span, other.span)));
        let mut pairs = pairs.filter(|(one, other)| arrow(one.end, other.start));
        let wanted = pairs.next().map(|(one, other)| if before { other } else { one });
        names
            .into_iter()
            .filter(|name| Some(name.span) == wanted)
            .collect()
    }

    /// Of `the month before` and other periods keeps the one that the figure is of: what stands right beside it, or else the others.
    fn keep_relative(&self, found: &mut Vec<Mention<'i>>) {
        let is_relative = |mention: &Mention<'i>| matches!(mention.what, MentionTarget::TextPeriod(period) if period.relative);
        if !found.iter().any(is_relative) {
            return;
        }
        let text = self.context.text;
        let beside = |mention: &Mention<'i>| {
            let (name, own) = (mention.span, self.span);
            let gap = if name.start >= own.end {
                text.get(own.end..name.start)
            } else {
                text.get(name.end..own.start)
            };
            let gap = gap
                .unwrap_or(".")
                .trim_matches(['*', '_', '$', '€', '£', '(', ')']);
            if name.start >= own.end {
                matches!(gap, " " | " in " | "" | " for ")
            } else {
                matches!(gap, " " | "" | ": " | " it was " | " was ")
            }
        };
        let own = found
            .iter()
            .any(|mention| is_relative(mention) && beside(mention));
        let others = found.iter().any(|mention| !is_relative(mention));
        if own || others {
            found.retain(|mention| {
                let period = matches!(mention.what, MentionTarget::TextPeriod(_));
                !period || is_relative(mention) == own
            });
        }
    }

    /// Whether the names in the figure's brackets are of what it is compared with there: `(198.8, after 214.3 in January)`.
    fn is_of_later_figure(&self, scope: &MentionScope, names: &[Mention<'i>]) -> bool {
        let Some(first) = names.first().filter(|_| self.place.aside == Some(scope.span)) else {
            return false;
        };
        let figures = self.figures_in(scope.span);
        let mut later = figures.iter().filter(|figure| figure.start >= self.span.end);
        later.any(|figure| {
            let between = Span::new(self.span.end, figure.start);
            let mut words = self.context.words_in(between).iter();
            figure.end <= first.span.start && words.any(|word| Concept::Base.has(&word.low))
        })
    }

    /// Whether a name is of what another figure is compared with: in `rose by 34 % over May, and to 161,204` the month says
    /// nothing of 161,204.
    fn is_base_of_another(&self, name: Span) -> bool {
        let text = self.context.text;
        let left = text.get(..name.start).unwrap_or_default();
        let base = [" over ", " than ", " than in ", " versus ", " vs ", " vs. "];
        let before = self.context.number_before(name.start);
        let compared = before.is_some_and(|number| {
            let gap = text.get(number.end..name.start).unwrap_or_default();
            number.percent && gap.len() < 24 && base.iter().any(|word| left.ends_with(word))
        });
        let next = self.context.number_from(name.end);
        compared && next.is_some_and(|next| next.start < self.span.start) && self.place.row.is_none()
    }

    pub(super) fn counts(&self, scope: &MentionScope, mention: Span) -> bool {
        scope.span.holds(mention)
            && !mention.holds(self.span)
            && (!scope.before || mention.end <= self.span.start)
            && (scope.asides || !self.context.layout.in_aside(mention))
            && !self.is_of_figure_in_brackets(mention)
    }

    /// Whether a name stands in brackets right before a figure of the same kind, so that it says nothing of what stands before
    /// them: `102 (2024: 94)`.
    fn is_of_figure_in_brackets(&self, name: Span) -> bool {
        const NEAR: usize = 16;
        let Some(aside) = self
            .context
            .layout
            .aside(name)
            .filter(|aside| !aside.holds(self.span))
        else {
            return false;
        };
        let next = self.context.number_from(name.end);
        let (Some(next), Some(own)) = (next.filter(|next| next.end <= aside.end), self.number()) else {
            return false;
        };
        let gap = self.context.text.get(name.end..next.start).unwrap_or_default();
        let told = gap.len() <= NEAR && gap.starts_with([':', ' ']) && !gap.contains([',', ';']);
        told && self.place.row.is_none()
            && next.kind == Kind::Quantity
            && next.percent == own.percent
            && next.currency == own.currency
    }

    /// The name that goes with the figure where a sentence has first names and then as many figures: `In March, April and
    /// May we had 455, 431 and 488 orders`.
    pub(super) fn in_turn(
        &self,
        scope: &MentionScope,
        wanted: impl Fn(&MentionTarget<'i>) -> bool,
    ) -> Option<Mention<'i>> {
        let sentence = self.place.sentence;
        if let Some(mention) = self.in_turn_in_brackets(&wanted) {
            return Some(mention);
        }
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
        // `…; their subsidies are 1.24M, 812K and 390K`: all figures of a part without names, in the order of the names before.
        let part = sentence
            .of(self.context.text)
            .rfind(';')
            .map(|at| Span::new(sentence.start + at, sentence.end));
        if let Some(part) = part.filter(|part| part.holds(self.span)) {
            let mut before: Vec<Mention<'i>> = named.clone();
            before.retain(|mention| mention.span.end <= part.start);
            let own: Vec<Span> = figures
                .iter()
                .filter(|figure| part.holds(**figure))
                .copied()
                .collect();
            if before.len() == named.len() && before.len() > 1 && before.len() == own.len() {
                return before
                    .get(own.iter().position(|figure| *figure == self.span)?)
                    .copied();
            }
        }
        if let [one, other] = named.as_slice()
            && let Some(second) = self.is_second_of_pair(&figures)
            && let [first, beside, third, ..] = figures.as_slice()
            && (one.span.end <= first.start || one.span.end <= beside.start)
            && (beside.end..third.start).contains(&other.span.start)
            && !Span::new(beside.end, other.span.start)
                .of(self.context.text)
                .contains([',', ';'])
        {
            return Some(if second { *other } else { *one });
        }
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
        let summed_first = figures.len() == named.len() + 1 && {
            let words = self.context.words_in(Span::new(sentence.start, first.start));
            words
                .iter()
                .any(|word| matches!(word.low.as_str(), "together" | "zusammen"))
        };
        if named.len() < 2
            || !(summed || summed_first || named.len() == figures.len())
            || last.span.end > first.start
        {
            return None;
        }
        let at = figures.iter().position(|figure| *figure == self.span)?;
        named.get(at.checked_sub(usize::from(summed_first))?).copied()
    }

    /// Whether the figure's clause goes on about what the sentence began with: `and it is the largest`.
    fn goes_on_with_subject(&self) -> bool {
        const JOINS: [&str; 8] = ["and", "but", "while", "yet", "so", "und", "aber", "y"];
        const SAME: [&str; 6] = ["it", "they", "es", "sie", "il", "elle"];
        let words = self.context.words_in(self.place.clause).iter();
        let mut words = words.skip_while(|word| JOINS.contains(&word.low.as_str()));
        self.place.clause.start > self.place.sentence.start
            && words.next().is_some_and(|word| SAME.contains(&word.low.as_str()))
    }

    /// The name that goes with a figure in brackets which have as many figures as there are names before them: `A and B have the
    /// lowest scores (18 and 9)`.
    fn in_turn_in_brackets(&self, wanted: impl Fn(&MentionTarget<'i>) -> bool) -> Option<Mention<'i>> {
        let aside = self.place.aside?;
        let before = Span::new(self.place.sentence.start, aside.start);
        let mut named: Vec<Mention<'i>> = self
            .context
            .mentions_in(before)
            .filter(|mention| wanted(&mention.what))
            .copied()
            .collect();
        named.dedup_by_key(|mention| mention.span);
        let first = named.first()?.span.end;
        let of_names = |figure: &Span| named.iter().any(|name| name.span.holds(*figure));
        let figures = self.figures_in(aside);
        let joined = figures.windows(2).all(|pair| match pair {
            [one, next] => {
                let gap = Span::new(one.end, next.start).of(self.context.text);
                matches!(gap, " and " | ", " | ", and " | " und " | " et " | " y ")
            }
            _ => false,
        });
        let alone = self
            .figures_in(Span::new(first, aside.start))
            .iter()
            .all(of_names);
        if named.len() < 2 || named.len() != figures.len() || !joined || !alone {
            return None;
        }
        named
            .get(figures.iter().position(|figure| *figure == self.span)?)
            .copied()
    }

    /// Where all figures of a sentence stand in pairs that are set against each other: whether this is the second of its pair. `In
    /// January 35 arrivals against 51 in December, and 48 adoptions against 33.`
    fn is_second_of_pair(&self, figures: &[Span]) -> Option<bool> {
        let text = self.context.text;
        let mut pairs = figures.chunks(2);
        let against = |pair: &[Span]| match pair {
            [one, other] => {
                let gap = Span::new(one.end, other.start).of(text);
                [" against ", " vs ", " vs. ", " versus "]
                    .iter()
                    .any(|mark| gap.ends_with(mark))
            }
            _ => false,
        };
        if figures.len() < 4 || !pairs.all(against) {
            return None;
        }
        let at = figures.iter().position(|figure| *figure == self.span)?;
        Some(at % 2 == 1)
    }

    /// Of several names those that go with this figure, by the order in which names and figures stand.
    fn paired(&self, scope: &MentionScope, found: Vec<Mention<'i>>) -> Vec<Mention<'i>> {
        let found = without_wholes(found);
        let mut names: Vec<Span> = found.iter().map(|mention| mention.span).collect();
        names.dedup();
        if names.len() < 2 || self.is_from_to() {
            return found;
        }
        if names.last().is_some_and(|last| self.is_of_its_subject(*last)) {
            return found;
        }
        // `P3 is the weak spot at 87.4%, 9.5 pp behind P1, and it is the largest with 1,427`
        if scope.before
            && self.goes_on_with_subject()
            && names.first().is_some_and(|first| first.end <= self.span.start)
        {
            let subject = names.first().copied();
            return found
                .into_iter()
                .filter(|mention| Some(mention.span) == subject)
                .collect();
        }
        let mut figures = self.figures_in(scope.span);
        figures.retain(|span| scope.asides || !self.context.layout.in_aside(*span));
        // `from 6,120 in Q1 to 6,544 in Q2 (+6.9%)`: what stands in brackets alone has no name of its own.
        let bracketed = |span: &Span| {
            let own = span.of(self.context.text);
            own.starts_with("(+") || own.starts_with("(-") || own.starts_with("(−")
        };
        figures.retain(|span| *span == self.span || !bracketed(span));
        let Some(span) = pair(&names, &figures, self.span) else {
            return found;
        };
        found.into_iter().filter(|mention| mention.span == span).collect()
    }

    /// Figures in some bytes.
    pub(super) fn figures_in(&self, bytes: Span) -> Vec<Span> {
        if self.is_date {
            let dates = self.context.mentions_in(bytes).filter(
                |mention| matches!(mention.what, MentionTarget::TextPeriod(period) if !period.bare_year && !period.relative),
            );
            let mut spans: Vec<Span> = dates.map(|mention| mention.span).collect();
            spans.dedup();
            return spans;
        }
        let numbers = self.context.numbers_in(bytes).iter();
        numbers
            .filter(|number| number.kind == Kind::Quantity)
            .map(|number| Span::new(number.start, number.end))
            .filter(|span| !self.context.is_key(*span))
            .collect()
    }

    /// Whether a row may be what the rows named are compared with: see [`Self::is_base`].
    pub(super) fn may_be_base(&self, material: usize, row: usize) -> bool {
        once(&self.memo.bases, (material, row), || {
            self.base_said(material, row)
        })
    }
}

/// Names without a period that holds all others: of `In the fourth quarter it was 1.43 in October and 1.49 in November` the months.
fn without_wholes(mut names: Vec<Mention<'_>>) -> Vec<Mention<'_>> {
    let periods: Vec<TextPeriod> = names
        .iter()
        .filter_map(|mention| match mention.what {
            MentionTarget::TextPeriod(period) => Some(period),
            _ => None,
        })
        .collect();
    let holds_all = |one: &TextPeriod| {
        periods.len() > 2
            && periods
                .iter()
                .filter(|other| other.span != one.span)
                .all(|other| {
                    let days = other.days(one.days(OPEN_YEAR).map_or(OPEN_YEAR, |days| days.0.year()));
                    days.is_some_and(|days| one.relation(days) == Relation::Holds)
                })
    };
    names.retain(|mention| !matches!(mention.what, MentionTarget::TextPeriod(period) if holds_all(&period)));
    names
}

/// The year that stands for one that is not written, where only the order of days counts.
const OPEN_YEAR: i16 = 2024;

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
