use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::ImportError;
use super::expect::{self, AcceptedResult};
use super::references::{self, ImportedReference};
use super::write::{SuiteDraft, write};

/// Where the questions come from, and their licence.
const SOURCE: &str = "defog-ai/sql-eval, Apache-2.0";
const QUESTIONS: &str = "questions.jsonl";
/// Questions that the data cannot answer.
const UNANSWERABLE: &str = "unanswerable.jsonl";
/// Unanswerable questions of which some look answerable: to be looked at by a person before anything hangs on them.
const DOUBTFUL: &str = "cat_c";

/// A question with its accepted results.
#[derive(Debug, Deserialize)]
struct Answerable {
    id: String,
    suite: String,
    db: String,
    category: String,
    question: String,
    #[serde(default)]
    instructions: String,
    today: Date,
    ordered: bool,
    gold: Vec<AcceptedResult>,
    answer_shape: String,
}

/// A question that nothing in the database answers.
#[derive(Debug, Deserialize)]
struct Unanswerable {
    id: String,
    db: String,
    category: String,
    question: String,
}

/// The parts of `metadata.json` that the sandbox does not read itself.
#[derive(Debug, Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    glossary: String,
}

/// A suite that was made of one of a benchmark's databases.
#[derive(Debug)]
pub struct ImportedSuite {
    pub folder: PathBuf,
    /// The references between its tables, as they were declared or found.
    pub references: Vec<ImportedReference>,
}

/// Makes suites of a folder with the questions and databases of defog's benchmark (`questions.jsonl`,
/// `unanswerable.jsonl`, `data/<database>/*.csv`): one for each database, in a folder of its own under `out`, over the
/// data where it lies. Each accepted result is a gold of its own.
pub fn defog(from: &Path, out: &Path) -> Result<Vec<ImportedSuite>, ImportError> {
    let questions: Vec<Answerable> = lines(&from.join(QUESTIONS))?;
    let unanswerable: Vec<Unanswerable> = lines(&from.join(UNANSWERABLE))?;
    let Some(today) = questions.first().map(|question| question.today) else {
        return Err(ImportError::Empty(from.join(QUESTIONS)));
    };
    let mut databases: BTreeMap<&str, BTreeMap<String, Vec<Value>>> = BTreeMap::new();
    for question in &questions {
        let files = databases.entry(&question.db).or_default();
        files
            .entry(question.suite.clone())
            .or_default()
            .push(of_question(question, today));
    }
    for question in &unanswerable {
        let files = databases.entry(&question.db).or_default();
        let cases = files.entry("unanswerable".to_owned()).or_default();
        cases.push(of_unanswerable(question));
    }
    let read = |source| ImportError::Read {
        path: from.to_owned(),
        source,
    };
    let data = std::path::absolute(from).map_err(read)?.join("data");
    let folders: Vec<PathBuf> = databases.keys().map(|database| out.join(database)).collect();
    if let Some(there) = folders.iter().find(|folder| folder.exists()) {
        return Err(ImportError::Exists(there.clone()));
    }
    let mut suites = Vec::with_capacity(folders.len());
    for ((database, cases), folder) in databases.into_iter().zip(folders) {
        let data = data.join(database);
        let draft = SuiteDraft {
            name: format!("defog-{database}"),
            description: format!("Questions of defog's benchmark over its database {database}."),
            glossary: glossary(&data)?,
            references: references::find(&data)?,
            data: &data,
            database,
            today,
            cases,
        };
        write(&draft, &folder)?;
        suites.push(ImportedSuite {
            folder,
            references: draft.references,
        });
    }
    Ok(suites)
}

fn of_question(question: &Answerable, today: Date) -> Value {
    let asked = match question.instructions.trim() {
        "" => question.question.clone(),
        instructions => format!("{}\n\n{instructions}", question.question),
    };
    let mut case = json!({
        "id": question.id,
        "question": asked,
        "expect": expect::of_results(&question.gold, question.ordered, &asked),
        "tags": [question.suite, question.category, question.answer_shape],
        "source": SOURCE,
    });
    if question.today != today
        && let Some(fields) = case.as_object_mut()
    {
        fields.insert("today".to_owned(), json!(question.today));
    }
    case
}

fn of_unanswerable(question: &Unanswerable) -> Value {
    let mut tags = vec!["unanswerable", &question.category];
    if question.category == DOUBTFUL {
        tags.push("doubtful");
    }
    json!({
        "id": question.id,
        "question": question.question,
        "expect": expect::nothing(),
        "tags": tags,
        "source": SOURCE,
    })
}

fn glossary(data: &Path) -> Result<Option<String>, ImportError> {
    let path = data.join("metadata.json");
    if !path.exists() {
        return Ok(None);
    }
    let metadata: Metadata = serde_json::from_str(&read(&path)?).map_err(|error| ImportError::Line {
        path,
        line: error.line(),
        reason: error.to_string(),
    })?;
    Ok(Some(metadata.glossary).filter(|glossary| !glossary.trim().is_empty()))
}

/// The lines of a file of JSON Lines.
fn lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, ImportError> {
    let text = read(path)?;
    let lines = (1..)
        .zip(text.lines())
        .filter(|(_, text)| !text.trim().is_empty());
    lines
        .map(|(line, text)| {
            serde_json::from_str(text).map_err(|error| ImportError::Line {
                path: path.to_owned(),
                line,
                reason: error.to_string(),
            })
        })
        .collect()
}

fn read(path: &Path) -> Result<String, ImportError> {
    fs::read_to_string(path).map_err(|source| ImportError::Read {
        path: path.to_owned(),
        source,
    })
}
