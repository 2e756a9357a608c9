//! The built-in business: an online shop (people, products, orders, reviews) and a subscription service (accounts,
//! invoices). Made by rules from one seed, with whole-number arithmetic, so that every process on every machine makes
//! the same rows.

mod accounts;
mod calendar;
mod names;
mod orders;
mod people;
mod products;
mod random;
mod reviews;

use rusqlite::Connection;

use self::calendar::OrderCalendar;

/// The demo's model file; the format is documented there.
pub(super) const MODEL: &str = include_str!("demo.yaml");

/// Its dashboards, as more lines of the same file.
pub(super) const DASHBOARDS: &str = include_str!("demo_dashboards.yaml");

/// Hash of all rows, as the tests compute it of the built database: they hold it to what is made.
pub(super) const ROWS: &str = "99a03ae2e1a68570b84e0a3277a1218a594ecda95be708975847f7c7374069c9";

/// Makes the tables, without rows.
pub(super) fn define(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(include_str!("schema.sql"))
}

/// What the rows say about columns and cards; see [`crate::facts`]. A test holds it to the rows.
pub(super) const FACTS: &str = include_str!("facts.json");

pub(super) fn generate(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN")?;
    let calendar = OrderCalendar::new();
    let people = people::generate(connection, &calendar)?;
    let products = products::generate(connection)?;
    orders::generate(connection, &calendar, &people, &products)?;
    reviews::generate(connection, &people, &products)?;
    accounts::generate(connection, &calendar)?;
    connection.execute_batch("COMMIT")
}
