//! How a figure is put: as a count of things, as an amount, as what another one is compared with.

use super::figure_context::once;
use super::number::{Kind, Number};
use super::scope::{FigureContext, MentionTarget};
use super::text::{Span, root, stem};
use super::vocabulary::Concept;
use crate::result::Extent;

/// A word without the ending of `countries` and `country`.
fn singular(word: &str) -> &str {
    word.strip_suffix("ie")
        .or_else(|| word.strip_suffix('y'))
        .unwrap_or(word)
}

/// What stands between two figures, without the unit of the first: ` of ` in `46,051 t of 46,800 t`.
fn without_unit(gap: &str) -> &str {
    let gap = gap.trim_matches(['*', '_']);
    let unit = gap.strip_prefix(' ').and_then(|rest| rest.split(' ').next());
    let short = unit
        .filter(|unit| unit.chars().count() <= 3 && !matches!(*unit, "of" | "out" | "von" | "to" | "and"));
    short.and_then(|unit| gap.get(unit.len() + 1..)).unwrap_or(gap)
}

impl FigureContext<'_, '_, '_> {
    /// Whether the sentence speaks of what was before what it names.
    pub(super) fn says_before(&self) -> bool {
        let mut words = self.context.words_in(self.place.sentence).iter();
        words.any(|word| Concept::RowBefore.has(&word.low))
    }

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
            gap.is_some_and(|gap| {
                matches!(gap.trim(), "" | "of" | "per")
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
            gap.is_some_and(|gap| matches!(gap.trim(), "of" | "=" | "von"))
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

    /// Whether the figure says how many there are of what a key of the result tells apart: `5 guests` are rows and no
    /// guest's nights.
    pub(super) fn counts_keys(&self, material: usize) -> bool {
        let next = self.context.words_from(self.span.end).first();
        let Some(next) = next.filter(|word| {
            let gap = Span::new(self.span.end, word.span.start).of(self.context.text);
            matches!(gap.trim_matches(['*', '_']), " " | "\u{a0}") && word.low.ends_with('s')
        }) else {
            return false;
        };
        let mut keys = self
            .context
            .index
            .keys
            .iter()
            .filter(|key| key.material == material);
        let measured = || {
            let shape = self.context.index.shapes.get(material);
            let mut words = shape
                .into_iter()
                .flat_map(|shape| shape.column_words.iter().flat_map(|(_, words)| words));
            words.any(|word| word == root(&next.low))
        };
        keys.any(|key| key.is_of(&next.low)) && !measured()
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

    /// Whether the figure says that there is one of what a key tells apart: `1 ticket`.
    pub(super) fn counts_one_key(&self, material: usize) -> bool {
        let next = self.context.words_from(self.span.end).first();
        let mut keys = self
            .context
            .index
            .keys
            .iter()
            .filter(|key| key.material == material);
        next.is_some_and(|next| stem(&next.low) == next.low && keys.any(|key| key.is_of(&next.low)))
    }

    /// Whether the figure is by how much something is said to have changed: `rose by 12,000`.
    pub(super) fn is_amount_of_change(&self, wanted: &super::tolerance::Tolerance) -> bool {
        /// Words before `by` that have the verb: `improved most, by 7.2 points`.
        const VERB: usize = 4;
        let left = self.context.text.get(..self.span.start).unwrap_or_default();
        let by = left.trim_end_matches(['*', '_', '$', '€', '£']).ends_with(" by ");
        let end = self.context.word_before(self.span.start).unwrap_or_default();
        let verbs = self
            .context
            .cues
            .get(end.saturating_sub(VERB)..end)
            .unwrap_or_default();
        let changes = || super::cues::tells_a_change(verbs.iter().fold(0, |all, bits| all | bits));
        by && wanted.cues.change && self.place.row.is_none() && changes()
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
                names
                    .iter()
                    .any(|name| stem(name) == word || singular(name) == singular(word))
            })
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

    /// Whether the figure is said to be a part of something: `120 % of last year`.
    pub(super) fn is_part_of(&self) -> bool {
        let right = self.context.text.get(self.span.end..).unwrap_or_default();
        let right = right.trim_start_matches(['*', '_', ' ', '\u{a0}']);
        ["of ", "as much", "as many", "von "]
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

    /// Whether the figure is what another is compared with, and stands without a name of its own: `from 431`,
    /// `after 431`, `326 vs 1,040`, `367 → 50`.
    pub(super) fn is_base(&self) -> bool {
        let text = self.context.text;
        let left = text.get(..self.span.start).unwrap_or_default().trim_end();
        let word = left.rsplit([' ', '(', '\n', '\u{a0}']).next().unwrap_or_default();
        let compared = matches!(word, "to" | "with" | "of")
            && !["compared to", "compared with", "instead of"]
                .iter()
                .any(|phrase| left.ends_with(phrase));
        let right = text.get(self.span.end..).unwrap_or_default().trim_start();
        let then = ["→", "->", "vs", "versus"]
            .iter()
            .any(|mark| right.starts_with(mark));
        let arrow = ["→", "->"].iter().any(|mark| {
            let before = left.strip_suffix(mark).map(str::trim_end);
            let number = before.and_then(|before| {
                self.context
                    .number_before(before.len())
                    .filter(|one| one.end == before.len())
            });
            number.is_some_and(|number| !self.context.is_key(Span::new(number.start, number.end)))
        });
        let word = word.to_lowercase();
        // `after 6 hearings` and `from 75 orders` are of the row itself.
        let source =
            (word == "from" && !self.speaks_of_change()) || (word == "after" && self.counts_plural());
        (then || arrow || (Concept::Base.has(&word) && !compared && !source))
            && !self.is_named_behind()
            && !self.is_named_before()
    }

    /// Whether the figure stands at an arrow: `367 → 50`.
    pub(super) fn is_at_arrow(&self) -> bool {
        let text = self.context.text;
        let left = text.get(..self.span.start).unwrap_or_default().trim_end();
        let right = text.get(self.span.end..).unwrap_or_default().trim_start();
        ["→", "->"]
            .iter()
            .any(|mark| left.ends_with(mark) || right.starts_with(mark))
    }

    /// Whether the figure is an end of a change that is told in one piece, `from 120 to 188`: of two names before it
    /// either may be meant.
    pub(super) fn is_from_to(&self) -> bool {
        let text = self.context.text;
        let left = text.get(..self.span.start).unwrap_or_default();
        let right = text.get(self.span.end..).unwrap_or_default();
        let from = |left: &str| left.trim_end_matches(['*', '_']).ends_with("from ");
        let first = from(left) && right.trim_start_matches(['*', '_']).starts_with(" to ");
        let before = self.context.number_before(self.span.start);
        let second = before.is_some_and(|before| {
            let between = text.get(before.end..self.span.start).unwrap_or_default();
            between.trim_matches(['*', '_']) == " to " && from(text.get(..before.start).unwrap_or_default())
        });
        first || second
    }

    /// Whether the words before `from` are of a change, or a `to` with a figure follows: `$7,001 from 75 orders` is none.
    fn speaks_of_change(&self) -> bool {
        const REACH: usize = 8;
        let words = &self.context.words;
        let before = self.context.word_before(self.span.start).unwrap_or_default();
        let near = before.saturating_sub(REACH)..before;
        let sentence = self.place.sentence;
        let inside = |at: &usize| words.get(*at).is_some_and(|word| sentence.holds(word.span));
        let cues = near.filter(inside).filter_map(|at| self.context.cues.get(at));
        let right = self
            .context
            .text
            .get(self.span.end..sentence.end)
            .unwrap_or_default();
        super::cues::tells_a_change(cues.fold(0, |all, bits| all | bits))
            || right.trim_start().starts_with("to ")
    }

    /// Whether a name stands right before the figure, so that it is of that: `Billing 42 vs. Technical 97`.
    fn is_named_before(&self) -> bool {
        let words = self.context.word_before(self.span.start);
        let word = words.and_then(|at| self.context.words.get(at));
        word.is_some_and(|word| {
            let gap = Span::new(word.span.end, self.span.start).of(self.context.text);
            let close = matches!(gap.trim_matches(['*', '_', '$', '€', '£', ':']), " " | "");
            let mut named = self.context.mentions_over(word.span);
            close && named.any(|mention| !matches!(mention.what, MentionTarget::Column { .. }))
        })
    }

    /// Whether a name follows before the next figure does: `from 431 in April`.
    fn is_named_behind(&self) -> bool {
        let own = self.place.aside.unwrap_or(self.place.clause);
        let next = self.figures_in(own).into_iter().map(|figure| figure.start);
        let end = next
            .filter(|start| *start >= self.span.end)
            .min()
            .unwrap_or(own.end);
        let behind = Span::new(self.span.end, end);
        let mut mentions = self.context.mentions_in(behind);
        mentions.any(|mention| !matches!(mention.what, MentionTarget::Column { .. }))
    }

    /// Whether a row may be what the rows named are compared with: it is named in the sentence or the one before, or
    /// stands beside one that is.
    pub(super) fn base_said(&self, material: usize, row: usize) -> bool {
        const BESIDE: [usize; 3] = [1, 4, 12];
        let named = self.rows_around(material);
        named.is_empty()
            || named.contains(&row)
            || named.iter().any(|other| BESIDE.contains(&other.abs_diff(row)))
    }
}
