//! How a figure is put: as money, as a total of all rows or of some, as a part, and which columns its clause speaks of.

use super::figure_context::once;
use super::number::Number;
use super::scope::{FigureContext, MentionTarget};
use super::text::stem;
use super::vocabulary::Concept;
use crate::result::Extent;

impl FigureContext<'_, '_, '_> {
    /// Whether what the rows of a result come to may stand here: they are all there are, or they are the ones that the
    /// call asked for and the surroundings say that it is about these alone.
    pub(super) fn may_total(&self, at: usize) -> bool {
        once(&self.memo.totals, at, || self.total_said(at))
    }

    fn total_said(&self, at: usize) -> bool {
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
        let some = |low: &str| Concept::SomeRows.has(low);
        let anywhere = || {
            let said = &self.context.memo.some;
            *said.get_or_init(|| self.context.words.iter().any(|word| some(&word.low)))
        };
        let here = || {
            let mut words = self.context.words_in(self.place.sentence).iter();
            words.any(|word| some(&word.low))
        };
        (if self.place.row.is_some() {
            anywhere()
        } else {
            here()
        }) || super::count::said(self)
            .iter()
            .any(|number| *number as u64 == limit)
    }

    /// Whether the surroundings speak of parts of a whole: of a rate, a share, a percentage.
    pub(super) fn names_a_rate(&self) -> bool {
        let close = match self.place.row {
            Some(cell) => cell.header,
            None => Some(self.place.clause),
        };
        let mut words = close.into_iter().flat_map(|close| self.context.words_in(close));
        words.any(|word| super::column_kinds::is_rate(&word.low, ""))
    }

    /// The same of the whole sentence, figures' own signs left out.
    pub(super) fn sentence_names_a_rate(&self) -> bool {
        let mut words = self.context.words_in(self.place.sentence).iter();
        let rates = ["margin", "rate", "ratio", "quote"];
        self.place.row.is_none() && words.any(|word| rates.contains(&word.low.as_str()))
    }

    /// The sentence, the one before it, and the line that leads into its list.
    fn surroundings(&self) -> impl Iterator<Item = super::text::Span> {
        let lead = self
            .place
            .item
            .then(|| self.context.lead_of_list(self.place.line))
            .flatten();
        [Some(self.place.sentence), self.place.before, lead]
            .into_iter()
            .flatten()
    }

    /// Whether a column is named in the sentence, the one before it, or the line that leads into its list.
    pub(super) fn names_around(&self, material: usize, column: usize) -> bool {
        let own = |what: &MentionTarget<'_>| matches!(what, MentionTarget::Column { material: of, column: at } if (*of, *at) == (material, column));
        self.place.row.is_none()
            && self
                .surroundings()
                .any(|span| self.context.mentions_in(span).any(|mention| own(&mention.what)))
    }

    /// Whether these speak of a rate.
    pub(super) fn names_a_rate_around(&self) -> bool {
        const RATES: [&str; 5] = ["margin", "rate", "ratio", "quote", "marge"];
        self.surroundings().any(|span| {
            let mut words = self.context.words_in(span).iter();
            words.any(|word| RATES.contains(&word.low.as_str()))
        })
    }

    /// Whether the clause, or what stands right behind the figure, says that something is left or not done.
    pub(super) fn says_left(&self) -> bool {
        const LEFT: [&str; 34] = [
            "not",
            "without",
            "lost",
            "loses",
            "left",
            "open",
            "vacant",
            "vacancies",
            "vacancy",
            "unfilled",
            "missing",
            "missed",
            "unresolved",
            "unsolved",
            "outstanding",
            "pending",
            "remaining",
            "remain",
            "remains",
            "dropped",
            "dropouts",
            "dropout",
            "unused",
            "unspent",
            "still",
            "short",
            "fewest",
            "nicht",
            "offen",
            "unbesetzt",
            "fehlen",
            "pas",
            "restants",
            "quedan",
        ];
        let header = self.place.row.and_then(|cell| cell.header);
        let around: Vec<super::text::Span> = match self.place.row {
            Some(_) => header.into_iter().collect(),
            None => self.surroundings().collect(),
        };
        let mut words = around.into_iter().flat_map(|span| self.context.words_in(span));
        words.any(|word| LEFT.contains(&word.low.as_str()))
    }

    /// Whether a column is what the figure is said to be for each of: the orders of `units per order`.
    pub(super) fn is_per_column(&self, material: usize, column: usize) -> bool {
        let near = self
            .place
            .row
            .map_or(self.place.clause, |cell| cell.header.unwrap_or(cell.cell));
        let mut mentions = self.context.mentions_in(near);
        mentions.any(|mention| {
            let own = matches!(mention.what, MentionTarget::Column { material: of, column: at } if (of, at) == (material, column));
            let before = self.context.word_before(mention.span.start).and_then(|at| self.context.words.get(at));
            own && before.is_some_and(|word| Concept::Per.has(&word.low))
        })
    }

    /// Whether the clause has a word of a column's name.
    pub(super) fn speaks_of_column(&self, name: &str, label: &str) -> bool {
        let names = super::keys::name_words(&format!("{name} {label}"));
        let near = self
            .place
            .row
            .map_or(self.place.clause, |cell| cell.header.unwrap_or(cell.cell));
        let words = self.context.words_in(near).iter();
        words
            .chain(self.context.words_from(self.span.end).first())
            .any(|word| {
                let word = stem(&word.low);
                names.iter().any(|name| stem(name) == word)
            })
    }

    /// Whether the figure is said to be a part of something: `120 % of last year`.
    pub(super) fn is_part_of(&self) -> bool {
        let right = self.context.text.get(self.span.end..).unwrap_or_default();
        let right = right.trim_start_matches(['*', '_', ' ', '\u{a0}']);
        [
            "of ", "as much", "as many", "von ", "del ", "du ", "des ", "der ", "aller ",
        ]
        .iter()
        .any(|mark| right.starts_with(mark))
    }

    pub(super) fn number(&self) -> Option<&Number> {
        let number = self.context.number_from(self.span.start);
        number.filter(|number| number.start == self.span.start)
    }

    pub(super) fn is_money(&self) -> bool {
        self.number().is_some_and(|number| number.currency.is_some())
    }
}
