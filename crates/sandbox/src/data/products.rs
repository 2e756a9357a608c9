use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::calendar::{stamp, time_of_day};
use super::names::{ADJECTIVES, CATEGORIES, Category, MATERIALS, VENDORS};
use super::random::{SeededRandom, money};

const COUNT: i64 = 200;

/// What other tables need to know of a product.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) id: i64,
    /// Price in cents.
    pub(super) price: i64,
    /// How often it is bought, compared with others.
    pub(super) weight: i64,
    /// How good it is, in tenths of a star.
    pub(super) quality: i64,
}

pub(super) fn generate(connection: &Connection) -> rusqlite::Result<Vec<Product>> {
    let chance = &mut SeededRandom::new(0x5eed_0002);
    let mut insert = connection.prepare("INSERT INTO products VALUES (?, ?, ?, ?, ?, ?, NULL, ?)")?;
    let categories: Vec<(&Category, i64)> = CATEGORIES
        .iter()
        .map(|category| (category, category.share))
        .collect();
    let mut titles = BTreeSet::new();
    let mut products = Vec::new();
    let mut id = 0;
    while id < COUNT {
        let Some(category) = chance.weighted(&categories) else {
            continue;
        };
        let title = [
            chance.one(&ADJECTIVES),
            chance.one(&MATERIALS),
            chance.one(category.nouns),
        ];
        let title = title.into_iter().flatten().copied().collect::<Vec<_>>().join(" ");
        if !titles.insert(title.clone()) {
            continue;
        }
        id += 1;
        // Few products are dear, and prices end in 9.
        let spread = chance.between(0, 1000) * chance.between(0, 1000) / 1000;
        let price = (category.low + (category.high - category.low) * spread / 1000) / 10 * 10 + 9;
        let vendor = chance.one(&VENDORS).copied().unwrap_or_default();
        let year = 2019 + chance.between(0, 2);
        let day = jiff::civil::date(2019, 1, 1)
            .with()
            .year(i16::try_from(year).unwrap_or(2019))
            .build();
        let day = day.unwrap_or(jiff::civil::date(2019, 1, 1));
        let day = super::calendar::shift(day, chance.between(0, 360));
        let created_at = stamp(day, time_of_day(chance));
        insert.execute(params![
            id,
            ean(chance),
            title,
            category.name,
            vendor,
            money(price),
            created_at
        ])?;
        // A few sell most: the one of rank r about 1/(r+6) as often as the first.
        let weight = 1_000_000 / (chance.between(1, COUNT) + 6);
        products.push(Product {
            id,
            price,
            weight,
            quality: 34 + chance.between(0, 13),
        });
    }
    Ok(products)
}

/// Thirteen digits, the last of which checks the others.
fn ean(chance: &mut SeededRandom) -> String {
    let digits: Vec<i64> = (0..12).map(|_| chance.between(0, 9)).collect();
    let sum: i64 = digits
        .iter()
        .zip([1, 3].into_iter().cycle())
        .map(|(digit, factor)| digit * factor)
        .sum();
    let check = (10 - sum % 10) % 10;
    digits.iter().chain([&check]).map(i64::to_string).collect()
}
