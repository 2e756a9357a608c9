use std::path::PathBuf;

/// Why the call log cannot be written or read. Nothing is sent then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallLogError {
    /// The file system said no.
    #[error(
        "failed to {action} the call log {}: {reason}; see that it can be written and has room, or set call_log.dir",
        path.display()
    )]
    Io {
        action: &'static str,
        path: PathBuf,
        reason: String,
    },
    /// Its last record is not what a writer wrote.
    #[error(
        "the call log {} is damaged ({reason}); `cardinal log verify` says where. Keep the folder as it is and set \
         call_log.dir to another one to go on",
        path.display()
    )]
    Damaged {
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// It was written by another version of the program.
    #[error(
        "the call log {} has format version {found}, this program knows {known}; set call_log.dir to another folder",
        path.display()
    )]
    Version { path: PathBuf, found: u64, known: u64 },
    /// Another process holds it and does not let go.
    #[error("the call log {} is held by another process and has been for {seconds} seconds", path.display())]
    Busy { path: PathBuf, seconds: u64 },
    /// The thread that writes is gone.
    #[error("the call log is not written any more, because its thread ended")]
    Ended,
}
