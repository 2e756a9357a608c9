use std::time::Duration;

/// What a model sees of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ShapingSettings {
    pub max_rows: usize,
    /// Most bytes of the whole tool result.
    pub max_bytes: usize,
}

/// Bytes decide. A model reads rows to choose among them, and copies none into its answer, which points at them. A year of
/// days takes 7 KB, and 373 rows of eight columns fit into 30 KB: with fewer, such a result costs another call to be read to
/// its end. The limit on rows keeps very narrow results short.
impl Default for ShapingSettings {
    fn default() -> Self {
        Self {
            max_rows: 1_000,
            max_bytes: 30_000,
        }
    }
}

/// How much of a conversation is sent to a model with each question, and how its results are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ConversationSettings {
    /// When what was said has more bytes than this, old results lose their rows, at the beginning of a turn.
    pub max_bytes: u64,
    /// Most memory for the rows of results, in bytes; the oldest go to disk beyond it.
    pub held_memory_bytes: u64,
    /// Most of the rows on disk, in bytes of memory they would take; the oldest go for good beyond it.
    pub held_disk_bytes: u64,
    /// How long the rows of a result are held.
    pub held_for: Duration,
}

impl Default for ConversationSettings {
    fn default() -> Self {
        Self {
            max_bytes: 150_000,
            held_memory_bytes: 64 * 1024 * 1024,
            held_disk_bytes: 1024 * 1024 * 1024,
            held_for: Duration::from_secs(12 * 60 * 60),
        }
    }
}
