use std::fmt::Debug;
use std::io;
use std::path::Path;

/// A second place for a tape beside its file. A line is there before what it records is used, so that another machine can go
/// on from it. Both calls may wait; they are made where that holds nobody up.
pub trait TapeCopy: Debug + Send + Sync {
    /// Writes whole lines at this place of the tape, in bytes from its beginning. What stood there or behind it goes; without
    /// bytes, that is all. An error means that the turn may not go on: the place is lost, or somebody else's.
    fn put(&self, at: u64, bytes: &[u8]) -> io::Result<()>;

    /// Keeps a file that many tapes share, unless it is kept already. `name` is its path from the folder they share.
    fn share(&self, name: &str, file: &Path) -> io::Result<()>;
}
