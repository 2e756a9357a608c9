//! Names near a figure that go with another one: the unit behind that, the name before it, its part or its whole.

use super::number::{Kind, Number};
use super::scope::{FigureContext, MentionTarget};
use super::text::Span;

/// What stands between two figures, without the unit of the first: ` of ` in `46,051 t of 46,800 t`.
fn without_unit(gap: &str) -> &str {
    let gap = gap.trim_matches(['*', '_']);
    let unit = gap.strip_prefix(' ').and_then(|rest| rest.split(' ').next());
    let short = unit
        .filter(|unit| unit.chars().count() <= 3 && !matches!(*unit, "of" | "out" | "von" | "to" | "and"));
    short.and_then(|unit| gap.get(unit.len() + 1..)).unwrap_or(gap)
}

impl FigureContext<'_, '_, '_> {
    /// Whether a name stands right behind another figure and so says what that one counts: in `485 subscriptions with
    /// 2,970 seats` the seats say nothing of 485.
    pub(super) fn is_unit_of_another(&self, name: Span) -> bool {
        let follows = |end: usize| {
            let gap = self.context.text.get(end..name.start);
            // `1,083 Business invoices`: of a name between them it is the row that is meant.
            let between = || {
                let words = self.context.words_in(Span::new(end, name.start));
                let label =
                    |mention: &super::scope::Mention<'_>| matches!(mention.what, MentionTarget::Label(_));
                words.len() < 4
                    && words
                        .iter()
                        .all(|word| self.context.mentions_over(word.span).any(label))
            };
            gap.filter(|gap| !gap.contains(['\n', '|'])).is_some_and(|gap| {
                // `44 dogs arrived and 36 left`
                let happened = name.of(self.context.text).ends_with("ed")
                    && gap.split_ascii_whitespace().count() == 1
                    && gap.trim().chars().all(char::is_alphabetic);
                matches!(gap.trim(), "" | "of" | "per")
                    || happened
                    || (gap.starts_with(' ') && !gap.contains(['(', ',']) && between())
            })
        };
        let before = self.context.number_before(name.start);
        let counts = |number: &Number| {
            number.kind == Kind::Quantity && !self.context.is_key(Span::new(number.start, number.end))
        };
        self.place.row.is_none()
            && before
                .is_some_and(|number| counts(number) && number.end != self.span.end && follows(number.end))
    }

    /// Whether a name stands right before another figure, which it is then the name of: in `9,000 on an area of 10,000`
    /// the area says nothing of 9,000.
    pub(super) fn is_head_of_another(&self, name: Span) -> bool {
        let leads = |start: usize| {
            let gap = self.context.text.get(name.end..start);
            // `235.3 million of the approved 258.9 million`
            let part = Span::new(self.span.end, name.start).of(self.context.text);
            let whole = [" of", " of the", " von", " der"]
                .iter()
                .any(|end| part.trim_end().ends_with(end));
            gap.is_some_and(|gap| matches!(gap.trim(), "of" | "=" | "von") || (whole && gap == " "))
        };
        let next = self.context.number_from(name.end);
        self.place.row.is_none()
            && self.span.end <= name.start
            && next.is_some_and(|number| leads(number.start))
    }

    /// Whether a verb stands right before another figure, of which it then speaks alone: in `is rated 3.0 and sells at 93.26`
    /// the rating says nothing of 93.26.
    pub(super) fn happens_to_another(&self, name: Span) -> bool {
        let verb = name.of(self.context.text).ends_with("ed");
        let next = self.context.number_from(name.end).filter(|_| verb);
        self.place.row.is_none()
            && next.is_some_and(|number| {
                let gap = self.context.text.get(name.end..number.start).unwrap_or_default();
                number.start < self.span.start && matches!(gap, " " | " only " | " at ")
            })
    }

    /// Whether a word stands in brackets with a figure of their own, and the figure outside of them.
    pub(super) fn speaks_of_another(&self, word: Span) -> bool {
        let aside = self
            .context
            .layout
            .aside(word)
            .filter(|_| self.place.aside.is_none());
        self.place.row.is_none() && aside.is_some_and(|aside| !self.figures_in(aside).is_empty())
    }

    /// Whether a name stands right before a key and so is its noun: the position of `position 4`.
    pub(super) fn leads_a_key(&self, name: Span) -> bool {
        let before = self
            .context
            .number_before(name.start)
            .map(|key| Span::new(key.start, key.end));
        let behind = before.is_some_and(|key| {
            let gap = Span::new(key.end, name.start).of(self.context.text);
            matches!(gap, "-" | " ") && self.context.is_key(key)
        });
        if behind {
            return true;
        }
        let next = self.context.number_from(name.end);
        next.is_some_and(|next| {
            let gap = self.context.text.get(name.end..next.start).unwrap_or_default();
            gap == " " && self.context.is_key(Span::new(next.start, next.end))
        })
    }

    /// Whether the figure is a whole, and a name stands before its part: `spent 1,101 of 1,250`.
    pub(super) fn is_before_its_part(&self, name: Span) -> bool {
        let part = self.context.number_before(self.span.start);
        part.is_some_and(|part| {
            let gap = self
                .context
                .text
                .get(part.end..self.span.start)
                .unwrap_or_default();
            without_unit(gap) == " of " && name.end <= part.start
        })
    }

    /// Whether a name behind the figure is of its part: in `70 of 556 orders were discounted` the discount says nothing of 556.
    pub(super) fn tells_of_its_part(&self, name: Span) -> bool {
        let part = self.context.number_before(self.span.start);
        let whole = part.is_some_and(|part| {
            let gap = Span::new(part.end, self.span.start).of(self.context.text);
            matches!(without_unit(gap), " of " | " out of ")
        });
        let gap = Span::new(self.span.end, name.start).of(self.context.text);
        let verb = ["ed", "ing"]
            .iter()
            .any(|ending| name.of(self.context.text).ends_with(ending));
        whole && self.place.row.is_none() && name.start >= self.span.end && (gap.len() > 1 || verb)
    }

    /// Whether a name stands behind the whole that the figure is a part of: in `382 of 12,579 Basic invoices` the invoices are
    /// the whole.
    pub(super) fn tells_of_its_whole(&self, name: Span) -> bool {
        let whole = self.context.number_from(self.span.end).filter(|whole| {
            let gap = Span::new(self.span.end, whole.start).of(self.context.text);
            matches!(
                without_unit(gap),
                " of " | " out of " | " of the " | " of all " | " von "
            )
        });
        whole.is_some_and(|whole| name.start >= whole.end) && self.place.row.is_none()
    }

    /// Whether something is said to differ by so much from what a name is of, so that no figure is of that: `missed its budget by
    /// $209,500`.
    pub(super) fn differs_from(&self, name: Span) -> bool {
        let next = self
            .context
            .number_from(name.end)
            .filter(|next| next.start <= self.span.start);
        next.is_some_and(|next| {
            let gap = self.context.text.get(name.end..next.start).unwrap_or_default();
            gap.trim_end_matches(['*', '_']) == " by " && self.place.row.is_none()
        })
    }

    /// Whether a name stands with a figure of its own before a clause that is set against its own: `admissions peaked at 461,
    /// while 402 went home`.
    pub(super) fn is_set_against(&self, name: Span) -> bool {
        const AGAINST: [&str; 6] = ["while", "whereas", "although", "though", "but", "während"];
        const REACH: usize = 300;
        let between = Span::new(name.end, self.span.start);
        if self.place.row.is_some() || between.end.saturating_sub(between.start) > REACH {
            return false;
        }
        let mut words = self.context.words_in(between).iter();
        let turn = words.rfind(|word| AGAINST.contains(&word.low.as_str()));
        let turn = turn.map(|word| word.span.start);
        let semicolon = between
            .of(self.context.text)
            .rfind(';')
            .map(|at| between.start + at);
        turn.or(semicolon).is_some_and(|turn| {
            let own = Span::new(name.end, turn);
            !self.figures_in(own).is_empty()
        })
    }
}
