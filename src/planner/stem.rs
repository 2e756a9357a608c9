use std::collections::BTreeMap;

use rusqlite::Connection;

/// Words cut down to their stems by SQLite's Porter tokenizer: `categories` and `category` become the same.
#[derive(Debug)]
pub(super) struct Stemmer {
    db: Connection,
}

impl Stemmer {
    pub(super) fn new() -> Result<Self, rusqlite::Error> {
        let db = Connection::open_in_memory()?;
        db.execute_batch(
            "CREATE VIRTUAL TABLE scratch USING fts5(text, tokenize = 'porter unicode61 remove_diacritics 2');
             CREATE VIRTUAL TABLE terms USING fts5vocab(scratch, instance);",
        )?;
        Ok(Self { db })
    }

    /// The stems of each text, in order.
    pub(super) fn stems(&self, texts: &[String]) -> Result<Vec<Vec<String>>, rusqlite::Error> {
        self.db.execute_batch("BEGIN; DELETE FROM scratch;")?;
        {
            let mut insert = self
                .db
                .prepare_cached("INSERT INTO scratch(rowid, text) VALUES (?1, ?2)")?;
            for (row, text) in texts.iter().enumerate() {
                insert.execute((i64::try_from(row).unwrap_or(i64::MAX), text))?;
            }
        }
        self.db.execute_batch("COMMIT")?;
        let mut found: BTreeMap<(i64, i64), String> = BTreeMap::new();
        let mut select = self.db.prepare_cached("SELECT doc, offset, term FROM terms")?;
        let mut rows = select.query(())?;
        while let Some(row) = rows.next()? {
            found.insert((row.get(0)?, row.get(1)?), row.get(2)?);
        }
        let mut stems = vec![Vec::new(); texts.len()];
        for ((text, _), term) in found {
            if let Some(list) = usize::try_from(text).ok().and_then(|text| stems.get_mut(text)) {
                list.push(term);
            }
        }
        Ok(stems)
    }
}
