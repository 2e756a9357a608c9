use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::file::{CasePlaces, CaseSpec, CasesFile, FILE_VERSION, SuiteFile};
use super::{CuratedContent, Dataset, DatasetKind, Defaults, Suite, SuiteError};
use crate::eval::case::{Budget, Case};
use crate::eval::gold::Gold;
use crate::eval::recordings::data_hash;

/// The suite's file in a folder.
const SUITE_FILE: &str = "suite.yaml";
/// The folder of further cases beside it.
const CASES_FOLDER: &str = "cases";

impl Suite {
    /// Loads a suite from its folder, which has a `suite.yaml` and perhaps `cases/*.yaml`, or from one file. Unknown
    /// keys, ids that come twice and cases that expect nothing are refused, with file and line.
    pub fn load(path: &Path) -> Result<Self, SuiteError> {
        let folder = path.is_dir();
        let file = if folder {
            path.join(SUITE_FILE)
        } else {
            path.to_owned()
        };
        let text = read(&file)?;
        let spec: SuiteFile = parse(&file, &text)?;
        version(&file, spec.version)?;
        let mut reader = SuiteReader::new(&spec.defaults);
        reader.take(&file, &text, spec.cases)?;
        if folder {
            for file in case_files(&path.join(CASES_FOLDER))? {
                let text = read(&file)?;
                let cases: CasesFile = parse(&file, &text)?;
                version(&file, cases.version)?;
                reader.take(&file, &text, cases.cases)?;
            }
        }
        if reader.cases.is_empty() {
            return Err(SuiteError::NoCases { path: file });
        }
        let cases = reader.cases;
        let dataset = located(&file, spec.dataset)?;
        if dataset.kind == DatasetKind::Configured {
            unnamed_askers(&file, &cases)?;
        }
        Ok(Self {
            name: spec.name,
            description: spec.description,
            data: data_hash(&dataset)
                .ok()
                .filter(|_| dataset.kind != DatasetKind::Configured),
            dataset,
            today: spec.today,
            defaults: spec.defaults,
            cases,
            path: file,
        })
    }
}

struct SuiteReader<'a> {
    defaults: &'a Defaults,
    cases: Vec<Case>,
    /// Where each id was seen.
    seen: BTreeMap<String, String>,
}

impl<'a> SuiteReader<'a> {
    fn new(defaults: &'a Defaults) -> Self {
        Self {
            defaults,
            cases: Vec::new(),
            seen: BTreeMap::new(),
        }
    }

    fn take(&mut self, file: &Path, text: &str, specs: Vec<CaseSpec>) -> Result<(), SuiteError> {
        let places: CasePlaces = parse(file, text)?;
        for (spec, place) in specs.into_iter().zip(places.cases) {
            let line = place.id.referenced.line();
            let wrong = |reason: String| SuiteError::Invalid {
                path: file.to_owned(),
                line,
                reason,
            };
            let here = format!("{}:{line}", file.display());
            if let Some(first) = self.seen.insert(spec.id.clone(), here) {
                return Err(wrong(format!(
                    "the id \"{}\" is taken already, at {first}",
                    spec.id
                )));
            }
            let id = spec.id.clone();
            let case = self
                .case(spec)
                .map_err(|reason| wrong(format!("case \"{id}\": {reason}")))?;
            self.cases.push(case);
        }
        Ok(())
    }

    fn case(&self, spec: CaseSpec) -> Result<Case, String> {
        well_named(&spec.id)?;
        let turns = match (spec.question, spec.turns) {
            (Some(question), turns) if turns.is_empty() => vec![question],
            (None, turns) if !turns.is_empty() => turns,
            _ => return Err("it needs either `question` or `turns`".to_owned()),
        };
        if turns.iter().any(|turn| turn.trim().is_empty()) {
            return Err("a question is empty".to_owned());
        }
        let mut expect = spec.expect;
        if expect.is_empty() {
            return Err("it expects nothing, so it would always pass: fill `expect`".to_owned());
        }
        for gold in &expect.gold {
            sound(gold, turns.len())?;
        }
        if expect.query.iter().any(|query| unnamed(&query.entry)) {
            return Err("an entry in `query` needs a name or an id".to_owned());
        }
        let rules = &expect.evidence;
        if rules.must_use.iter().chain(&rules.must_not_use).any(unnamed) {
            return Err("an entry in `evidence` needs a name or an id".to_owned());
        }
        expect.budget = merged(&expect.budget, &self.defaults.budget);
        let mut tags = self.defaults.tags.clone();
        tags.extend(spec.tags);
        Ok(Case {
            id: spec.id,
            turns,
            principal: spec.principal.or_else(|| self.defaults.principal.clone()),
            today: spec.today,
            expect,
            tags,
            cluster: spec.cluster,
            source: spec.source,
        })
    }
}

fn unnamed(entry: &crate::eval::EntryRef) -> bool {
    entry.name.is_none() && entry.id.is_none()
}

