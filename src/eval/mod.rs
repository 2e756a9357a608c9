//! Evals: cases in files, graders that judge stored answers, and what is said about both. Graders are pure functions
//! of a case and the answers of a trial, so that stored runs can be graded again without asking anything.

mod case;
mod gold;
pub mod grade;
mod pattern;
mod schema;
mod suite;
mod trial;

pub use case::{
    Budget, Case, EntryRef, EvidenceRules, Expect, FilterSpec, GroupSpec, GuardRules, QuerySpec, TextRules,
    ToolArguments, ToolRules,
};
pub use gold::{Columns, Gold, GoldScalar, GoldSet, GoldTable, GoldTop, Locale, Place, TopItem, Turn, Unit};
pub use grade::{GRADER_VERSION, grade};
pub use pattern::Pattern;
pub use schema::{case_schema, suite_schema};
pub use suite::{Curated, Dataset, DatasetKind, Defaults, Suite, SuiteError, TableRule};
pub use trial::{Grade, Trial};
