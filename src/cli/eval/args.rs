use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::args::LimitArgs;
use crate::cli::sandbox::args::generation;
use crate::eval::ComparedKey;
use crate::sandbox::ServedGeneration;

/// `cardinal eval`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum EvalCommand {
    /// Run suites and grade the answers
    Run(Box<RunArgs>),
    /// Run suites live and keep the tapes beside them, for `eval run --mode replay`
    Record(RecordArgs),
    /// Make a recorded answer a case: its question, its day, its tape, its figures as what is expected
    Promote(PromoteArgs),
    /// Grade stored results again, without asking anything
    Grade(Box<GradeArgs>),
    /// Show stored results, or one case with its answers
    Show(ShowArgs),
    /// Compare two runs of the same cases
    Compare(CompareArgs),
    /// Write a commented suite to begin with
    Init(SuiteInitArgs),
    /// Make suites of a public benchmark that lies in a folder
    Import(ImportArgs),
}

/// `cardinal eval run`.
#[derive(Debug, Args)]
pub(in crate::cli) struct RunArgs {
    /// Suites: folders with a suite.yaml, or single files
    #[arg(required = true, value_name = "SUITE")]
    pub(super) suites: Vec<PathBuf>,
    /// Where answers come from [default: replay when the suites have recordings and no --model is named, else live]
    #[arg(long, value_enum)]
    pub(super) mode: Option<ModeArg>,
    /// Only this set of recordings; repeat it for more [default: all]
    #[arg(long, value_name = "NAME")]
    pub(super) set: Vec<String>,
    /// How often each case is asked, live
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) trials: u32,
    /// Only these cases: ids with `*` and `?`, or `tag:` and a tag; repeat it for more
    #[arg(long, value_name = "PATTERN")]
    pub(super) filter: Vec<String>,
    /// How many trials of all suites run at once [default: 2, and as many as there are cores when nothing is asked of a model]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) jobs: Option<u16>,
    #[command(flatten)]
    pub(super) limits: LimitArgs,
    /// Which Metabase the sandbox is, such as v63; where that one lacks something, it is asked over its classic route
    #[arg(long, value_parser = generation(), value_name = "GENERATION")]
    pub(super) generation: Option<ServedGeneration>,
    /// New folder for results.jsonl and summary.json [default: .cardinal/evals/TIME]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) reports: ReportArgs,
}

/// `cardinal eval record`.
#[derive(Debug, Args)]
pub(in crate::cli) struct RecordArgs {
    /// Suites: folders with a suite.yaml, or single files
    #[arg(required = true, value_name = "SUITE")]
    pub(super) suites: Vec<PathBuf>,
    /// Name of the set of recordings [default: openai, anthropic or offline, as the model is]
    #[arg(long, value_name = "NAME")]
    pub(super) set: Option<String>,
    /// Only these cases: ids with `*` and `?`, or `tag:` and a tag; repeat it for more
    #[arg(long, value_name = "PATTERN")]
    pub(super) filter: Vec<String>,
    /// How many cases run at once
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) jobs: u16,
    /// Who or what answers as the model, as the tapes say it [default: the model's name]
    #[arg(long, value_name = "TEXT")]
    pub(super) answered_by: Option<String>,
    /// Record cases again that the set holds already; each is replaced once it is recorded
    #[arg(long, conflicts_with = "missing")]
    pub(super) replace: bool,
    /// Record only cases that the set does not hold
    #[arg(long)]
    pub(super) missing: bool,
    /// Record nothing: grade what is recorded again, without a model, and note what the graders say now [default: all sets]
    #[arg(long, conflicts_with_all = ["replace", "missing", "answered_by"])]
    pub(super) regrade: bool,
}

/// `cardinal eval promote`.
#[derive(Debug, Args)]
pub(in crate::cli) struct PromoteArgs {
    /// The tape of an answer, or of the last answer of a conversation; or the id of an answer in the server's store (`ans_…`), with
    /// which goes what was said of it
    pub(super) tape: PathBuf,
    /// The suite's folder; made when there is none, over the data that the tape is proven to be of
    #[arg(long, value_name = "DIR", default_value = "evals/promoted")]
    pub(super) suite: PathBuf,
    /// The case's id [default: made of the question]
    #[arg(long, value_name = "ID")]
    pub(super) id: Option<String>,
    /// Name of the set of recordings [default: promoted]
    #[arg(long, value_name = "NAME")]
    pub(super) set: Option<String>,
}