/// Ids become file names and parts of commands.
pub(in crate::eval) fn well_named(id: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let starts = id.starts_with(|c: char| c.is_ascii_alphanumeric());
    if starts && id.chars().all(fits) && !id.contains("..") {
        return Ok(());
    }
    Err("an id has letters, digits, `-`, `_`, `.` and `/`, and begins with a letter or digit".to_owned())
}

/// Whether a gold can be found in an answer at all.
fn sound(gold: &Gold, turns: usize) -> Result<(), String> {
    let turn = match gold {
        Gold::AnyOf(options) if options.is_empty() => {
            return Err("`any_of` needs at least one gold".to_owned());
        }
        Gold::AnyOf(options) => return options.iter().try_for_each(|gold| sound(gold, turns)),
        Gold::Scalar(scalar) => {
            let bad = |bound: Option<f64>| bound.is_some_and(|bound| !bound.is_finite() || bound < 0.0);
            if !scalar.value.is_finite() || bad(scalar.absolute) || bad(scalar.relative) {
                return Err("a scalar's value and tolerances are finite, tolerances not negative".to_owned());
            }
            scalar.turn
        }
        Gold::Table(table) => {
            let width = table.columns.len();
            if width == 0 {
                return Err("a table needs `columns`".to_owned());
            }
            if let Some(at) = table.rows.iter().position(|row| row.len() != width) {
                return Err(format!("row {} of the table does not have {width} cells", at + 1));
            }
            let required = table.required.iter().flatten();
            for name in required.clone() {
                if !table.columns.contains(name) {
                    return Err(format!("`required` names \"{name}\", which is not a column"));
                }
            }
            if table.required.is_some() && required.count() == 0 {
                return Err("`required` names no column: leave it out to require all".to_owned());
            }
            table.turn
        }
        Gold::Set(set) if set.values.is_empty() => return Err("a set needs `values`".to_owned()),
        Gold::Set(set) => set.turn,
        Gold::Top(top) => {
            let n = top.n.map_or(top.items.len(), |n| n as usize);
            if n == 0 || n > top.items.len() {
                return Err(format!(
                    "a ranking of {n} needs at least as many items, and one at least"
                ));
            }
            top.turn
        }
    };
    match turn {
        Some(turn) if turn == 0 || turn as usize > turns => {
            Err(format!("a gold is about turn {turn} of {turns}"))
        }
        _ => Ok(()),
    }
}

fn merged(own: &Budget, default: &Budget) -> Budget {
    Budget {
        tool_calls: own.tool_calls.or(default.tool_calls),
        steps: own.steps.or(default.steps),
        tokens: own.tokens.or(default.tokens),
        cost_usd: own.cost_usd.or(default.cost_usd),
    }
}

/// The dataset with paths that hold from where the program runs.
fn located(file: &Path, mut dataset: Dataset) -> Result<Dataset, SuiteError> {
    let wrong = |reason: &str| SuiteError::Invalid {
        path: file.to_owned(),
        line: 1,
        reason: reason.to_owned(),
    };
    match (dataset.kind, &dataset.path) {
        (DatasetKind::Demo | DatasetKind::Configured, _)
            if dataset.path.is_some() || dataset.model.is_some() =>
        {
            return Err(wrong("a dataset of this kind takes neither `path` nor `model`"));
        }
        (DatasetKind::Configured, _) if dataset.curated != CuratedContent::default() => {
            return Err(wrong(
                "a configured dataset takes no `curated`: what is curated there is in the settings, under [catalog]",
            ));
        }
        (DatasetKind::Csv | DatasetKind::Sqlite, None) => return Err(wrong("the dataset needs a `path`")),
        _ => {}
    }
    let folder = file.parent().unwrap_or(Path::new("."));
    dataset.path = dataset.path.map(|path| folder.join(path));
    dataset.model = dataset.model.map(|path| folder.join(path));
    Ok(dataset)
}

/// Names of people are API keys of the sandbox; a configured Metabase is asked with the credential of the settings.
fn unnamed_askers(file: &Path, cases: &[Case]) -> Result<(), SuiteError> {
    match cases.iter().find(|case| case.principal.is_some()) {
        None => Ok(()),
        Some(case) => Err(SuiteError::Invalid {
            path: file.to_owned(),
            line: 1,
            reason: format!(
                "case \"{}\" has a `principal`, which a configured dataset cannot ask as",
                case.id
            ),
        }),
    }
}

fn case_files(folder: &Path) -> Result<Vec<PathBuf>, SuiteError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let unreadable = |source| SuiteError::Unreadable {
        path: folder.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        if matches!(ending, Some("yaml" | "yml")) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<String, SuiteError> {
    fs::read_to_string(path).map_err(|source| SuiteError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, SuiteError> {
    serde_saphyr::from_str(text).map_err(|error| SuiteError::Invalid {
        path: path.to_owned(),
        line: error.location().map_or(1, |place| place.line()),
        reason: format!("{:#}", error.without_snippet()),
    })
}

fn version(path: &Path, version: u32) -> Result<(), SuiteError> {
    if version == FILE_VERSION {
        return Ok(());
    }
    Err(SuiteError::Invalid {
        path: path.to_owned(),
        line: 1,
        reason: format!("version {version} is not known: this program reads version {FILE_VERSION}"),
    })
}
