use jiff::civil::Date;
use rusqlite::{Connection, params};

use super::calendar::{LAST, OrderCalendar, shift, stamp, stamps, time_of_day};
use super::names::{COUNTRIES, Country, SOURCES};
use super::random::{SeededRandom, money};

const COUNT: i64 = 2_500;
/// A plan, its weight, its monthly price and its price per seat in cents.
const PLANS: [(SubscriptionPlan, i64); 3] = [
    (
        SubscriptionPlan {
            name: "Basic",
            base: 1_900,
            seat: 400,
        },
        700,
    ),
    (
        SubscriptionPlan {
            name: "Business",
            base: 7_900,
            seat: 900,
        },
        240,
    ),
    (
        SubscriptionPlan {
            name: "Premium",
            base: 24_900,
            seat: 1_500,
        },
        60,
    ),
];
const TRIAL_DAYS: i64 = 14;

#[derive(Debug, Clone, Copy)]
struct SubscriptionPlan {
    name: &'static str,
    base: i64,
    seat: i64,
}

/// Accounts with a trial each; those that stay pay an invoice a month until they cancel.
pub(super) fn generate(connection: &Connection, calendar: &OrderCalendar) -> rusqlite::Result<()> {
    let chance = &mut SeededRandom::new(0x5eed_0005);
    let mut insert =
        connection.prepare("INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
    let countries: Vec<(&Country, i64)> = COUNTRIES.iter().map(|country| (country, country.share)).collect();
    let mut invoices: Vec<(String, i64, i64, &str, bool)> = Vec::new();
    let days = calendar.spread(COUNT, chance);
    for ((created_at, day), id) in stamps(&days, chance).into_iter().zip(&days).zip(1_i64..) {
        let (Some(country), Some(plan)) = (chance.weighted(&countries), chance.weighted(&PLANS)) else {
            continue;
        };
        let first = chance.one(country.first).copied().unwrap_or_default();
        let last = chance.one(country.last).copied().unwrap_or_default();
        let source = (!chance.permille(310))
            .then(|| chance.weighted(&SOURCES).copied())
            .flatten();
        let seats = 1 + chance.between(0, 9) * chance.between(0, 9) / 4;
        let trial_end = shift(*day, TRIAL_DAYS);
        let ended = trial_end <= LAST;
        let converted = ended && chance.permille(520);
        let canceled = if converted {
            paid(chance, trial_end, id, plan, seats, &mut invoices)
        } else {
            Some(trial_end)
        };
        let canceled = canceled
            .filter(|day| *day <= LAST)
            .map(|day| stamp(day, time_of_day(chance)));
        let active = canceled.is_none();
        let email = format!("account{id}@company.example");
        let trial_ends_at = stamp(trial_end, (12, 0, 0));
        insert.execute(params![
            id,
            email,
            first,
            last,
            plan.name,
            source,
            seats,
            country.code,
            created_at,
            trial_ends_at,
            converted,
            canceled,
            active && ended
        ])?;
    }
    invoices.sort();
    let mut insert = connection.prepare("INSERT INTO invoices VALUES (?, ?, ?, ?, ?, ?)")?;
    for ((received, account_id, cents, plan, expected), id) in invoices.into_iter().zip(1_i64..) {
        insert.execute(params![id, account_id, money(cents), expected, plan, received])?;
    }
    Ok(())
}

/// Writes the invoices of one account and tells when it canceled, if it did.
fn paid(
    chance: &mut SeededRandom,
    from: Date,
    account_id: i64,
    plan: &SubscriptionPlan,
    seats: i64,
    invoices: &mut Vec<(String, i64, i64, &str, bool)>,
) -> Option<Date> {
    let mut due = from;
    while due <= LAST {
        // One in a hundred pays something else than was invoiced.
        let expected = !chance.permille(10);
        let cents = plan.base + plan.seat * seats;
        let cents = if expected {
            cents
        } else {
            cents * chance.between(40, 140) / 100
        };
        invoices.push((stamp(due, (0, 0, 0)), account_id, cents, plan.name, expected));
        due = shift(due, 30);
        if chance.permille(60) {
            return Some(due);
        }
    }
    None
}
