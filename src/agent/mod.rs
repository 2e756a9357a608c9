//! The loop that answers a question.
//!
//! The idea: a functional core in an async shell. `step` is a pure state machine that reads no clock and makes no call.
//! Given where a turn stands (`state`) and what just happened, it says where the turn stands next and the one thing to do
//! (`protocol`). The `driver` does it, watches the clock and the person's wish to stop, and tells whoever watches. A turn
//! always ends in exactly one [`Outcome`], for exactly one [`StopReason`].
//!
//! Beside the core stand the limits: `budget` and `day_budget` (what may be spent), `guard` (loops that go nowhere, which
//! it sees by `guard_fingerprint` alone), and `trace` (figures without a source). `finish` is the one way out, and
//! `final_outcome` decides there what the turn came to.
//!
//! ```text
//! let answer = agent.run_turn(&mut conversation, "revenue in May?", options, &mut |event| show(event)).await?;
//! assert_eq!(answer.outcome, Outcome::Answered);
//! ```
//!
//! Start with `protocol.rs`, then read `step.rs`.

mod answer;
mod answer_form;
mod answer_references;
mod budget;
mod calculated_sources;
mod call_ends;
mod calls;
mod cite;
mod clock;
mod day_budget;
mod dbt_settings;
mod driver;
mod event;
mod evidence;
mod evidence_health;
mod failure_words;
mod fallback;
mod figure_sources;
mod final_outcome;
mod finish;
mod guard;
mod guard_fingerprint;
mod guard_notes;
mod log;
mod outcome;
mod partial;
mod protocol;
mod settings;
mod spans;
mod state;
mod step;
mod trace;
mod turn;

pub use answer::{
    ANSWER_VERSION, Answer, CallRecord, CallStatus, CatalogReport, Evidence, PromptReport, Timings,
    UsageReport,
};
pub use answer_form::answer_schema;
pub use cite::{CellSource, Citation, CitedFigure, CitedResult};
pub(crate) use clock::TimeoutMarks;
pub use day_budget::Denial;
pub use dbt_settings::DbtTurnSettings;
pub use event::Event;
pub use evidence::EvidenceRows;
pub use evidence_health::EvidenceHealth;
pub use outcome::{Outcome, StopReason};
pub use settings::{
    BudgetSettings, GroundingSettings, GuardSettings, OnUnmatched, ReferenceMode, TurnSettings,
};
pub use turn::{Agent, AgentParts, TurnOptions};
