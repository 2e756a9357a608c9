//! Finds entries of a catalog by words, for catalogs that are too large to be shown whole.
//!
//! The index is made once for a catalog, from the catalog alone, and asks nobody. Entries are ranked by BM25, the usual
//! measure of how well a text answers some words: a word counts more the fewer entries have it, and more in a name than in a
//! description. A word that no entry has is taken for a misspelling or a beginning of those that are there. The same words
//! over the same catalog give the same entries in the same order.
//!
//! ```
//! # use cardinal::catalog::{Catalog, CatalogSearch};
//! let catalog = Catalog::for_tests(Vec::new());
//! let found = catalog.search(&CatalogSearch::words("revenue by month"));
//! assert!(found.is_empty());
//! ```

use std::collections::{BTreeMap, BTreeSet};

use super::nearest::words;
use super::{Catalog, CatalogNotes, Entry, EntryKind, EntryNotes};

/// How much a word counts where it stands.
mod weight {
    pub(super) const NAME: f64 = 4.0;
    pub(super) const COLLECTION: f64 = 1.5;
    pub(super) const DESCRIPTION: f64 = 1.0;
    /// What is said of the collection or database that it lies in, which it shares with many.
    pub(super) const PLACE: f64 = 0.4;
    /// What it computes, its columns, dimensions, parameters, measures and segments.
    pub(super) const PARTS: f64 = 0.7;
    /// Values of its parameters and dimensions.
    pub(super) const VALUES: f64 = 0.4;
    /// A word that is only like the one that was asked for.
    pub(super) const LIKE: f64 = 0.6;
}

/// How soon more of the same word counts no more; the usual constants of BM25.
const SATURATION: f64 = 1.2;
const LENGTH_SHARE: f64 = 0.4;
/// Most values of one parameter or dimension that are looked at.
const MOST_VALUES: usize = 50;
/// Shorter words are neither beginnings nor misspellings of others.
const SHORTEST_LIKE: usize = 4;
/// Scores are compared in this many parts of one, so that rounding never changes an order.
const PARTS_OF_ONE: f64 = 1e6;

/// Words of a question that say nothing of what is asked for. They are looked for only where there are no others.
const LITTLE_WORDS: [&str; 50] = [
    "a", "an", "and", "are", "as", "at", "be", "by", "can", "did", "do", "does", "each", "for", "from",
    "had", "has", "have", "how", "i", "in", "is", "it", "its", "many", "me", "much", "not", "of", "on", "or",
    "our", "per", "show", "that", "the", "their", "there", "this", "to", "us", "was", "we", "were", "what",
    "when", "which", "who", "why", "with",
];

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CatalogSearch {
    /// Words of what is wanted, in any order; without any, every entry fits.
    pub words: String,
    /// Only entries of this kind.
    pub kind: Option<EntryKind>,
    /// Only entries with this in the path of their collection, in any case: `Finance`, `Finance / Sales`.
    pub collection: Option<String>,
}

impl CatalogSearch {
    /// Looks for words in the whole catalog.
    pub fn words(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            ..Self::default()
        }
    }

    /// Whether a text has any of the words.
    pub fn finds(&self, text: &str) -> bool {
        let there: BTreeSet<String> = words(text).iter().map(|word| stem(word)).collect();
        wanted_words(&self.words).iter().any(|word| there.contains(word))
    }

    fn admits(&self, entry: &Entry) -> bool {
        let within = |part: &String| {
            let path = entry.collection().join(" / ").to_lowercase();
            path.contains(&part.trim().to_lowercase())
        };
        self.kind.is_none_or(|kind| kind == entry.kind()) && self.collection.as_ref().is_none_or(within)
    }
}

/// Words of all entries, and where each stands.
#[derive(Debug, Clone)]
pub(super) struct CatalogIndex {
    places: BTreeMap<String, Vec<WordPlace>>,
    /// By entry, as a multiple of the mean.
    lengths: Vec<f64>,
}

/// That an entry has a word, and how much it counts there.
#[derive(Debug, Clone, Copy)]
struct WordPlace {
    entry: usize,
    weight: f64,
}

