//! How long the demo takes until it serves, and until a client has read its cards and the values of its columns.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench may stop where it stands, and prints what it measured"
)]

use std::time::{Duration, Instant};

use cardinal_sandbox::World;
use cardinal_sandbox::query::RowLimits;
use serde_json::json;

/// Runs of which the fastest is printed.
const RUNS: usize = 5;

fn main() {
    // `cargo test --benches` runs this too, and needs no numbers.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    measure("the demo", || World::demo().unwrap());
    measure("the same, worked out from its rows", || {
        World::demo_from_rows().unwrap()
    });
}

fn measure(what: &str, make: impl Fn() -> World) {
    let mut best = [Duration::MAX; 4];
    for _ in 0..RUNS {
        let start = Instant::now();
        let world = make();
        let built = start.elapsed();
        for card in &world.model().cards {
            let _ = world.card_columns(card);
        }
        let described = start.elapsed();
        let fields = world.model().tables.iter().flat_map(|table| &table.fields);
        for field in fields {
            world.field_values(field.id, 30).unwrap();
        }
        let listed = start.elapsed();
        let count = json!({ "stages": [{ "native": "SELECT COUNT(*) FROM orders" }] });
        world.run(&count, RowLimits::USERLAND).unwrap();
        let rows = start.elapsed();
        for (best, time) in best.iter_mut().zip([built, described, listed, rows]) {
            *best = time.min(*best);
        }
    }
    println!("{what}, fastest of {RUNS}, milliseconds since the start");
    for (step, time) in ["made", "cards described", "values listed", "first rows"]
        .iter()
        .zip(best)
    {
        println!("{step:>20}: {:6.1}", time.as_secs_f64() * 1000.0);
    }
}
