//! How a change is told: with a sign of its own, by a verb, or by where it went.

use super::scope::{Entailment, FigureContext, Mention, MentionTarget};
use super::text::Span;
use super::vocabulary::Concept;

/// Words between `to` and a figure: `fell to only 12`.
const HEDGES: [&str; 8] = [
    "only", "just", "about", "around", "nearly", "almost", "some", "roughly",
];
/// Words of a clause among which its subject is.
const LEAD: usize = 3;
/// Words before `to` that have the verb: `dropped 14.0 % in December to 35,388`.
const REACH: usize = 8;

impl FigureContext<'_, '_, '_> {
    /// The sign that the figure is written with.
    pub(super) fn sign_written(&self) -> Option<char> {
        let own = self.span.of(self.context.text);
        let own = own.trim_start_matches(['(', '$', '€', '£', ' ']);
        match own.chars().next() {
            Some('+') => Some('+'),
            Some('-' | '−' | '–') => Some('-'),
            _ => None,
        }
    }

    /// Whether the figure is told as a change from one time to a later one: by its sign or a verb, and set against nothing.
    pub(super) fn tells_of_time(&self) -> bool {
        const AGAINST: [&str; 8] = [
            "than",
            "vs",
            "versus",
            "compared",
            "against",
            "relative",
            "gegenüber",
            "als",
        ];
        *self.memo.of_time.get_or_init(|| {
            let clause = self.context.words_in(self.place.clause);
            let moves = || clause.iter().any(|word| Concept::Moves.has(&word.low));
            let mut words = self.context.words_in(self.place.sentence).iter();
            (self.sign_written().is_some() || (self.place.row.is_none() && moves()))
                && !words.any(|word| AGAINST.contains(&word.low.as_str()))
        })
    }

    /// Whether the sentence has a verb of a change.
    pub(super) fn sentence_moves(&self) -> bool {
        *self.memo.moves.get_or_init(|| {
            let mut words = self.context.words_in(self.place.sentence).iter();
            self.place.row.is_none() && words.any(|word| Concept::Moves.has(&word.low))
        })
    }

    /// Whether the figure is where something is said to have gone: `fell to 12 in April`. A gap may go there too.
    pub(super) fn is_where_it_went(&self) -> bool {
        if self.place.row.is_some() {
            return false;
        }
        let before = Span::new(self.place.sentence.start, self.span.start);
        let words = self.context.words_in(before);
        let mut left = words
            .iter()
            .rev()
            .skip_while(|word| HEDGES.contains(&word.low.as_str()));
        let Some(to) = left
            .next()
            .filter(|word| matches!(word.low.as_str(), "to" | "auf"))
        else {
            return false;
        };
        let gap = Span::new(to.span.end, self.span.start).of(self.context.text);
        let gaps = words.iter().any(|word| Concept::Gap.has(&word.low));
        !gap.contains([',', ';', ':', '('])
            && !gaps
            && left.take(REACH).any(|word| Concept::Moves.has(&word.low))
    }

    /// Whether the words beside the figure put it a year earlier: `up from 61,207 the year before`.
    pub(super) fn is_of_the_year_before(&self) -> bool {
        const BEHIND: [&str; 8] = [
            "the year before",
            "a year before",
            "a year earlier",
            "the year earlier",
            "the previous year",
            "the prior year",
            "last year",
            "im Vorjahr",
        ];
        let behind = self.context.text.get(self.span.end..).unwrap_or_default();
        let behind = behind.trim_start_matches(['*', '_', ' ']);
        // `5.055 GWh im Vorjahr`
        let unit = behind.trim_start_matches(char::is_alphabetic);
        let unit = unit.trim_start();
        let short = behind.len() - unit.len() <= 5;
        let behind = behind.strip_prefix("in ").unwrap_or(behind);
        let told = |words: &&str| behind.starts_with(*words) || (short && unit.starts_with(*words));
        let before = Span::new(self.place.clause.start, self.span.start).of(self.context.text);
        self.place.row.is_none() && BEHIND.iter().any(|words| told(words) || before.contains(*words))
    }

    /// Whether a change would be from the column of a later year to that of an earlier one: `-11,535` of 226,415 after 214,880.
    pub(super) fn is_from_later_year(&self, material: usize, one: usize, other: usize) -> bool {
        self.is_of_earlier_year(material, one, other) == Some(true) && self.tells_of_time()
    }

    /// What the month that is named last before the figure, or right behind it, says to a column that is of one by its name: `in
    /// February 1,004` is none of `orders_jan`.
    pub(super) fn says_month_of(&self, material: usize, column: usize) -> Entailment {
        let months = self
            .context
            .index
            .shapes
            .get(material)
            .map(|shape| &shape.column_months);
        let Some(own) = months
            .filter(|months| months.len() > 1)
            .and_then(|months| months.get(&column))
        else {
            return Entailment::Nothing;
        };
        if self.place.row.is_some() || self.is_from_to() {
            return Entailment::Nothing;
        }
        let month = |mention: &Mention<'_>| match mention.what {
            MentionTarget::TextPeriod(period) => period.month().map(|month| (mention.span, month)),
            _ => None,
        };
        let mut named = self.context.mentions_in(self.place.sentence).filter_map(month);
        let behind = |span: Span| {
            let gap = self.context.text.get(self.span.end..span.start).unwrap_or(".");
            matches!(gap, " in " | " (in ")
        };
        let (mut before, mut right) = (None, None);
        for (span, month) in named.by_ref() {
            if span.end <= self.span.start {
                before = Some(month);
            } else if behind(span) {
                right = Some(month);
            }
        }
        match right.or(before) {
            None => Entailment::Nothing,
            Some(month) if month == *own => Entailment::Yes,
            Some(_) => Entailment::No,
        }
    }

    /// Whether a column is of an earlier year than another, where both are of one by their names.
    pub(super) fn is_of_earlier_year(&self, material: usize, one: usize, other: usize) -> Option<bool> {
        let years = &self.context.index.shapes.get(material)?.column_years;
        Some(years.get(&one)? < years.get(&other)?)
    }

    /// Whether the figure is of something of the other end: `Rovers have 61 goals, three more than Athletic's 58; their defence let
    /// in 29`.
    pub(super) fn is_of_its_subject(&self, last_name: Span) -> bool {
        if self.place.row.is_some() || last_name.end > self.span.start {
            return false;
        }
        let gap = Span::new(last_name.end, self.span.start).of(self.context.text);
        ["; their ", "; its ", "; it ", "; they "]
            .iter()
            .any(|turn| gap.contains(turn))
    }

    /// Whether one row is what the figure's clause begins with, and nothing in the sentence speaks of all: `Level 4 had 7,072
    /// patients` is no total.
    pub(super) fn is_told_of_one_row(&self, material: usize) -> bool {
        let context = self.context;
        if self.place.row.is_some() || self.named_rows(material).len() != 1 {
            return false;
        }
        let own = self.place.aside.unwrap_or(self.place.clause);
        let before = Span::new(own.start, self.span.start);
        let named = |span: Span| {
            let mut mentions = context.mentions_over(span);
            mentions.any(
                |mention| matches!(mention.what, MentionTarget::Label(label) if label.material == material),
            )
        };
        let (words, mut all) = (
            context.words_in(before),
            context.words_in(self.place.sentence).iter(),
        );
        let leads = words.iter().take(LEAD).any(|word| named(word.span));
        // `Between 6 am and 5 pm there were 9,379 orders`
        let range = words
            .iter()
            .any(|word| matches!(word.low.as_str(), "between" | "from" | "to" | "until" | "through"));
        let figures = self.figures_in(before);
        let of_all = all.any(|word| {
            [Concept::Sum, Concept::Total, Concept::Share, Concept::SomeRows]
                .iter()
                .any(|concept| concept.has(&word.low))
        });
        leads && !range && figures.is_empty() && !of_all
    }

    /// Whether the figure is a part of another that stands right behind it: `79.7 MWh of the 1,910.7 MWh`.
    pub(super) fn is_part_of_stated(&self) -> bool {
        let next = self.context.number_from(self.span.end);
        next.is_some_and(|next| {
            let gap = Span::new(self.span.end, next.start).of(self.context.text);
            let words = gap.split_ascii_whitespace().count();
            self.place.row.is_none()
                && words <= 4
                && [" of the ", " of its ", " of all ", " of "]
                    .iter()
                    .any(|end| gap.ends_with(end))
                && !gap.contains([',', ';', '('])
        })
    }
}
