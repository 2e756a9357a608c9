use super::Column;

/// What the numbers of a column can be taken together to, as far as its name and label say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sense {
    /// They add up, and have a mean.
    Amounts,
    /// They have a mean, and their sum says nothing: stars, ages, ranks.
    Marks,
    /// Neither: averages, shares and rates are of groups of different sizes, counts of different things overlap,
    /// running totals hold each other, and years and coordinates are places.
    Rates,
}

/// Words of columns whose numbers only have a mean.
const MARKS: &str = "rating score rank ranking age bewertung";
/// Words of columns whose numbers are not even that.
const RATES: &str = "avg average averages averaged mean median percentile percent percentage pct rate rates ratio share \
    yoy mom qoq distinct unique cumulative durchschnitt durchschnittlich anteil prozent moyenne taux pourcentage \
    promedio tasa porcentaje";
/// Whole names of columns whose numbers are places on a scale.
const PLACES: &str = "year latitude longitude lat lng lon jahr";

/// Whether a word is in a list.
fn among(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|one| one == word)
}

impl Sense {
    pub(super) fn of(column: &Column) -> Self {
        let mut sense = Self::Amounts;
        for text in [&column.name, &column.label] {
            let low = text.to_lowercase();
            let mut words = low.split(|c: char| !c.is_alphanumeric());
            if low.contains('%') || among(PLACES, &low) || words.clone().any(|word| among(RATES, word)) {
                return Self::Rates;
            }
            if words.any(|word| among(MARKS, word)) {
                sense = Self::Marks;
            }
        }
        sense
    }
}
