//! Number marks of other languages, written as English has them, so that everything that reads tables and lists reads them
//! too: `1.234,50` becomes `1234.50`.

use crate::grounding::{Kind, Separators, numbers};

/// A text with its numbers as English writes them.
pub(super) struct EnglishMarks {
    pub(super) text: String,
    /// Where the numbers began that are shorter now, the last first, and by how many bytes.
    shorter: Vec<(usize, usize)>,
}

impl EnglishMarks {
    pub(super) fn of(text: &str, separators: Separators) -> Self {
        let mut plain = text.to_owned();
        let mut shorter = Vec::new();
        for number in numbers(text, separators).iter().rev() {
            let Some(written) = text.get(number.start..number.end) else {
                continue;
            };
            if !matches!(number.kind, Kind::Quantity | Kind::Year) {
                continue;
            }
            let english = rewritten(written, separators);
            shorter.push((number.start, written.len().saturating_sub(english.len())));
            plain.replace_range(number.start..number.end, &english);
        }
        Self { text: plain, shorter }
    }

    /// Where what began at a byte of the text begins now.
    pub(super) fn place(&self, was: usize) -> usize {
        let before = self.shorter.iter().filter(|(start, _)| *start < was);
        was.saturating_sub(before.map(|(_, bytes)| bytes).sum())
    }
}

fn rewritten(written: &str, separators: Separators) -> String {
    let is_group = |c: char| match separators {
        Separators::English => false,
        Separators::German => c == '.',
        Separators::French => c.is_whitespace() || c == '\u{202f}',
        Separators::Swiss => matches!(c, '\'' | '’'),
    };
    let comma = matches!(separators, Separators::German | Separators::French);
    let chars: Vec<char> = written.chars().collect();
    let digit = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(char::is_ascii_digit);
    let mut plain = String::with_capacity(written.len());
    for (at, c) in chars.iter().enumerate() {
        let between = digit(at.checked_sub(1)) && digit(Some(at + 1));
        match *c {
            c if between && is_group(c) => {}
            ',' if between && comma => plain.push('.'),
            c => plain.push(c),
        }
    }
    plain
}
