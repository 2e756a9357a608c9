//! Which tables of the warehouse an entry reads, so that it can be joined to what builds them.
//!
//! Best effort: a query may be nested, joined, written in SQL, or be over another card. What cannot be found out is left out; a
//! table that is named wrongly would be worse.

use std::collections::BTreeSet;

use serde_json::Value;

use super::MetabaseError;
use super::call::Caller;
use super::classic::ClassicTable;
use super::wire_card::WireCard;
use crate::catalog::{Entry, TableEntry, WarehouseTable};

/// Most cards that one is followed through.
const MOST_CARDS: usize = 6;
/// Most tables that one entry is taken to read.
const MOST_TABLES: usize = 24;

/// What a query reads, as it is written.
#[derive(Debug, Default)]
struct ReadSources {
    tables: BTreeSet<u32>,
    cards: BTreeSet<u32>,
    named: BTreeSet<WarehouseTable>,
}

/// The tables that an entry reads, in order.
pub(super) async fn of(caller: &Caller, entry: &Entry) -> Result<Vec<WarehouseTable>, MetabaseError> {
    let first = match entry {
        Entry::Table(table) => return Ok(vec![of_table_entry(table)]),
        Entry::Card(card) => card.id.0,
        Entry::Metric(metric) => metric.id.0,
    };
    let mut sources = ReadSources {
        cards: BTreeSet::from([first]),
        ..ReadSources::default()
    };
    let mut read: BTreeSet<u32> = BTreeSet::new();
    while let Some(card) = sources.cards.pop_first() {
        if read.len() < MOST_CARDS && read.insert(card) {
            let card = WireCard::read(caller, card, true).await?;
            sources.add(&card.dataset_query);
        }
    }
    let mut found = std::mem::take(&mut sources.named);
    for id in sources.tables.iter().take(MOST_TABLES) {
        let table = ClassicTable::read(caller, *id, true).await?;
        found.insert(WarehouseTable {
            schema: table.schema.filter(|schema| !schema.is_empty()),
            name: table.name,
        });
    }
    Ok(found.into_iter().take(MOST_TABLES).collect())
}

/// Database and schema stand in the path of a table's entry; a database alone has no schema.
fn of_table_entry(table: &TableEntry) -> WarehouseTable {
    WarehouseTable {
        schema: table.collection.get(1).cloned(),
        name: table.name.clone(),
    }
}

impl ReadSources {
    /// Takes note of every table and card in a query, however deep.
    fn add(&mut self, query: &Value) {
        match query {
            Value::Object(fields) => {
                for (key, value) in fields {
                    match (key.as_str(), value) {
                        ("source-table", Value::String(text)) => {
                            self.cards
                                .extend(text.strip_prefix("card__").and_then(|id| id.parse::<u32>().ok()));
                        }
                        ("source-table", value) => self.tables.extend(number(value)),
                        ("source-card", value) => self.cards.extend(number(value)),
                        // MBQL 5 writes the text itself, MBQL 4 an object around it.
                        ("native" | "query", Value::String(sql)) => self.add_sql(sql),
                        (_, value) => self.add(value),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.add(item)),
            _ => {}
        }
    }

    fn add_sql(&mut self, sql: &str) {
        let (plain, cards) = without_tags(sql);
        self.cards.extend(cards);
        self.named.extend(tables_of_sql(&plain));
    }
}

fn number(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}

/// The text without `{{tags}}` and the brackets around optional parts, and the cards that tags name: `{{#12-orders}}`.
fn without_tags(sql: &str) -> (String, Vec<u32>) {
    let mut plain = String::new();
    let mut cards = Vec::new();
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once("{{") {
        plain.push_str(before);
        plain.push_str(" tag_of_metabase ");
        let (tag, after) = after.split_once("}}").unwrap_or((after, ""));
        if let Some(card) = tag.trim().strip_prefix('#') {
            let digits: String = card.trim().chars().take_while(char::is_ascii_digit).collect();
            cards.extend(digits.parse::<u32>());
        }
        rest = after;
    }
    plain.push_str(rest);
    (plain.replace("[[", " ").replace("]]", " "), cards)
}

/// The tables that stand behind `FROM` and `JOIN`, but for those that the query makes itself.
fn tables_of_sql(sql: &str) -> Vec<WarehouseTable> {
    let words = words(sql);
    let is = |at: usize, word: &str| {
        words
            .get(at)
            .is_some_and(|found| found.eq_ignore_ascii_case(word))
    };
    let mut made: BTreeSet<String> = BTreeSet::new();
    for at in 1..words.len() {
        if is(at, "as")
            && is(at + 1, "(")
            && let Some(name) = words.get(at - 1)
        {
            made.insert(bare(name).to_lowercase());
        }
    }
    let mut found = Vec::new();
    let mut at = 0;
    // `EXTRACT(year FROM x)` and `TRIM(BOTH FROM x)` read no table.
    let mut functions: Vec<bool> = Vec::new();
    while at < words.len() {
        if is(at, "(") {
            let before = at.checked_sub(1).and_then(|before| words.get(before));
            let name = before.map(|word| word.to_lowercase()).unwrap_or_default();
            functions.push(["extract", "trim", "substring", "overlay", "position"].contains(&name.as_str()));
        } else if is(at, ")") {
            functions.pop();
        }
        let begins = is(at, "join") || is(at, "from") && functions.last() != Some(&true);
        at += 1;
        if !begins {
            continue;
        }
        while let Some(word) = words.get(at) {
            if !is_name(word) || is(at, "select") || is(at, "lateral") || is(at + 1, "(") {
                break;
            }
            found.extend(table_of(word, &made));
            at += 1;
            // An alias, and then perhaps the next table of a list.
            if is(at, "as") {
                at += 1;
            }
            if words.get(at).is_some_and(|word| is_name(word)) && is(at + 1, ",") {
                at += 1;
            }
            if !is(at, ",") {
                break;
            }
            at += 1;
        }
    }
    found
}

fn table_of(word: &str, made: &BTreeSet<String>) -> Option<WarehouseTable> {
    let parts: Vec<String> = word
        .split('.')
        .map(bare)
        .filter(|part| !part.is_empty())
        .collect();
    let (name, before) = parts.split_last()?;
    let is_made = before.is_empty() && made.contains(&name.to_lowercase());
    (!is_made && name != "tag_of_metabase").then(|| WarehouseTable {
        schema: before.last().cloned(),
        name: name.clone(),
    })
}

/// A name without its quotes.
fn bare(name: &str) -> String {
    name.trim_matches(['"', '`', '[', ']']).to_owned()
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '"' | '`' | '['))
}

