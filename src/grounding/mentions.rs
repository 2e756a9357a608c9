//! What a text names of the results: labels, columns, and words that are of none.

use std::collections::{HashMap, HashSet};

use super::index::CellIndex;
use super::number::Number;
use super::scope::{Mention, MentionTarget};
use super::text::{Layout, Span, TextWord, periods, root, stem, words};
use super::work::Work;

/// Everything that a text names, in order; and where numbers stand that name rows.
pub(super) fn mentions<'i>(
    text: &str,
    words: &[TextWord<'_>],
    (numbers, layout): (&[Number], &Layout),
    index: &'i CellIndex<'i>,
    work: &Work<'_>,
) -> (Vec<Mention<'i>>, Vec<Span>) {
    let mut mentions: Vec<Mention<'i>> = periods(text, words, numbers, &index.years)
        .into_iter()
        .map(|period| Mention {
            span: period.span,
            what: MentionTarget::TextPeriod(period),
        })
        .collect();
    mentions.extend(labels(words, index, work));
    mentions.extend(signs(text, index));
    let keyed = super::key_mentions::key_mentions(text, words, numbers, layout, index);
    let mut keys: Vec<Span> = keyed.iter().map(|mention| mention.span).collect();
    keys.sort_by_key(|span| span.start);
    mentions.retain(|mention| !leads_a_key(text, mention.span, &keys, index));
    mentions.extend(keyed);
    mentions.retain(|mention| match mention.what {
        MentionTarget::Label(label) => label.stands_at(text, mention.span, layout),
        _ => true,
    });
    mentions.extend(headed_labels(text, (numbers, layout), index, work));
    // A name that is nothing but digits is no year: `1986` in a column of titles.
    let alone: HashSet<Span> = mentions
        .iter()
        .filter(|mention| matches!(mention.what, MentionTarget::Label(label) if label.is_alone()))
        .map(|mention| mention.span)
        .collect();
    mentions.retain(|mention| {
        !(matches!(mention.what, MentionTarget::TextPeriod(_)) && alone.contains(&mention.span))
    });
    mentions.sort_by_key(|mention| (mention.span.start, mention.span.end));
    let labels = mentions
        .iter()
        .filter(|mention| matches!(mention.what, MentionTarget::Label(_)));
    let covered = Covered::by(&labels.copied().collect::<Vec<_>>());
    mentions.extend(columns(words, index, |word| covered.holds(word)));
    let numbered = super::name_numbers::columns_of_numbers(text, words, index).into_iter();
    let numbered = numbered.filter(|(span, ..)| !covered.holds(*span));
    mentions.extend(numbered.map(|(span, material, column)| Mention {
        span,
        what: MentionTarget::Column { material, column },
    }));
    mentions.sort_by_key(|mention| (mention.span.start, mention.span.end));
    (mentions, keys)
}

/// Whether a name is only the noun of a key behind it: the `Line` of `Line 7`, where another row is called `Harbor Line`.
fn leads_a_key(text: &str, name: Span, keys: &[Span], index: &CellIndex<'_>) -> bool {
    let at = keys.partition_point(|key| key.start < name.end);
    let key = keys.get(at).filter(|key| {
        let gap = text.get(name.end..key.start).unwrap_or_default();
        matches!(gap, " " | " #" | "\u{a0}")
    });
    let low = name.of(text).to_lowercase();
    key.is_some() && !low.contains(' ') && index.keys.iter().any(|key| key.is_of(&low))
}

