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

impl Default for TapeSettings {
    fn default() -> Self {
        Self {
            dir: None,
            max_files: 1000,
            max_age: Duration::from_secs(30 * 24 * 60 * 60),
            answered_by: None,
        }
    }
}
