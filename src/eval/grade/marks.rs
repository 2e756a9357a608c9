//! Number marks of other languages, written as English has them, so that everything that reads tables and lists reads them
//! too: `1.234,50` becomes `1234.50`.

use crate::grounding::{Kind, Separators, numbers};

pub(super) fn in_english(text: &str, separators: Separators) -> String {
    let mut plain = text.to_owned();
    for number in numbers(text, separators).iter().rev() {
        let Some(written) = text.get(number.start..number.end) else {
            continue;
        };
        if !matches!(number.kind, Kind::Quantity | Kind::Year) {
            continue;
        }
        plain.replace_range(number.start..number.end, &rewritten(written, separators));
    }
    plain
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
