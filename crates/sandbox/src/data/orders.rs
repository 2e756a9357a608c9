use rusqlite::{Connection, params};

use super::calendar::{LAST, OrderCalendar, shift, stamps};
use super::people::Person;
use super::products::Product;
use super::random::{SeededRandom, WeightedSampler, money};

const COUNT: i64 = 20_000;
const CHANNELS: [(&str, i64); 3] = [("Web", 56), ("Mobile app", 31), ("Marketplace", 13)];

/// One product per order. A few customers and a few products make most of the business.
pub(super) fn generate(
    connection: &Connection,
    calendar: &OrderCalendar,
    people: &[Person],
    products: &[Product],
) -> rusqlite::Result<()> {
    let chance = &mut SeededRandom::new(0x5eed_0003);
    let mut insert = connection.prepare("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
    let buyers = WeightedSampler::new(people.iter().map(|_| 1_000_000 / (chance.between(1, 1000) + 20)));
    let shelf = WeightedSampler::new(products.iter().map(|product| product.weight));
    let unsettled = shift(LAST, -4).to_string();
    let days = calendar.spread(COUNT, chance);
    for (created_at, id) in stamps(&days, chance).into_iter().zip(1_i64..) {
        let known = people.partition_point(|person| person.created_at <= created_at);
        let person = people.get(buyers.draw(chance, known));
        let product = products.get(shelf.draw(chance, products.len()));
        let (Some(person), Some(product)) = (person, product) else {
            continue;
        };
        let quantity = *chance
            .weighted(&[(1, 62), (2, 22), (3, 9), (4, 4), (6, 2), (12, 1)])
            .unwrap_or(&1);
        let subtotal = product.price * quantity;
        let percent = chance
            .weighted(&[(0, 900), (10, 55), (15, 30), (25, 15)])
            .copied()
            .unwrap_or(0);
        let discount = subtotal * percent / 100;
        let tax = ((subtotal - discount) * person.tax + 50) / 100;
        let total = subtotal - discount + tax;
        let settled = [("completed", 910), ("refunded", 55), ("cancelled", 35)];
        let status = if created_at >= unsettled && chance.permille(600) {
            "pending"
        } else {
            chance.weighted(&settled).copied().unwrap_or("completed")
        };
        let channel = chance.weighted(&CHANNELS).copied().unwrap_or("Web");
        let discount = (discount > 0).then(|| money(discount));
        insert.execute(params![
            id,
            person.id,
            product.id,
            quantity,
            money(subtotal),
            discount,
            money(tax),
            money(total),
            status,
            channel,
            created_at
        ])?;
    }
    Ok(())
}
