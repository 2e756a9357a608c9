use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One run of a case: what graders read, and all they read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    pub case_id: String,
    /// Counted from 1.
    pub trial: u32,
    /// The answer of each turn, as `ask --json` prints it.
    pub answers: Vec<Value>,
}

/// What one grader says of one trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grade {
    /// The grader, with a number where a case has several expectations of the kind: `scalar`, `scalar 2`.
    pub grader: String,
    /// Whether what was expected was found.
    pub passed: bool,
    /// What was expected and what was found.
    pub reason: String,
}
