//! What the names of columns say, where they say something: usually an answer names its columns as it likes.

/// Fewest letters of a name that says something.
const FEWEST_LETTERS: usize = 2;

/// Whether a gold column would be found under the name of another gold column although its own name is there too, as when
/// revenue stands under "cost" and cost under "revenue".
pub(super) fn crossed(gold: &[String], at: usize, found: &[String], place: usize) -> bool {
    let (Some(own), Some(over)) = (said(gold.get(at)), said(found.get(place))) else {
        return false;
    };
    let once = |names: &[String], name: &String| {
        names
            .iter()
            .filter(|other| said(Some(other)).as_ref() == Some(name))
            .count()
            == 1
    };
    own != over && once(gold, &own) && once(gold, &over) && once(found, &own) && once(found, &over)
}

/// A name as it is compared, if it tells more than a place does: not `c1`, `x`, `field_2`.
fn said(name: Option<&String>) -> Option<String> {
    let name = name?.split('(').next()?.to_lowercase();
    let words: Vec<&str> = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let name = words.join(" ");
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    (letters >= FEWEST_LETTERS && !name.contains(|c: char| c.is_ascii_digit())).then_some(name)
}
