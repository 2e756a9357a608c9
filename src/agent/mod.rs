//! The loop: a pure state machine (`step`), the driver that performs its effects, and what comes out.

mod answer;
mod event;
mod outcome;

pub use answer::{
    ANSWER_VERSION, Answer, CallRecord, CallStatus, CatalogReport, Evidence, PromptReport, Timings,
    UsageReport,
};
pub use event::Event;
pub use outcome::{Outcome, StopReason};
