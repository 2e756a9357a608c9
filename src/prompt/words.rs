//! The words that the program itself may say to a model (refusals, hints, headings of results), and a hash over them.
//!
//! They stand where they are said, and `build.rs` gathers them from the source of these places.

use std::sync::LazyLock;

use super::texts::{DBT_TEXTS, asks_dbt, texts_hash};
use crate::model::ToolSpec;

include!(concat!(env!("OUT_DIR"), "/words.rs"));

/// The words of the program by the folder of `src` that they stand in, sorted; and those about dbt, which only count
/// where a tool that asks dbt is offered.
pub const PROGRAM_WORDS: &[(&str, &[&str])] = PLAIN;
/// See [`PROGRAM_WORDS`].
pub const DBT_WORDS: &[(&str, &[&str])] = DBT;

/// One hash over the words of the program that a model with these tools can be sent. With dbt it is over its texts too.
pub(crate) fn words_hash_for(tools: &[ToolSpec]) -> String {
    static PLAIN_HASH: LazyLock<String> = LazyLock::new(|| words_hash(PROGRAM_WORDS, &[]));
    static DBT_HASH: LazyLock<String> =
        LazyLock::new(|| words_hash([PROGRAM_WORDS, DBT_WORDS].concat().as_slice(), DBT_TEXTS));
    if asks_dbt(tools) {
        DBT_HASH.clone()
    } else {
        PLAIN_HASH.clone()
    }
}

/// One hash over words of the program, and texts beside them.
pub fn words_hash(words: &[(&str, &[&str])], texts: &[(&str, &str)]) -> String {
    let words = words
        .iter()
        .flat_map(|(folder, words)| words.iter().map(move |word| (*folder, *word)));
    texts_hash(words.chain(texts.iter().copied()))
}