/// The words of a query: dotted names as one, with their quotes; brackets, commas and semicolons by themselves. Comments and texts are
/// left out.
fn words(sql: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut letters = sql.chars().peekable();
    let end = |word: &mut String, words: &mut Vec<String>| {
        if !word.is_empty() {
            words.push(std::mem::take(word));
        }
    };
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => {
                end(&mut word, &mut words);
                skip_to(&mut letters, "'");
                words.push("''".to_owned());
            }
            '-' if letters.peek() == Some(&'-') => {
                end(&mut word, &mut words);
                skip_to(&mut letters, "\n");
            }
            '/' if letters.peek() == Some(&'*') => {
                end(&mut word, &mut words);
                skip_to(&mut letters, "*/");
            }
            '"' | '`' => {
                word.push(letter);
                for inner in letters.by_ref() {
                    word.push(inner);
                    if inner == letter {
                        break;
                    }
                }
            }
            '(' | ')' | ',' | ';' => {
                end(&mut word, &mut words);
                words.push(letter.to_string());
            }
            c if c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | '[' | ']') => word.push(c),
            _ => end(&mut word, &mut words),
        }
    }
    end(&mut word, &mut words);
    words
}

fn skip_to(letters: &mut impl Iterator<Item = char>, end: &str) {
    let mut seen = String::new();
    for letter in letters {
        seen.push(letter);
        if seen.ends_with(end) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sql: &str) -> Vec<String> {
        let (plain, _) = without_tags(sql);
        tables_of_sql(&plain)
            .into_iter()
            .map(|table| match table.schema {
                Some(schema) => format!("{schema}.{}", table.name),
                None => table.name,
            })
            .collect()
    }

    #[test]
    fn tables_stand_behind_from_and_join() {
        assert_eq!(
            names("select * from orders o join \"Shop\".\"Order Items\" as i on i.id = o.id"),
            ["orders", "Shop.Order Items"]
        );
        assert_eq!(
            names("select 1 from a, b.c as x, d where e in (select f from g)"),
            ["a", "b.c", "d", "g"]
        );
        assert_eq!(
            names("select 'from nowhere' -- from there\n from `p.d.t` /* join no */"),
            ["d.t"]
        );
    }

    #[test]
    fn what_a_query_makes_itself_is_no_table() {
        let sql = "with paid as (select * from orders), big as (select * from paid) select * from big left join people on true";
        assert_eq!(names(sql), ["orders", "people"]);
        assert_eq!(
            names("select extract(year from created_at) from generate_series(1, 2), orders"),
            Vec::<String>::new()
        );
        assert_eq!(
            names("select extract(year from created_at) from orders"),
            ["orders"]
        );
    }

    #[test]
    fn tags_are_no_tables_and_may_be_cards() {
        let (plain, cards) = without_tags("select * from {{#12-orders}} t [[where status = {{status}}]]");
        assert_eq!((tables_of_sql(&plain), cards), (Vec::new(), vec![12]));
    }
}
