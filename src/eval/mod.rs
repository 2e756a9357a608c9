//! Evals: how good answers are, measured on suites of cases.
//!
//! A [`Suite`] is a folder of YAML with cases; a [`Case`] has questions and what has to come of them. [`run()`] asks them
//! live, [`recordings`] keeps the tapes of such a run, [`replay`] runs from tapes without a key. Each trial becomes a
//! [`TrialRecord`] with a verdict. Graders ([`grade()`]) are pure functions over what `ask --json` prints, so that stored
//! records can be graded again without asking anything. A [`RunSummary`] says what a run came to, a [`Baseline`] what it
//! is compared with, [`report`] writes both for people and for CI.
//!
//! ```text
//! suite.yaml -> engine (ask | record | serve recorded results) -> grade -> record -> summary -> reports
//! ```
//!
//! Start at `engine.rs` for how a case is asked and at `grade/mod.rs` for how an answer is judged.

mod baseline;
mod case;
mod compare;
mod dataset;
mod engine;
mod filter;
mod finished;
mod gold;
pub mod grade;
pub mod import;
mod judge;
pub mod opinion;
mod pattern;
mod record;
pub mod recordings;
pub mod replay;
pub mod report;
mod results;
mod run;
mod schema;
pub mod stats;
mod suite;
mod summary;
mod trial;

pub use baseline::{Baseline, BaselineCase, BaselineError, Comparability};
pub use case::{
    Budget, Case, EntryRef, EvidenceRules, Expect, ExpectedFilter, ExpectedGroup, ExpectedQuery, GuardRules,
    TextRules, ToolArguments, ToolRules,
};
pub use compare::{CompareOptions, ComparedKey, EffectSize, KeyDifference, RunComparison, compare};
pub use dataset::DatasetError;
pub use filter::CaseFilter;
pub use gold::{
    ExtraColumns, FigureUnit, Gold, GoldPlace, GoldScalar, GoldSet, GoldTable, GoldTop, Locale, TopItem,
};
pub use grade::{GRADER_VERSION, grade};
pub use judge::{judge, keys, regrade};
pub use pattern::Pattern;
pub use record::{CaseKey, Mode, RecordingSource, TrialKeys, TrialRecord, TrialUsage, Verdict};
pub use results::{ResultsError, read_records, sort};
pub(crate) use results::{ResultsFolder, read_confirmation};
pub use run::{RunError, RunOptions, planned, run};
pub use schema::{case_schema, suite_schema};
pub use suite::{CuratedContent, Dataset, DatasetKind, Defaults, Suite, SuiteError, TableSelection};
pub use summary::{
    CaseRun, Efficiency, JudgeAgreement, Latency, PassPow, PassRate, RunExit, RunOverview, RunSummary,
    StatisticalPower, TracedFigures, TrialCounts, group,
};
pub use trial::{Grade, Trial};
