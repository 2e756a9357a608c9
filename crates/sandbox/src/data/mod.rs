//! The built-in business: an online shop (people, products, orders, reviews) and a subscription service (accounts,
//! invoices). Made by rules from one seed, with whole-number arithmetic, so that every process on every machine makes
//! the same rows.

mod accounts;
mod calendar;
mod chance;
mod names;
mod orders;
mod people;
mod products;
mod reviews;

use rusqlite::Connection;

use self::calendar::Calendar;

/// The demo's model file; the format is documented there.
pub(super) const MODEL: &str = include_str!("demo.yaml");

/// Hash of all rows, as the tests compute it of the built database: they hold it to what is made.
pub(super) const ROWS: &str = "99a03ae2e1a68570b84e0a3277a1218a594ecda95be708975847f7c7374069c9";

/// Fills an empty database.
pub(super) fn generate(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN")?;
    connection.execute_batch(include_str!("schema.sql"))?;
    let calendar = Calendar::new();
    let people = people::generate(connection, &calendar)?;
    let products = products::generate(connection)?;
    orders::generate(connection, &calendar, &people, &products)?;
    reviews::generate(connection, &people, &products)?;
    accounts::generate(connection, &calendar)?;
    connection.execute_batch("COMMIT")
}
