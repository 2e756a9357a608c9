//! A small business with everything that queries go wrong over: empty values, quotes and jokers in texts, two keys into
//! one table, days at the edges of weeks and years, moments with fractions of a second, and more rows than any page.

use std::sync::Arc;

use cardinal::sandbox::World;
use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;

use super::reference_sql::ReferenceSql;

/// More rows than the most that newer servers give.
const SALES: u32 = 2_150;
const CUSTOMERS: u32 = 37;
const SHOPS: u32 = 4;

const SCHEMA: &str = "
CREATE TABLE shops (id INTEGER PRIMARY KEY, city TEXT, opened DATE);
CREATE TABLE customers (
  id INTEGER PRIMARY KEY, state TEXT, born DATE, active BOOLEAN, score REAL, joined TIMESTAMP
);
CREATE TABLE sales (
  id INTEGER PRIMARY KEY,
  buyer_id INTEGER REFERENCES customers (id),
  payer_id INTEGER REFERENCES customers (id),
  shop_id INTEGER REFERENCES shops (id),
  status TEXT, note TEXT, amount REAL, pieces INTEGER, gift BOOLEAN, day DATE, sold_at TIMESTAMP, opens TIME
);";

const MODEL: &str = r#"
version: 1
today: 2025-01-02
collections:
  - { path: Curated, curated: true }
segments:
  - { name: Paid, table: sales, filters: [["=", status, paid]] }
  - { name: Big or noted, table: sales, filters: [[or, [">=", amount, 60], [contains, note, a]]] }
measures:
  - { name: Net, table: sales, aggregation: [sum, amount] }
  - { name: Paid amount, table: sales, aggregation: [sum-where, amount, ["=", status, paid]] }
  - { name: Share of gifts, table: sales, aggregation: [share, ["=", gift, true]] }
cards:
  - name: Turnover
    type: metric
    collection: Curated
    query:
      table: sales
      filters: [["=", status, paid]]
      aggregations: [[sum, amount]]
      breakouts: [{ field: sold_at, unit: month }]
  - name: Sales
    type: metric
    collection: Curated
    query: { table: sales, aggregations: [[count]] }
  - name: Buyers
    type: metric
    collection: Curated
    query:
      table: sales
      filters: [["!=", status, refunded], [">", pieces, 1]]
      aggregations: [[distinct, buyer_id]]
      breakouts: [{ field: day, unit: week }]
  - name: Mean amount
    type: metric
    collection: Curated
    query: { table: sales, filters: [[segment, Paid]], aggregations: [[avg, amount]] }
  - name: Gift share
    type: metric
    collection: Curated
    query: { table: sales, aggregations: [[share, ["=", gift, true]]] }
  - name: Recent sales
    type: metric
    collection: Curated
    query:
      table: sales
      filters: [[time-interval, sold_at, -6, month]]
      aggregations: [[count]]
      breakouts: [{ field: sold_at, unit: day }]
  - name: Largest by state
    type: metric
    collection: Curated
    query:
      table: sales
      aggregations: [[max, amount]]
      breakouts: [shop.city]
  - name: Paid sales
    type: model
    collection: Curated
    query: { table: sales, filters: [["=", status, paid]] }
  - name: Turnover of the model
    type: metric
    collection: Curated
    query: { card: Paid sales, aggregations: [[sum, amount]] }
"#;

/// The metric that reads a model: it has the model's columns, and what keys of theirs lead to only in some generations.
pub(super) const OF_MODEL: &str = "Turnover of the model";

/// The rows in a file, and the world that is served over it.
pub(super) struct Shop {
    pub(super) world: Arc<World>,
    connection: std::sync::Mutex<Connection>,
    _folder: TempDir,
}

impl Shop {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (data, model) = (folder.path().join("shop.db"), folder.path().join("shop.yaml"));
        let connection = Connection::open(&data).unwrap();
        fill(&connection);
        std::fs::write(&model, MODEL).unwrap();
        let world = World::from_sqlite(&data, Some(&model)).unwrap();
        Self {
            world: Arc::new(world),
            connection: std::sync::Mutex::new(connection),
            _folder: folder,
        }
    }

    /// What plain SQL says.
    pub(super) fn rows(&self, sql: &ReferenceSql) -> rusqlite::Result<Vec<Vec<Value>>> {
        let connection = self.connection.lock().unwrap();
        let mut statement = connection.prepare(&sql.text)?;
        let width = statement.column_count();
        let rows = statement.query_map(rusqlite::params_from_iter(&sql.values), |row| {
            (0..width).map(|at| row.get::<_, Value>(at)).collect()
        })?;
        rows.collect()
    }
}

