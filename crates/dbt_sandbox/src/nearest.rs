//! The names that somebody may have meant.

/// Up to six names, the most similar first.
pub(crate) fn nearest<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut ranked: Vec<(usize, &str)> = known.map(|name| (shared(wanted, name), name)).collect();
    ranked.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    ranked.into_iter().take(6).map(|(_, name)| name).collect()
}

/// How many pairs of neighbouring letters two names share.
fn shared(a: &str, b: &str) -> usize {
    let pairs = |text: &str| -> Vec<(char, char)> { text.chars().zip(text.chars().skip(1)).collect() };
    let other = pairs(b);
    pairs(a).iter().filter(|pair| other.contains(pair)).count()
}
