use std::path::PathBuf;

/// Where the call log is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallLogSettings {
    /// The folder of its segments. Processes that share it write one chain.
    pub dir: PathBuf,
    /// Most bytes of one segment.
    pub segment_bytes: u64,
    /// A file, best on another machine, that heads of the chain are appended to.
    pub anchor_file: Option<PathBuf>,
    /// How many records lie between two anchors.
    pub anchor_every: u64,
}

impl CallLogSettings {
    /// The usual sizes, in this folder.
    pub fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            segment_bytes: 16 * 1024 * 1024,
            anchor_file: None,
            anchor_every: 100,
        }
    }
}
