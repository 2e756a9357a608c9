use std::path::PathBuf;
use std::time::Duration;

/// Where turns are recorded, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TapeSettings {
    /// The folder; `None` records nothing.
    pub dir: Option<PathBuf>,
    /// Most tapes kept in it.
    pub max_files: usize,
    /// How long one is kept.
    pub max_age: Duration,
    /// Who or what answers as the model, for the tapes' headers; `None`: the model itself.
    pub answered_by: Option<String>,
}