impl CatalogIndex {
    pub(super) fn of(entries: &[Entry], notes: &CatalogNotes) -> Self {
        let mut places: BTreeMap<String, Vec<WordPlace>> = BTreeMap::new();
        let mut lengths = Vec::with_capacity(entries.len());
        for (at, entry) in entries.iter().enumerate() {
            let of_place = notes.of_place(entry.collection());
            let counted = counted(entry, notes.of(entry.kind(), entry.id()), of_place);
            lengths.push(counted.values().sum::<f64>());
            for (word, weight) in counted {
                places
                    .entry(word)
                    .or_default()
                    .push(WordPlace { entry: at, weight });
            }
        }
        let mean = (lengths.iter().sum::<f64>() / as_f64(lengths.len().max(1))).max(1.0);
        for length in &mut lengths {
            *length /= mean;
        }
        Self { places, lengths }
    }

    /// The score of each entry that has any of the words.
    fn scores(&self, wanted: &str) -> BTreeMap<usize, f64> {
        let mut scores = BTreeMap::new();
        for word in &wanted_words(wanted) {
            if let Some(places) = self.places.get(word) {
                self.count(places, 1.0, &mut scores);
                continue;
            }
            for places in self.like(word) {
                self.count(places, weight::LIKE, &mut scores);
            }
        }
        scores
    }

    fn count(&self, places: &[WordPlace], share: f64, scores: &mut BTreeMap<usize, f64>) {
        let (all, with) = (as_f64(self.lengths.len()), as_f64(places.len()));
        let rarity = (1.0 + (all - with + 0.5) / (with + 0.5)).ln();
        for WordPlace { entry, weight } in places {
            let length = self.lengths.get(*entry).copied().unwrap_or(1.0);
            let norm = SATURATION * (1.0 - LENGTH_SHARE + LENGTH_SHARE * length);
            let told = weight * (SATURATION + 1.0) / (weight + norm);
            *scores.entry(*entry).or_default() += share * rarity * told;
        }
    }

    /// The words that begin with this one, or else those that are one mistake away from it.
    fn like(&self, word: &str) -> Vec<&[WordPlace]> {
        if word.chars().count() < SHORTEST_LIKE {
            return Vec::new();
        }
        let begun = self.places.range(word.to_owned()..);
        let begun = begun.take_while(|(known, _)| known.starts_with(word));
        let begun: Vec<&[WordPlace]> = begun.map(|(_, places)| places.as_slice()).collect();
        if !begun.is_empty() {
            return begun;
        }
        let near = self.places.iter().filter(|(known, _)| {
            known.len().abs_diff(word.len()) <= 2 && strsim::damerau_levenshtein(known, word) <= 1
        });
        near.map(|(_, places)| places.as_slice()).collect()
    }
}

impl Catalog {
    /// The entries that fit, the best first.
    pub fn search(&self, wanted: &CatalogSearch) -> Vec<&Entry> {
        let entries = self.entries();
        let admitted = |at: usize| entries.get(at).filter(|entry| wanted.admits(entry));
        if words(&wanted.words).is_empty() {
            let mut all: Vec<&Entry> = (0..entries.len()).filter_map(admitted).collect();
            all.sort_by_key(|entry| standing(entry));
            return all;
        }
        let exact = wanted.words.trim().to_lowercase();
        let scores = self.index().scores(&wanted.words);
        let mut found: Vec<(bool, i64, u8, &Entry)> = scores
            .into_iter()
            .filter_map(|(at, score)| {
                let entry = admitted(at)?;
                let named = entry.name().to_lowercase() == exact;
                Some((!named, -rounded(score), standing(entry), entry))
            })
            .collect();
        found.sort_by_key(|(named, score, standing, _)| (*named, *score, *standing));
        found.into_iter().map(|(.., entry)| entry).collect()
    }

    /// The entries in the order in which they are worth knowing: verified ones first, then metrics, cards and tables.
    pub(crate) fn by_standing(&self) -> Vec<&Entry> {
        self.search(&CatalogSearch::default())
    }
}

