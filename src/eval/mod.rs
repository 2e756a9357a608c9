//! Evals: cases in files, graders that judge stored answers, and what is said about both. Graders are pure functions
//! of a case and the answers of a trial, so that stored runs can be graded again without asking anything.

mod baseline;
mod case;
mod compare;
mod ended;
mod filter;
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
mod stage;
pub mod stats;
mod suite;
mod summary;
mod trial;

pub use baseline::{BASELINE_VERSION, Baseline, BaselineCase, BaselineError, Comparability};
pub use case::{
    Budget, Case, EntryRef, EvidenceRules, Expect, FilterSpec, GroupSpec, GuardRules, QuerySpec, TextRules,
    ToolArguments, ToolRules,
};
pub use compare::{CompareOptions, Comparison, Difference, Effect, Key, compare};
pub use filter::Filter;
pub use gold::{Columns, Gold, GoldScalar, GoldSet, GoldTable, GoldTop, Locale, Place, TopItem, Turn, Unit};
pub use grade::{GRADER_VERSION, grade};
pub use judge::{judge, keys, regrade};
pub use pattern::Pattern;
pub use record::{CaseKey, Keys, Mode, RECORD_VERSION, Spent, TapedFrom, TrialRecord, Verdict};
pub use results::{
    CONFIRMATION_FILE, RESULTS_FILE, ResultsError, ResultsFolder, SUMMARY_FILE, read_confirmation,
    read_records, sort,
};
pub use run::{RunError, RunOptions, planned, run};
pub use schema::{case_schema, suite_schema};
pub use stage::StageError;
pub use suite::{Curated, Dataset, DatasetKind, Defaults, Suite, SuiteError, TableRule};
pub use summary::{
    CaseRun, Counts, Efficiency, Exit, Judged, Latency, PassPow, Power, Ran, SUMMARY_VERSION, Standing,
    Summary, Traced, group,
};
pub use trial::{Grade, Trial};
