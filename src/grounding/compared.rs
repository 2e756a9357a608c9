//! How a figure is compared: as what another one is set against, as an end of a change, as by how much something changed.

use super::scope::{FigureContext, MentionTarget};
use super::text::Span;
use super::vocabulary::Concept;

impl FigureContext<'_, '_, '_> {
    /// Whether the sentence speaks of what was before what it names.
    pub(super) fn says_before(&self) -> bool {
        let mut words = self.context.words_in(self.place.sentence).iter();
        words.any(|word| Concept::RowBefore.has(&word.low))
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

    /// Whether the figure is what another is compared with, and stands without a name of its own: `from 431`,
    /// `after 431`, `326 vs 1,040`, `367 → 50`.
    pub(super) fn is_base(&self) -> bool {
        let text = self.context.text;
        let left = text.get(..self.span.start).unwrap_or_default().trim_end();
        let word = left.rsplit([' ', '(', '\n', '\u{a0}']).next().unwrap_or_default();
        // `52 zu 9`, `9.870 frente a 14.310`
        let before = self.context.number_before(self.span.start);
        let set = before.is_some_and(|before| {
            let gap = text.get(before.end..self.span.start).unwrap_or_default();
            let gap = gap.trim_matches(['*', '_', '$', '€', '£']);
            matches!(
                gap.trim_start_matches([' ', '€', '%']),
                "zu " | "frente a " | "statt " | "contre "
            )
        });
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
        (then || arrow || set || (Concept::Base.has(&word) && !compared && !source))
            && !self.is_named_behind()
            && !self.is_named_before()
            && self.names_at_arrow().is_empty()
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
        let from = |left: &str| {
            let left = left.trim_end_matches(['*', '_', '$', '€', '£']);
            ["from ", "von ", "Von ", "de "]
                .iter()
                .any(|word| left.ends_with(word))
        };
        let to = |gap: &str| matches!(gap.trim_matches(['*', '_']), " to " | " auf " | " à " | " a ");
        let next = self.context.number_from(self.span.end);
        let first = from(left)
            && (right.trim_start_matches(['*', '_']).starts_with(" to ")
                || next.is_some_and(|next| to(text.get(self.span.end..next.start).unwrap_or_default())));
        let before = self.context.number_before(self.span.start);
        let second = before.is_some_and(|before| {
            let between = text.get(before.end..self.span.start).unwrap_or_default();
            to(between) && from(text.get(..before.start).unwrap_or_default())
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
        // Where rows have no order, the one beside is any other.
        let index = self.context.index;
        let ordered = index
            .shapes
            .get(material)
            .is_none_or(|shape| !shape.times.is_empty())
            || index.keys.iter().any(|key| key.material == material);
        named.is_empty()
            || named.contains(&row)
            || ordered && named.iter().any(|other| BESIDE.contains(&other.abs_diff(row)))
    }
}