/// Words that begin with a capital letter, and are neither a mention's nor one of ours.
pub(super) fn unknown(
    words: &[TextWord<'_>],
    mentions: &[Mention<'_>],
    is_ours: impl Fn(&str) -> bool,
) -> Vec<Span> {
    /// What is written with capital letters and names nothing.
    const NO_NAMES: [&str; 12] = [
        "am", "pm", "kwh", "mwh", "gwh", "kwp", "kw", "mw", "gb", "eur", "usd", "gbp",
    ];
    let named = Covered::by(mentions);
    let is_name = |low: &str| !NO_NAMES.contains(&low) && !is_ours(low);
    words
        .iter()
        .filter(|word| word.capital() && !named.holds(word.span) && is_name(&word.low))
        .map(|word| word.span)
        .collect()
}

/// Where the names of results and columns stand that are words with digits: these digits are not figures.
pub(super) fn names(text: &str, index: &CellIndex<'_>) -> Vec<Span> {
    let mut found = Vec::new();
    for material in index.materials {
        let columns = material.table.columns.iter();
        let names = columns.flat_map(|column| [column.name.as_str(), column.label.as_str()]);
        for name in names.chain([material.title]) {
            let telling = name.contains(|c: char| c.is_ascii_digit()) && name.contains(char::is_alphabetic);
            if telling {
                // `Answered within 20 s` of the column `Answered within 20 s %`.
                let bare = name.split('(').next().unwrap_or_default();
                let bare = bare.trim_matches([' ', '%']);
                let name = if bare.contains(|c: char| c.is_ascii_digit()) && bare.contains(' ') {
                    bare
                } else {
                    name
                };
                let places = text.match_indices(name);
                found.extend(places.map(|(at, name)| Span::new(at, at + name.len())));
            }
        }
    }
    found.sort_by_key(|name| (name.start, name.end));
    found
}

/// The words in the names of results and columns.
pub(super) fn ours(index: &CellIndex<'_>) -> HashSet<String> {
    let names = index.materials.iter().flat_map(|material| {
        let columns = material.table.columns.iter();
        let names = columns.flat_map(|column| [column.name.as_str(), column.label.as_str()]);
        names.chain([material.title])
    });
    names
        .flat_map(|name| {
            words(&name.replace('_', " "))
                .into_iter()
                .map(|word| stem(&word.low).to_owned())
                .collect::<Vec<_>>()
        })
        .collect()
}

fn labels<'i>(words: &[TextWord<'_>], index: &'i CellIndex<'i>, work: &Work<'_>) -> Vec<Mention<'i>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = words.get(at) {
        if work.is_over() {
            break;
        }
        let (length, labels) = index.labels.at(words, at, work);
        let last = words.get((at + length).saturating_sub(1)).unwrap_or(first);
        let span = Span::new(first.span.start, last.span.end.max(first.span.end));
        found.extend(labels.into_iter().map(|label| Mention {
            span,
            what: MentionTarget::Label(label),
        }));
        at += length.max(1);
    }
    found
}

/// The labels that a number alone in a table's cell is together with its header: `1` under `Linie` of `Linie 1`.
fn headed_labels<'i>(
    text: &str,
    (numbers, layout): (&[Number], &Layout),
    index: &'i CellIndex<'i>,
    work: &Work<'_>,
) -> Vec<Mention<'i>> {
    let mut found = Vec::new();
    for number in numbers {
        let span = Span::new(number.start, number.end);
        let Some(cell) = layout.place(span).row else {
            continue;
        };
        let Some(header) = cell.header else { continue };
        let own = cell.cell.of(text).trim_matches([' ', '*', '_', '`']);
        if own != span.of(text) || own.len() > 4 || work.is_over() {
            continue;
        }
        let name = format!("{} {own}", header.of(text).trim_matches([' ', '*', '_', '`']));
        let written = words(&name);
        let (length, labels) = index.labels.at(&written, 0, work);
        if length == written.len() && length > 1 {
            found.extend(labels.into_iter().map(|label| Mention {
                span,
                what: MentionTarget::Label(label),
            }));
        }
    }
    found
}

