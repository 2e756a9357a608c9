use tokio_postgres::error::SqlState;

use crate::server::store::error::DatabaseError;

/// Whether the same may work a moment later: the database was away, or two jobs were in each other's way.
fn is_passing(error: &tokio_postgres::Error) -> bool {
    let Some(code) = error.code() else {
        // The connection failed, not the statement; or a value was of the wrong kind, which no second try changes.
        let text = error.to_string();
        return error.is_closed() || !text.contains("serializ") && !text.contains("convert");
    };
    let passing = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::QUERY_CANCELED,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::READ_ONLY_SQL_TRANSACTION,
        // Another process was first: said again, the job finds what that one wrote.
        SqlState::UNIQUE_VIOLATION,
    ];
    passing.contains(code) || code.code().starts_with("08")
}

/// What the database said, in words.
pub(super) fn told(error: &tokio_postgres::Error) -> DatabaseError {
    DatabaseError {
        reason: super::causes(error),
        passing: is_passing(error),
    }
}