/// Numbers that look random and are the same every time.
struct Draws(u64);

impl Draws {
    fn below(&mut self, most: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(most)).unwrap()
    }

    /// One of these; nothing once in a while.
    fn of<'v>(&mut self, values: &[&'v str]) -> Option<&'v str> {
        match self.below(9) {
            0 => None,
            _ => values
                .get(self.below(u32::try_from(values.len()).unwrap()) as usize)
                .copied(),
        }
    }
}

pub(super) const STATES: [&str; 7] = ["TX", "tx", "NY", "", "Baden-Württemberg", "O'Neil", "50%"];
pub(super) const STATUSES: [&str; 5] = ["paid", "Paid", "refunded", "open", ""];
pub(super) const NOTES: [&str; 8] = [
    "a_b",
    "a%b",
    "AxB",
    "back\\slash",
    "",
    "Ganz schön",
    "[x]*?",
    "say \"no\"",
];
pub(super) const CITIES: [&str; 4] = ["Berlin", "Köln", "New York", "new york"];
pub(super) const DAYS: [&str; 9] = [
    "2023-12-31",
    "2024-01-01",
    "2024-02-29",
    "2024-06-30",
    "2024-07-01",
    "2024-12-28",
    "2024-12-29",
    "2024-12-30",
    "2025-01-01",
];
pub(super) const TIMES: [&str; 6] = [
    "00:00:00",
    "23:59:59",
    "10:20:30",
    "10:20:30.250",
    "12:00:00",
    "09:05:00",
];

fn fill(connection: &Connection) {
    connection.execute_batch(SCHEMA).unwrap();
    connection.execute_batch("BEGIN").unwrap();
    let mut draws = Draws(7);
    for id in 1..=SHOPS {
        let city = CITIES[id as usize - 1];
        let row = rusqlite::params![id, city, draws.of(&DAYS)];
        connection
            .execute("INSERT INTO shops VALUES (?, ?, ?)", row)
            .unwrap();
    }
    for id in 1..=CUSTOMERS {
        let joined = moment(&mut draws);
        let active = draws.of(&["1", "0"]).map(|flag| flag == "1");
        let score = (draws.below(5) > 0).then(|| f64::from(draws.below(40)) / 8.0);
        let row = rusqlite::params![id, draws.of(&STATES), draws.of(&DAYS), active, score, joined];
        connection
            .execute("INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?)", row)
            .unwrap();
    }
    for id in 1..=SALES {
        let mut person = || (draws.below(10) > 0).then(|| draws.below(CUSTOMERS) + 1);
        let (buyer, payer) = (person(), person());
        let shop = (draws.below(10) > 0).then(|| draws.below(SHOPS) + 1);
        // Eighths add up to the same sum in any order.
        let amount = (draws.below(12) > 0).then(|| (f64::from(draws.below(1_000)) - 100.0) / 8.0);
        let pieces = (draws.below(12) > 0).then(|| draws.below(6));
        let gift = draws.of(&["1", "0"]).map(|flag| flag == "1");
        let (status, note, day) = (draws.of(&STATUSES), draws.of(&NOTES), draws.of(&DAYS));
        let sold_at = moment(&mut draws);
        let opens = draws.of(&["08:00:00", "09:30:00", "10:20:30", "00:00:00"]);
        let row = rusqlite::params![
            id, buyer, payer, shop, status, note, amount, pieces, gift, day, sold_at, opens
        ];
        connection
            .execute(
                "INSERT INTO sales VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            .unwrap();
    }
    connection.execute_batch("COMMIT").unwrap();
}

fn moment(draws: &mut Draws) -> Option<String> {
    let day = draws.of(&DAYS)?;
    Some(format!("{day} {}", draws.of(&TIMES)?))
}
