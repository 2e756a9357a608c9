//! The loop: a pure state machine (`step`) that reads no clock and makes no call, the driver that performs its
//! effects, and what comes out. A turn always ends in exactly one [`Outcome`], for exactly one [`StopReason`].

mod answer;
mod budget;
mod calls;
mod cite;
mod clock;
mod driver;
mod event;
mod evidence;
mod fallback;
mod final_outcome;
mod finish;
mod founded;
mod guard;
mod log;
mod materials;
mod notes;
mod outcome;
mod partial;
mod purse;
mod settings;
mod signs;
mod state;
mod step;
mod trace;
mod turn;

pub use answer::{
    ANSWER_VERSION, Answer, CallRecord, CallStatus, CatalogReport, Evidence, PromptReport, Timings,
    UsageReport,
};
pub use cite::{Citation, CitedFigure, CitedResult};
pub(crate) use clock::Late;
pub use event::Event;
pub use outcome::{Outcome, StopReason};
pub use purse::Denial;
pub use settings::{BudgetSettings, GroundingSettings, GuardSettings, OnUnmatched, TurnSettings};
pub use turn::{Agent, AgentParts, TurnOptions};