/// Where answers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ModeArg {
    /// From the model, over the suite's data
    Live,
    /// From recordings alone: no key, no network, no data
    Replay,
    /// The model from recordings, the tools over the suite's data as it is now
    ReplayModel,
    /// From the model, over recorded results; what was not recorded comes from the suite's data. Never fails a run
    Counterfactual,
}

/// Reports and what a run is held against.
#[derive(Debug, Args)]
pub(in crate::cli) struct ReportArgs {
    /// Hold the run against this baseline: only cases that passed there can fail it
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,
    /// Compare with the baseline although this differs; repeat it for more
    #[arg(long, value_name = "KEY", value_enum, requires = "baseline")]
    pub(super) across: Vec<KeyArg>,
    /// Make this run the baseline; refused if a trial could not be run to its end
    #[arg(long, value_name = "FILE")]
    pub(super) write_baseline: Option<PathBuf>,
    /// Write the summary as JSON to a file, or to stdout
    // The same name as the global flag, so that it replaces it here.
    #[arg(long, id = "json", value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub(super) json: Option<String>,
    /// Write JUnit XML to a file, or with `-` to stdout
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
    /// Write a page that needs no network, in the same way
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
    /// Write a summary for CI, in the same way
    #[arg(long, value_name = "FILE")]
    pub(super) markdown: Option<PathBuf>,
    /// Ask this language model what it thinks of each answer, twice: a diagnostic in results and reports, which decides
    /// nothing
    #[arg(long, value_name = "MODEL")]
    pub(super) judge: Option<String>,
    /// Put answers and graders' reasons into the JUnit XML
    #[arg(long, requires = "junit")]
    pub(super) with_answers: bool,
}

/// What two runs may differ in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum KeyArg {
    /// The suite's dataset, or cases that are gone
    Suite,
    /// What cases ask and expect
    Case,
    /// The model
    Model,
    /// The prompt
    Prompt,
    /// The catalog
    Catalog,
    /// The graders
    Grader,
}

impl From<KeyArg> for ComparedKey {
    fn from(key: KeyArg) -> Self {
        match key {
            KeyArg::Suite => Self::Suite,
            KeyArg::Case => Self::Case,
            KeyArg::Model => Self::Model,
            KeyArg::Prompt => Self::Prompt,
            KeyArg::Catalog => Self::Catalog,
            KeyArg::Grader => Self::Grader,
        }
    }
}

/// `cardinal eval grade`.
#[derive(Debug, Args)]
pub(in crate::cli) struct GradeArgs {
    /// A run's folder, or its results.jsonl
    pub(super) results: PathBuf,
    /// The suites to grade by
    #[arg(long = "suite", required = true, value_name = "SUITE")]
    pub(super) suites: Vec<PathBuf>,
    /// New folder for the graded results [default: none is written]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) reports: ReportArgs,
}

/// `cardinal eval show`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArgs {
    /// A run's folder, or its results.jsonl
    pub(super) results: PathBuf,
    /// A case, by its id or SUITE/ID
    pub(super) case: Option<String>,
}

/// `cardinal eval compare`.
#[derive(Debug, Args)]
pub(in crate::cli) struct CompareArgs {
    /// The earlier run: a folder or its results.jsonl
    pub(super) before: PathBuf,
    /// The later run
    pub(super) after: PathBuf,
    /// Compare although this differs; repeat it for more
    #[arg(long, value_name = "KEY", value_enum)]
    pub(super) across: Vec<KeyArg>,
}

/// `cardinal eval init`.
#[derive(Debug, Args)]
pub(in crate::cli) struct SuiteInitArgs {
    /// Folder to write the suite into; made if it is not there
    pub(super) folder: PathBuf,
}

/// `cardinal eval import`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ImportArgs {
    /// Which benchmark
    #[arg(value_enum)]
    pub(super) benchmark: BenchmarkArg,
    /// Where it lies; its data stays there
    pub(super) from: PathBuf,
    /// Folder for the suites, each in a new folder of its own
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
}

/// A public benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum BenchmarkArg {
    /// defog's text-to-SQL questions: questions.jsonl, unanswerable.jsonl and data/DATABASE/*.csv
    Defog,
}