/// The less, the more worth knowing.
fn standing(entry: &Entry) -> u8 {
    match entry {
        Entry::Metric(metric) if metric.verified => 0,
        Entry::Card(card) if card.verified => 1,
        Entry::Metric(_) => 2,
        Entry::Card(_) => 3,
        Entry::Table(_) => 4,
    }
}

/// The words of an entry with what they count.
fn counted<'a>(
    entry: &Entry,
    notes: Option<&EntryNotes>,
    of_place: impl Iterator<Item = &'a str>,
) -> BTreeMap<String, f64> {
    let mut counted = BTreeMap::new();
    let mut add = |text: &str, weight: f64| {
        for word in words(text) {
            let so_far = counted.entry(stem(&word)).or_insert(0.0);
            // Said again in another place, a word counts little more.
            *so_far = f64::max(*so_far, weight) + 0.1 * weight.min(*so_far);
        }
    };
    add(entry.name(), weight::NAME);
    for synonym in notes.map_or(&[][..], |notes| notes.synonyms.as_slice()) {
        add(synonym, weight::NAME);
    }
    for name in entry.collection() {
        add(name, weight::COLLECTION);
    }
    for text in of_place {
        add(text, weight::PLACE);
    }
    add(entry.description().unwrap_or_default(), weight::DESCRIPTION);
    let mut values = Vec::new();
    match entry {
        Entry::Card(card) => {
            for parameter in &card.parameters {
                add(&parameter.slug, weight::PARTS);
                add(&parameter.name, weight::PARTS);
                values.extend(&parameter.allowed);
            }
            for column in &card.columns {
                add(&column.name, weight::PARTS);
                add(&column.label, weight::PARTS);
            }
        }
        Entry::Metric(metric) => {
            add(metric.definition.as_deref().unwrap_or_default(), weight::PARTS);
            let filters = metric.built_in_filters.iter();
            let segments = metric.segments.iter().map(|segment| &segment.name);
            filters.chain(segments).for_each(|text| add(text, weight::PARTS));
            for dimension in &metric.dimensions {
                add(&dimension.name, weight::PARTS);
                values.extend(&dimension.values);
            }
        }
        Entry::Table(table) => {
            add(&table.name, weight::NAME);
            let measures = table.measures.iter().map(|measure| &measure.name);
            let segments = table.segments.iter().map(|segment| &segment.name);
            measures.chain(segments).for_each(|text| add(text, weight::PARTS));
            for dimension in &table.dimensions {
                add(&dimension.name, weight::PARTS);
                add(
                    dimension.description.as_deref().unwrap_or_default(),
                    weight::VALUES,
                );
                values.extend(&dimension.values);
            }
        }
    }
    for known in values {
        let texts = known.values.iter().take(MOST_VALUES);
        texts
            .filter_map(serde_json::Value::as_str)
            .for_each(|text| add(text, weight::VALUES));
        let labels = known.labels.values().take(MOST_VALUES);
        labels.for_each(|label| add(label, weight::VALUES));
    }
    counted
}

/// The words that are looked for.
fn wanted_words(text: &str) -> BTreeSet<String> {
    let mut wanted = words(text);
    if !wanted.iter().all(|word| is_little(word)) {
        wanted.retain(|word| !is_little(word));
    }
    wanted.iter().map(|word| stem(word)).collect()
}

fn is_little(word: &str) -> bool {
    LITTLE_WORDS.binary_search(&word).is_ok()
}

/// A word without the ending of a plural, so that `orders` finds `order`.
fn stem(word: &str) -> String {
    let stemmed = match word.strip_suffix("ies") {
        Some(begin) if begin.len() > 2 => return format!("{begin}y"),
        _ => word.strip_suffix('s'),
    };
    match stemmed {
        Some(begin) if begin.len() > 2 && !begin.ends_with(['s', 'u', 'i']) => begin.to_owned(),
        _ => word.to_owned(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "catalogs stay far below 2^52 entries")]
fn as_f64(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_possible_truncation, reason = "a score is a small number")]
fn rounded(score: f64) -> i64 {
    (score * PARTS_OF_ONE).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_for_the_search() {
        assert!(LITTLE_WORDS.is_sorted());
        assert!(is_little("the") && is_little("what") && !is_little("revenue"));
    }
}
