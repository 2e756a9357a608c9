use jiff::civil::Date;
use rusqlite::{Connection, params};

use super::calendar::{OrderCalendar, shift, stamps};
use super::names::{COUNTRIES, Country, SOURCES};
use super::random::SeededRandom;

const COUNT: i64 = 2_500;

/// What other tables need to know of a customer. In order of id, which is the order of sign-up.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) id: i64,
    pub(super) name: String,
    /// Sales tax in percent.
    pub(super) tax: i64,
    pub(super) created_at: String,
}

pub(super) fn generate(connection: &Connection, calendar: &OrderCalendar) -> rusqlite::Result<Vec<Person>> {
    let chance = &mut SeededRandom::new(0x5eed_0001);
    let mut insert = connection.prepare("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
    let countries: Vec<(&Country, i64)> = COUNTRIES.iter().map(|country| (country, country.share)).collect();
    // The shop had customers before the first order that is kept.
    let days: Vec<Date> = calendar
        .spread(COUNT, chance)
        .into_iter()
        .map(|day| shift(day, -21))
        .collect();
    let mut people = Vec::with_capacity(days.len());
    for (created_at, id) in stamps(&days, chance).into_iter().zip(1_i64..) {
        let Some(country) = chance.weighted(&countries) else {
            continue;
        };
        let first = chance.one(country.first).copied().unwrap_or_default();
        let last = chance.one(country.last).copied().unwrap_or_default();
        let name = format!("{first} {last}");
        let (city, state) = chance.one(country.cities).copied().unwrap_or_default();
        let source = chance.weighted(&SOURCES).copied().unwrap_or_default();
        let birth_date = (!chance.permille(80)).then(|| birth_date(chance));
        let email = format!("customer{id}@mail.example");
        insert.execute(params![
            id,
            name,
            email,
            city,
            state,
            country.code,
            source,
            birth_date,
            created_at
        ])?;
        people.push(Person {
            id,
            name,
            tax: country.tax,
            created_at,
        });
    }
    Ok(people)
}

/// Between 18 and 80 years old, most around forty.
fn birth_date(chance: &mut SeededRandom) -> String {
    let year = 1946 + chance.between(0, 31) + chance.between(0, 31);
    format!("{year}-{:02}-{:02}", chance.between(1, 12), chance.between(1, 28))
}