/// Where labels stand that are nothing but a sign: `/`.
fn signs<'i>(text: &str, index: &'i CellIndex<'i>) -> Vec<Mention<'i>> {
    const MOST: usize = 200;
    // The mark of `/pricing` is a part of that name.
    let glued = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || "/\\?&@%$".contains(c));
    let whole = move |(at, sign): &(usize, &str)| {
        let (before, behind) = (text.get(..*at), text.get(at + sign.len()..));
        let before = before.and_then(|before| before.chars().next_back());
        let behind = behind.and_then(|behind| behind.chars().next());
        !glued(before) && !glued(behind)
    };
    let of = |label: &'i super::labels::Label| {
        let places = text.match_indices(label.low.as_str()).filter(whole).take(MOST);
        places.map(move |(at, sign)| Mention {
            span: Span::new(at, at + sign.len()),
            what: MentionTarget::Label(label),
        })
    };
    index.labels.signs().iter().flat_map(of).collect()
}

fn columns<'i>(
    words: &[TextWord<'_>],
    index: &CellIndex<'_>,
    is_named: impl Fn(Span) -> bool,
) -> Vec<Mention<'i>> {
    let mut by_word: HashMap<&str, Vec<(usize, usize)>> = HashMap::new();
    for (material, shape) in index
        .shapes
        .iter()
        .enumerate()
        .filter(|(_, shape)| shape.numeric.len() > 1)
    {
        for (column, names) in &shape.column_words {
            for name in names {
                let columns = by_word.entry(name).or_default();
                if columns.last() != Some(&(material, *column)) {
                    columns.push((material, *column));
                }
            }
        }
    }
    let mut found: Vec<Mention<'i>> = Vec::new();
    // Words of one name that follow each other are one mention: `operating income`.
    let mut last: HashMap<(usize, usize), (usize, usize)> = HashMap::new();
    for (at, word) in words.iter().enumerate() {
        let of_word = by_word.get(root(&word.low));
        // `in second place`: which of them it is, not the column of places.
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        let ordinal = before.filter(|before| is_ordinal(&before.low));
        let in_name = |(material, column): &(usize, usize)| {
            let shape = index.shapes.get(*material);
            let mut names = shape.into_iter().flat_map(|shape| &shape.column_words);
            let names = names.find(|(of, _)| of == column).map(|(_, names)| names);
            ordinal.is_none_or(|word| names.is_some_and(|names| names.contains(&word.low)))
        };
        let of_word = of_word.filter(|_| !is_named(word.span)).into_iter().flatten();
        for (material, column) in of_word.filter(|of| in_name(of)) {
            let before = last.insert((*material, *column), (at, found.len()));
            if let Some((_, place)) = before.filter(|(before, _)| before + 1 == at)
                && let Some(mention) = found.get_mut(place)
            {
                mention.span.end = word.span.end;
                last.insert((*material, *column), (at, place));
                continue;
            }
            found.push(Mention {
                span: word.span,
                what: MentionTarget::Column {
                    material: *material,
                    column: *column,
                },
            });
        }
    }
    found
}

fn is_ordinal(low: &str) -> bool {
    const WORDS: &str = "first second third fourth fifth sixth seventh eighth ninth tenth last";
    let digits = low.trim_end_matches(char::is_alphabetic);
    let numbered = !digits.is_empty() && matches!(low.get(digits.len()..), Some("st" | "nd" | "rd" | "th"));
    numbered || WORDS.split(' ').any(|word| word == low)
}

/// Where mentions stand that are in the order of the text: where each begins, and how far it and those before it reach.
struct Covered(Vec<(usize, usize)>);

impl Covered {
    fn by(mentions: &[Mention<'_>]) -> Self {
        let mut reached: Vec<(usize, usize)> = Vec::with_capacity(mentions.len());
        for mention in mentions {
            let before = reached.last().map_or(0, |(_, end)| *end);
            reached.push((mention.span.start, mention.span.end.max(before)));
        }
        Self(reached)
    }

    /// Whether a mention holds these bytes.
    fn holds(&self, bytes: Span) -> bool {
        let begun = self.0.partition_point(|(start, _)| *start <= bytes.start);
        let reach = begun.checked_sub(1).and_then(|at| self.0.get(at));
        reach.is_some_and(|(_, end)| *end >= bytes.end)
    }
}
