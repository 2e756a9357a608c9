use rusqlite::ErrorCode;

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SessionStoreError {
    /// It cannot be opened or made.
    #[error(
        "failed to open the store {store}: {reason}; name another with `url` under [store], or CARDINAL_DATABASE_URL"
    )]
    Open {
        /// The store, without a password.
        store: String,
        reason: String,
    },
    /// A later version of the program wrote it.
    #[error(
        "the store {store} has version {found}, and this program knows versions up to {known}: use a newer program"
    )]
    Newer {
        /// The store, without a password.
        store: String,
        found: i64,
        /// The last one that is known here.
        known: i64,
    },
    /// Nobody can say where it should be.
    #[error(
        "this system names no folder for the store: name a file with `url` under [store], or CARDINAL_DATABASE_URL"
    )]
    NoFolder,
    /// The program was built without PostgreSQL.
    #[error(
        "this program was built without PostgreSQL: install it from its repository with \
         `cargo install --locked --path . --features full`, or name a file with `url = \"sqlite:PATH\"` under [store]"
    )]
    NoPostgres,
    #[error("the store failed: {0}")]
    Statement(String),
    /// The database cannot be reached now. It was tried for a while.
    #[error("the store cannot be reached: {0}")]
    Unreachable(String),
    /// The thread that writes has ended.
    #[error("the store is closed")]
    Closed,
}

#[derive(Debug, Clone, thiserror::Error)]
#[error("{reason}")]
pub(super) struct DatabaseError {
    pub(super) reason: String,
    /// Whether the same may work a moment later.
    pub(super) passing: bool,
}

impl DatabaseError {
    pub(super) fn lasting(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            passing: false,
        }
    }

    pub(super) fn passing(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            passing: true,
        }
    }
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        // Somebody holds the file, or it cannot be reached: what was asked is not at fault.
        let passing = matches!(
            error.sqlite_error_code(),
            Some(
                ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::CannotOpen
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::ReadOnly
                    | ErrorCode::DiskFull
            )
        );
        Self {
            reason: error.to_string(),
            passing,
        }
    }
}

impl From<rusqlite::Error> for SessionStoreError {
    fn from(error: rusqlite::Error) -> Self {
        DatabaseError::from(error).into()
    }
}

impl From<DatabaseError> for SessionStoreError {
    fn from(error: DatabaseError) -> Self {
        if error.passing {
            Self::Unreachable(error.reason)
        } else {
            Self::Statement(error.reason)
        }
    }
}
