//! Words of a text, with the bytes they stand at.

use std::ops::Range;

/// Bytes of a text, from `start` up to, not including, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::grounding) struct Span {
    pub(in crate::grounding) start: usize,
    pub(in crate::grounding) end: usize,
}

impl Span {
    pub(in crate::grounding) fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    pub(in crate::grounding) fn holds(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    pub(in crate::grounding) fn touches(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    pub(in crate::grounding) fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// Of spans that follow each other without overlapping, the one that holds `inner`.
pub(in crate::grounding) fn holder<T>(
    sorted: &[T],
    span_of: impl Fn(&T) -> Span,
    inner: Span,
) -> Option<usize> {
    let at = sorted
        .partition_point(|one| span_of(one).start <= inner.start)
        .checked_sub(1)?;
    sorted
        .get(at)
        .is_some_and(|one| span_of(one).holds(inner))
        .then_some(at)
}

/// Of spans that follow each other without overlapping, those that `outer` holds.
pub(in crate::grounding) fn held<T>(sorted: &[T], span_of: impl Fn(&T) -> Span, outer: Span) -> Range<usize> {
    let from = sorted.partition_point(|one| span_of(one).start < outer.start);
    let to = sorted.partition_point(|one| span_of(one).end <= outer.end);
    from..to.max(from)
}

/// A run of letters and digits.
#[derive(Debug, Clone)]
pub(in crate::grounding) struct TextWord<'t> {
    pub(in crate::grounding) span: Span,
    pub(in crate::grounding) text: &'t str,
    /// In lower case.
    pub(in crate::grounding) low: String,
}

impl TextWord<'_> {
    /// Whether it begins with a capital letter.
    pub(in crate::grounding) fn capital(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }
}

/// All words of a text as they are written, in order.
pub(in crate::grounding) fn each_word(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// All words of a text, in order.
pub(in crate::grounding) fn words(text: &str) -> Vec<TextWord<'_>> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices() {
        match (start, c.is_alphanumeric()) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                found.push(word(text, from, at));
                start = None;
            }
            _ => {}
        }
    }
    if let Some(from) = start {
        found.push(word(text, from, text.len()));
    }
    found
}

fn word(text: &str, start: usize, end: usize) -> TextWord<'_> {
    let span = Span::new(start, end);
    let text = span.of(text);
    TextWord {
        span,
        text,
        low: text.to_lowercase(),
    }
}

/// A word without the ending of its plural, and without the `y` that the plural changes: `surger` of `surgery` and of `surgeries`.
pub(in crate::grounding) fn stem(low: &str) -> &str {
    const LEAST: usize = 4;
    let changed = low
        .strip_suffix("ies")
        .or_else(|| low.strip_suffix("ie"))
        .or_else(|| low.strip_suffix('y'));
    if let Some(stem) = changed
        && low.len() >= LEAST
        && !stem.ends_with(['a', 'e', 'o', 'u'])
    {
        return stem;
    }
    plain_stem(low)
}

fn plain_stem(low: &str) -> &str {
    if low.len() > 4
        && let Some(stem) = low
            .strip_suffix("es")
            .filter(|stem| stem.ends_with(['s', 'x', 'h']))
    {
        return stem;
    }
    match low.strip_suffix('s') {
        Some(stem) if low.len() > 2 && !stem.ends_with('s') => stem,
        _ => low,
    }
}

/// Whether a word does not end as a plural does.
pub(in crate::grounding) fn is_singular(low: &str) -> bool {
    !low.ends_with('s') || plain_stem(low) == low
}

/// What `priced`, `pricing`, `prices` and `price` have in common.
pub(in crate::grounding) fn root(low: &str) -> &str {
    const LEAST: usize = 3;
    let stem = match low {
        "spent" => "spend",
        "bought" => "purchase",
        "won" => "win",
        "drawn" | "drew" => "draw",
        "lost" | "loss" | "losses" => "lose",
        _ => stem(low),
    };
    let endings = ["ing", "ed", "e"].iter();
    let mut rest = endings.filter_map(|ending| stem.strip_suffix(ending));
    rest.find(|root| root.len() >= LEAST).unwrap_or(stem)
}
