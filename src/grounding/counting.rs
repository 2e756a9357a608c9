//! How a figure counts: rows, what a column counts, or what a key tells apart.

use super::scope::{FigureContext, MentionTarget};
use super::text::{Span, TextWord, is_singular, root};
use super::vocabulary::Concept;

impl FigureContext<'_, '_, '_> {
    /// Whether the figure may count rows: a word for what is counted follows, or one that says so stands before.
    pub(super) fn counts_things(&self) -> bool {
        let text = self.context.text;
        let words = &self.context.words;
        let next = self.context.words_from(self.span.end).first();
        let follows = next.is_some_and(|word| {
            let gap = Span::new(self.span.end, word.span.start).of(text);
            let close = gap.trim_matches(['*', '_', '`']);
            matches!(close, " " | "\u{a0}" | "-") && !Concept::NoThing.has(&word.low)
        });
        let before = self.context.word_before(self.span.start);
        let before = before.and_then(|at| words.get(at));
        follows || before.is_some_and(|word| Concept::BeforeCount.has(&word.low))
    }

    /// Whether what is counted has a column of its own in a result, so that it is not the rows that are counted.
    pub(super) fn counts_a_column(&self, material: usize) -> bool {
        const NOUNS: usize = 2;
        let Some(shape) = self.context.index.shapes.get(material) else {
            return false;
        };
        let words = self.context.words_from(self.span.end).iter();
        let mut next = words.take(NOUNS).filter(|word| {
            let gap = self
                .context
                .text
                .get(self.span.end..word.span.start)
                .unwrap_or_default();
            !gap.contains([',', '.', ';', ':', '(', ')', '|', '\n'])
        });
        next.any(|word| {
            let plural = word.low.ends_with('s');
            plural
                && shape
                    .column_words
                    .iter()
                    .any(|(_, names)| names.iter().any(|name| name == root(&word.low)))
        })
    }

    /// Whether several columns of a result are of what is counted, so that other words tell them apart: the app's trips and those
    /// from the street.
    pub(super) fn counts_what_columns_share(&self, material: usize) -> bool {
        let Some(next) = self.context.words_from(self.span.end).first() else {
            return false;
        };
        let index = self.context.index;
        let table = index.materials.get(material).map(|one| one.table);
        let numeric = index.shapes.get(material).map(|shape| shape.numeric.as_slice());
        let of_it = numeric.unwrap_or_default().iter().filter(|at| {
            let column = table.and_then(|table| table.columns.get(**at));
            let words = column.map(|column| super::keys::name_words(&column.name));
            words.is_some_and(|words| words.iter().any(|word| root(word) == root(&next.low)))
        });
        of_it.count() > 1
    }

    /// Whether things are counted, and no money: `535,792 orders`.
    pub(super) fn counts_plural(&self) -> bool {
        let words = self.context.words_from(self.span.end);
        // `744 US customers` are customers.
        let named = words.first().is_some_and(|word| {
            let mut mentions = self.context.mentions_over(word.span);
            mentions.any(|mention| matches!(mention.what, MentionTarget::Label(_)))
        });
        let next = words.get(usize::from(named));
        let before = words
            .first()
            .filter(|_| named)
            .map_or(self.span.end, |word| word.span.end);
        next.is_some_and(|word| {
            let gap = Span::new(before, word.span.start).of(self.context.text);
            gap == " " && word.low.len() > 3 && word.low.ends_with('s') && !Concept::Currency.has(&word.low)
        })
    }

    /// Whether the figure says how many there are of what a key of the result tells apart: `5 guests` are rows and no
    /// guest's nights.
    pub(super) fn counts_keys(&self, material: usize) -> bool {
        let next = self.key_behind(material).filter(|next| {
            let gap = Span::new(self.span.end, next.span.start).of(self.context.text);
            matches!(gap.trim_matches(['*', '_']), " " | "\u{a0}") && next.low.ends_with('s')
        });
        let shape = self.context.index.shapes.get(material);
        let mut names = shape.into_iter().flat_map(|shape| &shape.column_words);
        next.is_some_and(|next| !names.any(|(_, words)| words.iter().any(|word| word == root(&next.low))))
    }

    /// Whether the figure says that there is one of what a key tells apart: `1 ticket`.
    pub(super) fn counts_one_key(&self, material: usize) -> bool {
        let next = self.key_behind(material);
        next.is_some_and(|next| is_singular(&next.low))
    }

    /// The word behind the figure, if a key of the result is of it.
    fn key_behind(&self, material: usize) -> Option<&TextWord<'_>> {
        let next = self.context.words_from(self.span.end).first()?;
        let mut keys = self.context.index.keys.iter();
        keys.any(|key| key.material == material && key.is_of(&next.low))
            .then_some(next)
    }

    /// Whether the clause is about one row of a result, and the figure not the count of all: `John follows with 6 cars`.
    pub(super) fn is_of_one_row(&self, material: usize) -> bool {
        let before = self.context.word_before(self.span.start);
        let before = before.and_then(|at| self.context.words.get(at));
        let of_all = before.is_some_and(|word| {
            matches!(
                word.low.as_str(),
                "the" | "all" | "these" | "those" | "our" | "of" | "among" | "der" | "aller"
            )
        });
        !of_all && self.place.row.is_none() && self.named_rows(material).len() == 1
    }

    /// Whether the figure counts what a column has the mean of: the ratings in `4.62 on average from 27 ratings` are no
    /// average rating.
    pub(super) fn counts_what_has_a_mean(&self, mention: &super::scope::Mention<'_>) -> bool {
        /// What a mean is measured in, so that nothing is counted.
        const TIMES: [&str; 7] = ["days", "hours", "minutes", "seconds", "weeks", "months", "years"];
        let MentionTarget::Column { material, column } = mention.what else {
            return false;
        };
        let table = self.context.index.materials.get(material).map(|one| one.table);
        let mean = table
            .and_then(|table| table.columns.get(column))
            .is_some_and(|column| {
                let words = super::keys::name_words(&format!("{} {}", column.name, column.label));
                words
                    .iter()
                    .any(|word| matches!(word.as_str(), "avg" | "average" | "mean" | "median"))
            });
        let whole = self
            .number()
            .is_some_and(|number| number.last_place >= 1.0 && !number.percent && number.currency.is_none());
        let named = mention.span.of(self.context.text);
        let things = named.ends_with('s') && !TIMES.contains(&named);
        mean && whole && things && self.place.row.is_none()
    }
}
