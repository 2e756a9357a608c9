use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use super::lexicon;
use super::profile::Profile;
use super::stem::Stemmer;

/// How much a hit counts, by where it is: name, description, columns and dimensions, values.
const RANKING: &str = "SELECT rowid, bm25(entries, 10.0, 4.0, 2.0, 1.5) FROM entries \
     WHERE entries MATCH ?1 ORDER BY 2, rowid";

/// All entries in a full-text index, ranked by SQLite's bm25 with weights for each column.
#[derive(Debug)]
pub(super) struct EntryIndex {
    db: Connection,
    /// Stem to the stems of words like it.
    likes: BTreeMap<String, BTreeSet<String>>,
    /// In how many entries a stem occurs.
    frequency: BTreeMap<String, u32>,
    entries: u32,
}

impl EntryIndex {
    pub(super) fn new(profiles: &[Profile], stemmer: &Stemmer) -> Result<Self, rusqlite::Error> {
        let db = Connection::open_in_memory()?;
        // What goes in is stemmed already.
        db.execute_batch(
            "CREATE VIRTUAL TABLE entries USING fts5(name, about, fields, vals, tokenize = 'unicode61')",
        )?;
        let mut frequency: BTreeMap<String, u32> = BTreeMap::new();
        {
            let mut insert =
                db.prepare("INSERT INTO entries(rowid, name, about, fields, vals) VALUES (?, ?, ?, ?, ?)")?;
            for (row, profile) in profiles.iter().enumerate() {
                let fields = || profile.fields.iter().chain(&profile.parameters);
                let mut name = profile.name.clone();
                name.push(profile.acronym.clone());
                let about = profile.about.clone();
                let parts: Vec<String> = fields()
                    .flat_map(|field| [&field.owner, &field.own, &field.label])
                    .chain(
                        profile
                            .segments
                            .iter()
                            .chain(&profile.measures)
                            .map(|named| &named.stems),
                    )
                    .flatten()
                    .cloned()
                    .collect();
                let values: Vec<String> = fields()
                    .flat_map(|field| &field.values)
                    .flat_map(|(_, wordings)| wordings.iter().flatten())
                    .cloned()
                    .collect();
                let all: BTreeSet<&String> = [&name, &about, &parts, &values].into_iter().flatten().collect();
                for stem in all {
                    *frequency.entry(stem.clone()).or_default() += 1;
                }
                let row = i64::try_from(row).unwrap_or(i64::MAX);
                insert.execute((
                    row,
                    name.join(" "),
                    about.join(" "),
                    parts.join(" "),
                    values.join(" "),
                ))?;
            }
        }
        Ok(Self {
            db,
            likes: likes(stemmer)?,
            frequency,
            entries: u32::try_from(profiles.len()).unwrap_or(u32::MAX),
        })
    }

    /// Positions of entries that share a word with `stems`, best first, each with a score between 0 and 1.
    pub(super) fn rank(&self, stems: &[&str]) -> Result<Vec<(usize, f64)>, rusqlite::Error> {
        let mut terms: BTreeSet<&str> = BTreeSet::new();
        for stem in stems {
            terms.insert(stem);
            terms.extend(self.likes_of(stem));
        }
        if terms.is_empty() {
            return Ok(Vec::new());
        }
        let quoted: Vec<String> = terms
            .iter()
            .map(|term| format!("\"{}\"", term.replace('"', "")))
            .collect();
        let mut select = self.db.prepare_cached(RANKING)?;
        let found: Vec<(i64, f64)> = select
            .query_map([quoted.join(" OR ")], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        // bm25 is negative, the better the lower.
        let best = found.first().map_or(-1.0, |(_, score)| score.min(-1e-9));
        Ok(found
            .into_iter()
            .filter_map(|(row, score)| Some((usize::try_from(row).ok()?, (score / best).clamp(0.0, 1.0))))
            .collect())
    }

    /// Stems of words that can stand for this one.
    pub(super) fn likes_of(&self, stem: &str) -> impl Iterator<Item = &str> {
        self.likes.get(stem).into_iter().flatten().map(String::as_str)
    }

    /// Whether any entry has the word or one like it.
    pub(super) fn knows(&self, stem: &str) -> bool {
        std::iter::once(stem)
            .chain(self.likes_of(stem))
            .any(|stem| self.frequency.contains_key(stem))
    }

    /// How much a word tells entries apart; words of no entry tell the most.
    pub(super) fn weight(&self, stem: &str) -> f64 {
        let known = std::iter::once(stem)
            .chain(self.likes_of(stem))
            .filter_map(|stem| self.frequency.get(stem))
            .max()
            .copied()
            .unwrap_or(0);
        (1.0 + f64::from(self.entries) / (1.0 + f64::from(known))).ln()
    }
}

fn likes(stemmer: &Stemmer) -> Result<BTreeMap<String, BTreeSet<String>>, rusqlite::Error> {
    let mut map: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for group in lexicon::likes() {
        let words: Vec<String> = group.iter().map(|word| (*word).to_owned()).collect();
        let stems: BTreeSet<String> = stemmer.stems(&words)?.into_iter().flatten().collect();
        for stem in &stems {
            let others = stems.iter().filter(|other| *other != stem).cloned();
            map.entry(stem.clone()).or_default().extend(others);
        }
    }
    Ok(map)
}
