//! Names the model wrote, matched to names that exist.

use super::{No, listing, quote};

/// Names shown when one is not found.
const SHOWN: usize = 8;

/// The names most like `wanted`, best first; when none is like it, the first ones.
pub(in crate::tools) fn nearest<'a>(
    wanted: &str,
    names: impl IntoIterator<Item = &'a str>,
    most: usize,
) -> Vec<&'a str> {
    let wanted = plain(wanted);
    let mut scored: Vec<(u64, &str)> = names
        .into_iter()
        .map(|name| (likeness(&wanted, name), name))
        .collect();
    // Stable: names that are equally alike keep the catalog's order.
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().take(most).map(|(_, name)| name).collect()
}

/// Between 0 and 2 000; anything under 600 counts as nothing alike.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a similarity lies between 0 and 1"
)]
fn likeness(wanted: &str, name: &str) -> u64 {
    let name = plain(name);
    // Comparing is quadratic, and nobody's name is longer.
    let short: String = wanted.chars().take(80).collect();
    let similarity = (strsim::jaro_winkler(&short, &name) * 1_000.0) as u64;
    let contained = !short.is_empty() && (name.contains(&short) || short.contains(&name)) && !name.is_empty();
    match similarity + if contained { 1_000 } else { 0 } {
        score if score < 600 => 0,
        score => score,
    }
}

/// Only letters and digits, lower case.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The item of that name: exactly, else the only one whose name or label is the same apart from case and punctuation.
pub(in crate::tools) fn resolve<'a, T>(
    wanted: &str,
    items: &'a [T],
    name: impl Fn(&T) -> &str,
    label: impl Fn(&T) -> &str,
) -> Option<&'a T> {
    if let Some(found) = items.iter().find(|item| name(item) == wanted) {
        return Some(found);
    }
    if wanted.len() > 400 {
        return None;
    }
    let wanted = plain(wanted);
    if wanted.is_empty() {
        return None;
    }
    for key in [&name as &dyn Fn(&T) -> &str, &label] {
        let mut same = items.iter().filter(|item| plain(key(item)) == wanted);
        match (same.next(), same.next()) {
            (Some(found), None) => return Some(found),
            (Some(_), Some(_)) => return None,
            (None, _) => {}
        }
    }
    None
}

/// The no to a name that is not there: `what` it was looked for as, `place` it was looked for in.
pub(in crate::tools) fn unknown<'a>(
    what: &str,
    wanted: &str,
    place: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> No {
    let names: Vec<&str> = names.into_iter().collect();
    let count = names.len();
    let no = No::name(format!("{place} has no {what} {}", quote(wanted)));
    if count == 0 {
        return no.hint(format!("it has no {what} at all"));
    }
    let near = nearest(wanted, names, SHOWN);
    let more = count - near.len();
    let rest = if more > 0 {
        format!(" and {more} more; describe lists them")
    } else {
        String::new()
    };
    no.hint(format!("its nearest: {}{rest}", listing(near)))
}
