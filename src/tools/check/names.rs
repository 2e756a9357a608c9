//! Names the model wrote, matched to names that exist.

use super::{Rejection, listing, quote};
use crate::catalog;

/// Names shown when one is not found.
const SHOWN: usize = 8;

/// Longest name that is looked for, in bytes. Comparing is quadratic, and real names are shorter.
const MAX_WANTED: usize = 200;

/// The names most like `wanted`, best first. When none is like it, the first names, so that the model has a way on.
pub(in crate::tools) fn nearest<'a>(
    wanted: &str,
    names: impl IntoIterator<Item = &'a str>,
    most: usize,
) -> Vec<&'a str> {
    let names: Vec<&str> = names.into_iter().collect();
    let near = if wanted.len() <= MAX_WANTED {
        catalog::nearest(wanted, names.iter().copied(), most)
    } else {
        Vec::new()
    };
    if near.is_empty() {
        names.into_iter().take(most).collect()
    } else {
        near
    }
}

/// Only letters and digits, lower case.
pub(super) fn plain(text: &str) -> String {
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
    if wanted.len() > MAX_WANTED {
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

/// The rejection of a name that `place` does not have. `what` says what it should be a name of: `dimension`, `segment`.
pub(in crate::tools) fn unknown<'a>(
    what: &str,
    wanted: &str,
    place: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Rejection {
    let names: Vec<&str> = names.into_iter().collect();
    let count = names.len();
    let rejection = Rejection::unknown_name(format!("{place} has no {what} {}", quote(wanted)));
    if count == 0 {
        return rejection.hint(format!("it has no {what} at all"));
    }
    let near = nearest(wanted, names, SHOWN);
    let more = count.saturating_sub(near.len());
    let rest = if more > 0 {
        format!(" and {more} more; describe lists them")
    } else {
        String::new()
    };
    rejection.hint(format!("its nearest: {}{rest}", listing(near)))
}
