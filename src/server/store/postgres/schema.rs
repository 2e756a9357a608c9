//! The tables, and how those of an earlier version become those of this version.

use super::PostgresDatabase;
use crate::server::store::error::{DatabaseError, SessionStoreError};
use crate::server::store::transaction::{StoreTransaction, values};

/// One script for each version, first version first. A script that was released is never changed.
const MIGRATIONS: [&str; 5] = [
    include_str!("../migrations/postgres/001.sql"),
    include_str!("../migrations/postgres/002.sql"),
    include_str!("../migrations/postgres/003.sql"),
    include_str!("../migrations/postgres/004.sql"),
    include_str!("../migrations/postgres/005.sql"),
];

/// Names the lock that one process at a time migrates under: "cardinal" in bytes.
const LOCK: i64 = 0x6361_7264_696e_616c;

/// Brings the tables to the version of this program.
pub(super) async fn migrate(database: &PostgresDatabase) -> Result<(), SessionStoreError> {
    let found = database.write(steps, super::super::PATIENCE).await;
    let found = found.map_err(|error| match error {
        SessionStoreError::Unreachable(reason) | SessionStoreError::Statement(reason) => {
            SessionStoreError::Open {
                store: database.name().to_owned(),
                reason,
            }
        }
        other => other,
    })?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(SessionStoreError::Newer {
            store: database.name().to_owned(),
            found,
            known,
        });
    }
    Ok(())
}

/// Runs what is missing. Returns the version that was found.
fn steps(db: &StoreTransaction<'_>) -> Result<i64, DatabaseError> {
    let StoreTransaction::Postgres(transaction) = db else {
        return Ok(0);
    };
    transaction.script(&format!(
        "SELECT pg_advisory_xact_lock({LOCK}); CREATE TABLE IF NOT EXISTS cardinal_store (version BIGINT NOT NULL)"
    ))?;
    let found = db.first("SELECT version FROM cardinal_store", values![], |row| row.get(0))?;
    let done = usize::try_from(found.unwrap_or(0)).unwrap_or(usize::MAX);
    for script in MIGRATIONS.iter().skip(done) {
        transaction.script(script)?;
    }
    if done < MIGRATIONS.len() {
        let version = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
        db.execute("DELETE FROM cardinal_store", values![])?;
        db.execute(
            "INSERT INTO cardinal_store (version) VALUES (?1)",
            values![version],
        )?;
    }
    Ok(found.unwrap_or(0))
}
