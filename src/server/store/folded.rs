//! Texts as they are looked for: without the difference of large and small letters, and of the ways in which Unicode writes the
//! same sign. They are folded here and stored so, because each database knows other letters.

use icu_normalizer::ComposingNormalizerBorrowed;

use super::transaction::values;
use super::{SessionStore, SessionStoreError};

/// Rows that are folded in one transaction.
const BATCH: i64 = 500;

/// A text as it is stored to be found, and as it is looked for.
pub(super) fn fold(text: &str) -> String {
    let composed = ComposingNormalizerBorrowed::new_nfkc().normalize(text);
    let small = composed.chars().flat_map(char::to_lowercase);
    // By way of the large letters `ß` becomes `ss`, and two small forms of one letter the same.
    let folded: String = small
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect();
    // The small form of `İ` keeps its dot apart, which `i` has anyway.
    ComposingNormalizerBorrowed::new_nfkc()
        .normalize(&folded.replace("i\u{307}", "i"))
        .into_owned()
}

/// A pattern that finds a text anywhere, whatever it holds.
pub(super) fn pattern(text: &str) -> String {
    let plain = fold(text.trim())
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    format!("%{plain}%")
}

impl SessionStore {
    /// Folds what a program of before stored.
    pub(super) async fn fold_what_is_left(&self) -> Result<(), SessionStoreError> {
        for (table, text) in [("sessions", "title"), ("answers", "question")] {
            loop {
                let folded = self.write(move |db| {
                    let sql =
                        format!("SELECT id, {text} AS text FROM {table} WHERE folded IS NULL LIMIT {BATCH}");
                    let left: Vec<(String, String)> =
                        db.rows(&sql, values![], |row| Ok((row.named("id")?, row.named("text")?)))?;
                    let sql = format!("UPDATE {table} SET folded = ?2 WHERE id = ?1");
                    for (id, text) in &left {
                        db.execute(&sql, values![id, fold(text)])?;
                    }
                    Ok(left.len())
                });
                if folded.await? == 0 {
                    break;
                }
            }
        }
        Ok(())
    }
}
