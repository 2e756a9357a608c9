//! The stub of Metabase: the sandbox over a table of order lines, with one card that gives 200 rows by 8 columns.

use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;

use cardinal::sandbox::{RunningSandbox, ServeOptions, World, serve as serve_sandbox};

const MODEL: &str = "\
version: 1
today: 2026-06-30
database: { name: Bench }
tables:
  lines: { description: Order lines. }
collections:
  - { path: Curated, curated: true }
cards:
  - name: Order lines from a number
    collection: Curated
    created: 2025-01-01
    description: Two hundred order lines, from a number on.
    sql: |
      SELECT id, customer, product, channel, quantity, price, amount, ordered_on FROM lines
      WHERE id > {{from}} ORDER BY id LIMIT 200
    parameters:
      - { name: from, type: number, display_name: From, default: 0, required: true }
";

/// Serves it.
pub(crate) async fn serve() -> Result<RunningSandbox, Box<dyn std::error::Error + Send + Sync>> {
    let folder = tempfile::tempdir()?;
    let mut rows = String::from("id,customer,product,channel,quantity,price,amount,ordered_on\n");
    for id in 1..=20_000_u32 {
        let (quantity, cents) = (id % 7 + 1, id * 37 % 9000 + 100);
        let amount = quantity * cents;
        writeln!(
            rows,
            "{id},Customer {},Product {},{},{quantity},{}.{:02},{}.{:02},2025-{:02}-{:02}",
            id % 500,
            id % 90,
            if id % 3 == 0 { "web" } else { "store" },
            cents / 100,
            cents % 100,
            amount / 100,
            amount % 100,
            id % 12 + 1,
            id % 28 + 1,
        )?;
    }
    fs::write(folder.path().join("lines.csv"), rows)?;
    let model_file = folder.path().join("model.yaml");
    fs::write(&model_file, MODEL)?;
    let world = World::from_csv(folder.path(), Some(&model_file))?;
    let running = serve_sandbox(ServeOptions::new(Arc::new(world))).await?;
    Ok(running)
}
