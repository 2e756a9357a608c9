//! The day's ledger by itself: what is reserved counts, what is settled counts, and nobody overspends together.

use std::path::Path;
use std::time::Duration;

use cardinal::ledger::{Allowance, DayLedger, Reservation, Spend, SpendLimit, SpendingLeave};
use cardinal::principal::Principal;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

const LEASE: Duration = Duration::from_secs(240);

pub(super) fn book(dir: &Path, who: &str, allowance: Allowance) -> DayLedger {
    DayLedger::new(dir, &Principal(who.to_owned()), allowance, TimeZone::UTC, LEASE)
}

pub(super) fn tokens_a_day(most: u64) -> Allowance {
    Allowance {
        max_tokens: Some(most),
        ..Allowance::default()
    }
}

pub(super) fn tokens(tokens: u64) -> Spend {
    Spend {
        tokens,
        ..Spend::default()
    }
}

pub(super) fn noon() -> Timestamp {
    "2026-06-30T12:00:00Z".parse().unwrap()
}

pub(super) fn granted(leave: SpendingLeave) -> Reservation {
    match leave {
        SpendingLeave::Granted { hold, .. } => hold,
        SpendingLeave::Denied(short) => panic!("{short:?}"),
    }
}

#[test]
fn what_is_reserved_counts_until_it_is_settled() {
    let dir = tempfile::tempdir().unwrap();
    let book = book(dir.path(), "ana", tokens_a_day(1_000));
    let hold = granted(book.ask(None, &[tokens(700)], noon()).unwrap());
    let SpendingLeave::Denied(short) = book.ask(None, &[tokens(400)], noon()).unwrap() else {
        panic!("700 + 400 > 1000")
    };
    assert_eq!(short.limit, SpendLimit::Tokens);
    assert!(short.detail.contains("700 of 1000 tokens"), "{}", short.detail);
    assert!(short.detail.contains("2026-07-01 00:00 UTC"), "{}", short.detail);
    book.settle(&hold, tokens(100), noon()).unwrap();
    granted(book.ask(None, &[tokens(400)], noon()).unwrap());
    let standing = book.standing(noon()).unwrap();
    assert_eq!((standing.spent.tokens, standing.taken.tokens), (100, 500));
}

#[test]
fn the_first_of_several_wishes_that_fits_is_granted() {
    let dir = tempfile::tempdir().unwrap();
    let book = book(dir.path(), "ana", tokens_a_day(1_000));
    let SpendingLeave::Granted { choice, short, hold } =
        book.ask(None, &[tokens(2_000), tokens(600)], noon()).unwrap()
    else {
        panic!("600 fit")
    };
    assert_eq!(
        (choice, short.map(|short| short.limit)),
        (1, Some(SpendLimit::Tokens))
    );
    // What was held is given back in the same move.
    let before = Some((hold, tokens(200)));
    let leave = book.ask(before, &[tokens(800)], noon()).unwrap();
    assert!(
        matches!(
            leave,
            SpendingLeave::Granted {
                choice: 0,
                short: None,
                ..
            }
        ),
        "{leave:?}"
    );
}

#[test]
fn money_and_queries_are_counted_as_exactly() {
    let dir = tempfile::tempdir().unwrap();
    let allowance = Allowance {
        max_cost_usd: Some(Decimal::new(30, 2)),
        max_queries: Some(2),
        ..Allowance::default()
    };
    let book = book(dir.path(), "ana", allowance);
    let cents = |cents| Spend {
        cost_usd: Decimal::new(cents, 2),
        ..Spend::default()
    };
    for _ in 0..3 {
        granted(book.ask(None, &[cents(10)], noon()).unwrap());
    }
    let SpendingLeave::Denied(short) = book.ask(None, &[cents(1)], noon()).unwrap() else {
        panic!("0.30 + 0.01 > 0.30")
    };
    assert_eq!(short.limit, SpendLimit::Cost);
    for _ in 0..2 {
        granted(book.ask(None, &[Spend::queries(1)], noon()).unwrap());
    }
    let leave = book.ask(None, &[Spend::queries(1)], noon()).unwrap();
    assert!(matches!(leave, SpendingLeave::Denied(short) if short.limit == SpendLimit::Queries));
}

#[test]
fn the_reservation_of_a_process_that_died_is_spent_in_full() {
    let dir = tempfile::tempdir().unwrap();
    let dead = book(dir.path(), "ana", tokens_a_day(1_000));
    let left_behind = granted(dead.ask(None, &[tokens(700)], noon()).unwrap());
    drop(dead);
    let book = book(dir.path(), "ana", tokens_a_day(1_000));
    let later = noon() + LEASE + Duration::from_secs(1);
    granted(book.ask(None, &[tokens(300)], later).unwrap());
    assert_eq!(book.standing(later).unwrap().spent.tokens, 700);
    // Should it not have died but slept, its settling changes nothing any more.
    book.settle(&left_behind, tokens(5), later).unwrap();
    assert_eq!(book.standing(later).unwrap().taken.tokens, 1_000);
}

#[test]
fn the_next_day_begins_at_zero_and_what_was_begun_before_is_settled_there() {
    let dir = tempfile::tempdir().unwrap();
    let book = book(dir.path(), "ana", tokens_a_day(1_000));
    let hold = granted(book.ask(None, &[tokens(1_000)], noon()).unwrap());
    let tomorrow = noon() + Duration::from_secs(86_400);
    let next = granted(
        book.ask(Some((hold, tokens(900))), &[tokens(1_000)], tomorrow)
            .unwrap(),
    );
    assert_eq!(book.standing(noon()).unwrap().spent.tokens, 900);
    book.settle(&next, tokens(10), tomorrow).unwrap();
    assert_eq!(book.standing(tomorrow).unwrap().spent.tokens, 10);
}

#[test]
fn the_day_is_the_time_zones() {
    let dir = tempfile::tempdir().unwrap();
    let zone = TimeZone::fixed(jiff::tz::offset(-5));
    let book = DayLedger::new(
        dir.path(),
        &Principal("ana".to_owned()),
        tokens_a_day(1_000),
        zone,
        LEASE,
    );
    let standing = book.standing("2026-06-30T03:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(standing.day, jiff::civil::date(2026, 6, 29));
    assert_eq!(standing.until, "2026-06-30T05:00:00Z".parse().unwrap());
}

#[test]
fn principals_have_days_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let (ana, ben) = (
        book(dir.path(), "ana", tokens_a_day(1_000)),
        book(dir.path(), "ben", tokens_a_day(1_000)),
    );
    granted(ana.ask(None, &[tokens(1_000)], noon()).unwrap());
    granted(ben.ask(None, &[tokens(1_000)], noon()).unwrap());
    assert!(matches!(
        ana.ask(None, &[tokens(1)], noon()).unwrap(),
        SpendingLeave::Denied(_)
    ));
}

#[test]
fn many_at_once_never_overspend_together() {
    let dir = tempfile::tempdir().unwrap();
    let most = 100;
    let granted: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|_| {
                // Each opens the ledger for itself, as processes do.
                let book = book(dir.path(), "ana", tokens_a_day(most));
                scope.spawn(move || {
                    let leaves = (0..30).map(|_| book.ask(None, &[tokens(1)], noon()).unwrap());
                    leaves
                        .filter(|leave| matches!(leave, SpendingLeave::Granted { .. }))
                        .count()
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    assert_eq!(granted, 100);
    let book = book(dir.path(), "ana", tokens_a_day(most));
    assert_eq!(book.standing(noon()).unwrap().taken.tokens, most);
}
