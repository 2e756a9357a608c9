//! The labels of results, by the words that a text may write them with.
//!
//! A result may have thousands of labels, and an answer's text a hundred words. So only labels that begin with a word of the
//! text are kept: no other can stand in it.

use std::collections::{HashMap, HashSet};

use super::spellings::{is_signed, short_spellings, spellings, spellings_of_nothing};
use super::text::{Layout, Span, TextWord, each_word, stem, words};
use super::work::Work;
use crate::result::Column;
use crate::text::MONTHS;

/// The longest text that other spellings than its own words may stand for: `DE`, `Wednesday`.
const LONGEST_CODE: usize = 9;

/// A value of a text column, or of a filter.
#[derive(Debug, Clone)]
pub(super) struct Label {
    pub(super) material: usize,
    pub(super) column: usize,
    /// Tells it apart within its column.
    pub(super) value: usize,
    /// What it is a value of, in lower case and without what it is joined over.
    pub(super) dimension: String,
    /// As it is in the data, in lower case.
    pub(super) low: String,
    pub(super) words: Vec<String>,
    /// The first word as it must be written, where its case tells it from a common word: `us` is a word, `US` a country.
    pub(super) exact: Option<String>,
    pub(super) written: LabelForm,
}

/// Where else than among words a label must stand to be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LabelForm {
    Words,
    /// A range of numbers, which must be written as it is: `18-24`, `65+`.
    Range,
    /// A word for what has no value, or a sign, which must stand alone: `| none |`, `(unknown)`, `/`.
    Alone,
    /// The end of an address, behind its mark or before `page`: `/login`, `the login page`.
    Path,
}

impl Label {
    /// Whether it is a range of numbers: `18-24`.
    pub(super) fn is_range(&self) -> bool {
        self.written == LabelForm::Range
    }

    /// Whether it must stand alone to be one: `1986` in a column of titles.
    pub(super) fn is_alone(&self) -> bool {
        self.written == LabelForm::Alone
    }

    /// Whether its words, found at these bytes, are written as they must be.
    pub(super) fn stands_at(&self, text: &str, span: Span, layout: &Layout) -> bool {
        match self.written {
            LabelForm::Words => true,
            LabelForm::Range => {
                let written = text.get(span.start..).unwrap_or_default();
                let written = written.replacen(['–', '—'], "-", 1);
                let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_digit());
                written
                    .to_lowercase()
                    .strip_prefix(self.low.as_str())
                    .is_some_and(ends)
            }
            LabelForm::Alone => layout.stands_alone(text, span),
            LabelForm::Path => {
                let (left, right) = (text.get(..span.start), text.get(span.end..));
                let page =
                    right.is_some_and(|right| right.trim_start_matches(['*', '`', '"']).starts_with(" page"));
                page || left.is_some_and(|left| left.ends_with('/') && !left.ends_with("//"))
            }
        }
    }
}

/// The labels that may stand in one text.
#[derive(Debug)]
pub(super) struct Labels {
    mentioned: MentionedWords,
    by_first_word: HashMap<String, Vec<Label>>,
    /// Those that are nothing but a sign.
    signs: Vec<Label>,
}

impl Labels {
    /// None yet, of those that may stand in this text.
    pub(super) fn in_text(text: &str) -> Self {
        Self {
            mentioned: MentionedWords::of(text),
            by_first_word: HashMap::new(),
            signs: Vec::new(),
        }
    }

    /// The labels that are nothing but a sign.
    pub(super) fn signs(&self) -> &[Label] {
        &self.signs
    }

    /// Takes a text in that has no word, unless it is what lists and tables are marked with.
    fn add_sign(&mut self, text: &str, dimension: &str, (material, column, value): (usize, usize, usize)) {
        const MOST: usize = 8;
        let marks = |c: char| c.is_whitespace() || "-*+•–—_|#>`:.,()".contains(c);
        if text.contains(marks) || text.chars().count() > 2 || self.signs.len() == MOST {
            return;
        }
        self.signs.push(Label {
            material,
            column,
            value,
            dimension: dimension.to_owned(),
            low: text.to_owned(),
            words: Vec::new(),
            exact: None,
            written: LabelForm::Alone,
        });
    }

    /// Takes one text of a column or a filter in, with all ways to write it in full.
    pub(super) fn add(&mut self, text: &str, dimension: &str, place: (usize, usize, usize)) {
        if !text.contains(char::is_alphanumeric) {
            self.add_sign(text, dimension, place);
            return;
        }
        if text.len() > LONGEST_CODE
            && !each_word(text)
                .next()
                .is_some_and(|word| self.mentioned.has(word))
        {
            return;
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            let words = vec![text.to_owned()];
            self.add_spelling(text, dimension, place, words, (None, LabelForm::Alone));
        }
        for (words, exact) in spellings(text) {
            let digits = words.iter().all(|word| word.chars().all(|c| c.is_ascii_digit()));
            let form = if digits || is_signed(text) {
                LabelForm::Range
            } else {
                LabelForm::Words
            };
            self.add_spelling(text, dimension, place, words, (exact, form));
        }
    }

    /// Takes the name of a month in that a column has as its number.
    pub(super) fn add_month(&mut self, month: i64, dimension: &str, place: (usize, usize, usize)) {
        let at = usize::try_from(month).ok().and_then(|month| month.checked_sub(1));
        let Some(name) = at.and_then(|at| MONTHS.get(at)) else {
            return;
        };
        let mut written = vec![*name];
        written.extend(name.get(..3).filter(|short| short != name));
        for name in written {
            let exact = (Some(name.to_owned()), LabelForm::Words);
            let words = vec![stem(&name.to_lowercase()).to_owned()];
            self.add_spelling(&month.to_string(), dimension, place, words, exact);
        }
    }

