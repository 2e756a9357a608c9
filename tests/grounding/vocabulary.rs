//! The words of the figure check, by language.

use std::collections::BTreeMap;

use cardinal::grounding::vocabulary_gaps;

/// Lists the concepts that have no words in a language, for whoever wants to teach them. English has all.
#[test]
fn the_gaps_of_each_language_are_known() {
    let mut gaps: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (concept, language) in vocabulary_gaps() {
        gaps.entry(language).or_default().push(concept);
    }
    for (language, concepts) in &gaps {
        eprintln!("{language} has no words for: {}", concepts.join(", "));
    }
    let count = |language: &str| gaps.get(language).map_or(0, Vec::len);
    let counts = ["English", "German", "French", "Spanish"].map(count);
    assert_eq!(
        counts,
        [0, 14, 30, 31],
        "a word was taken out or added: {gaps:#?}"
    );
}