    /// Takes the ways in that write of rows without a value in a column.
    pub(super) fn add_nothing(&mut self, column: &Column, dimension: &str, place: (usize, usize, usize)) {
        for (words, alone) in spellings_of_nothing(column) {
            let form = if alone { LabelForm::Alone } else { LabelForm::Words };
            self.add_spelling("", dimension, place, words, (None, form));
        }
    }

    /// Takes the short ways to write the different texts of one column in.
    pub(super) fn add_short<'t>(
        &mut self,
        texts: impl Iterator<Item = (&'t str, usize)>,
        dimension: &str,
        (material, column): (usize, usize),
    ) {
        let texts: Vec<(&str, usize)> = texts.collect();
        let end_of = |text: &'t str| text.rsplit_once('/').map(|(_, end)| end);
        let mut ends: HashMap<&str, usize> = HashMap::new();
        for end in texts.iter().filter_map(|(text, _)| end_of(text)) {
            *ends.entry(end).or_default() += 1;
        }
        for (text, value) in &texts {
            let Some(end) = end_of(text).filter(|end| ends.get(end) == Some(&1)) else {
                continue;
            };
            let words: Vec<String> = each_word(end).map(|word| stem(word).to_owned()).collect();
            if words.len() == 1 {
                let place = (material, column, *value);
                self.add_spelling(text, dimension, place, words, (None, LabelForm::Path));
            }
        }
        let texts = texts.into_iter();
        // What is in no word of the text can neither stand there nor be mistaken for what does.
        let texts: Vec<(&str, usize)> = texts
            .filter(|(text, _)| each_word(text).any(|word| self.mentioned.has(word)))
            .collect();
        for (text, value, words, exact) in short_spellings(&texts) {
            let exact = (Some(exact), LabelForm::Words);
            self.add_spelling(text, dimension, (material, column, value), words, exact);
        }
    }

    fn add_spelling(
        &mut self,
        text: &str,
        dimension: &str,
        (material, column, value): (usize, usize, usize),
        words: Vec<String>,
        (exact, written): (Option<String>, LabelForm),
    ) {
        let Some(first) = words.first().filter(|word| self.mentioned.0.contains(*word)) else {
            return;
        };
        self.by_first_word.entry(first.clone()).or_default().push(Label {
            material,
            column,
            value,
            dimension: dimension.to_owned(),
            low: text.to_lowercase(),
            words,
            exact,
            written,
        });
    }

    /// The labels that begin with this word and stand here in full, the longest only, with their words.
    pub(super) fn at(&self, words: &[TextWord<'_>], at: usize, work: &Work<'_>) -> (usize, Vec<&Label>) {
        let Some(first) = words.get(at) else {
            return (0, Vec::new());
        };
        let stands = |label: &&Label| {
            let mut here = label.words.iter().zip(words.iter().skip(at));
            at + label.words.len() <= words.len()
                && label.exact.as_deref().is_none_or(|exact| exact == first.text)
                && here.all(|(wanted, word)| wanted == stem(&word.low))
        };
        let begun = self
            .by_first_word
            .get(stem(&first.low))
            .map(Vec::as_slice)
            .unwrap_or_default();
        work.spend(begun.len());
        let found: Vec<&Label> = begun.iter().filter(stands).collect();
        let longest = found.iter().map(|label| label.words.len()).max().unwrap_or(0);
        let kept = found.into_iter().filter(|label| label.words.len() == longest);
        (longest, kept.collect())
    }
}

/// The words of a text, in lower case and without the ending of their plural.
#[derive(Debug)]
struct MentionedWords(HashSet<String>);

impl MentionedWords {
    fn of(text: &str) -> Self {
        let words = words(text);
        Self(words.iter().map(|word| stem(&word.low).to_owned()).collect())
    }

    fn has(&self, word: &str) -> bool {
        if self.0.is_empty() {
            return false;
        }
        if word
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        {
            return self.0.contains(stem(word));
        }
        self.0.contains(stem(&word.to_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, labels: &[&str]) -> Vec<String> {
        let mut kept = Labels::in_text(text);
        for (value, label) in labels.iter().enumerate() {
            kept.add(label, "name", (0, 0, value));
        }
        kept.add_short(
            labels.iter().enumerate().map(|(value, label)| (*label, value)),
            "name",
            (0, 0),
        );
        let (words, work) = (words(text), Work::new(&|| false));
        let found = (0..words.len()).flat_map(|at| kept.at(&words, at, &work).1);
        let mut found: Vec<String> = found.map(|label| label.low.clone()).collect();
        found.dedup();
        found
    }

    #[test]
    fn labels_are_found_in_full_and_by_their_short_names() {
        let labels = [
            "Harbor Holdings, Inc.",
            "Harbour Street",
            "Ashish Vaswani",
            "Wednesday",
            "DE",
            "US",
        ];
        let all = |text| found(text, &labels);
        assert_eq!(all("Harbor Holdings Inc grew."), ["harbor holdings, inc."]);
        assert_eq!(all("Harbor grew."), ["harbor holdings, inc."]);
        assert_eq!(all("So did Vaswani on Wed."), ["ashish vaswani", "wednesday"]);
        assert_eq!(all("In Germany, for us."), ["de"]);
        assert_eq!(all("In the US."), ["us"]);
        assert!(all("Nothing of these.").is_empty());
    }

    /// A beginning names nothing where another label, of which the text says no more, begins the same way.
    #[test]
    fn a_beginning_that_two_labels_share_names_neither() {
        assert!(found("Harbor grew.", &["Harbor Holdings", "Harbor Street"]).is_empty());
        assert!(found("Vaswani grew.", &["Ashish Vaswani", "Rolf Vaswani"]).is_empty());
    }
}
