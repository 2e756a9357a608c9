//! Questions with their results, drafts and planted faults.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cardinal::grounding::{Claim, Figure, Material, ReferencedFigure, ground_referenced};
use cardinal::references::{FigureStyle, KnownResults, ReferencedText};
use cardinal::result::{
    Cell, Column, ColumnFormat, ColumnKind, ColumnTotals, Derivation, EntryKind, Extent, Handle, HeldResults,
    ModelView, NewResult, PackedTable, QuerySource, ResultOrigin, ResultTable, totals,
};
use cardinal::text::LinkRules;
use serde::Deserialize;
use serde_json::Value;

/// What was asked, and what was answered.
#[derive(Deserialize)]
struct Asked {
    question: String,
    earlier: Vec<String>,
    today: jiff::civil::Date,
    /// Texts the model saw besides results.
    shown: Vec<String>,
    results: Vec<Brought>,
    drafts: Vec<String>,
    plants: Vec<Plant>,
}

/// A fault: other words in a draft.
#[derive(Deserialize)]
pub struct Plant {
    pub kind: String,
    /// Which of the drafts.
    pub draft: usize,
    pub was: String,
    pub now: String,
}

#[derive(Deserialize)]
struct Brought {
    handle: Handle,
    title: String,
    /// What it is called among held results, where that is another name.
    held_title: Option<String>,
    arguments: Value,
    current: bool,
    columns: Vec<BroughtColumn>,
    rows: Vec<Vec<Value>>,
    rows_seen: Option<usize>,
    extent: Option<Extent>,
    derivations: Option<Vec<Derivation>>,
}

#[derive(Deserialize)]
struct BroughtColumn {
    name: String,
    label: Option<String>,
    kind: ColumnKind,
    unit: Option<String>,
    description: Option<String>,
    #[serde(default)]
    format: ColumnFormat,
}

/// A question whose results are read: once, for all the drafts and faults that are held against them.
pub struct Case {
    asked: Asked,
    /// Of each result its handle, table and totals.
    results: Vec<(String, Arc<ResultTable>, Arc<[ColumnTotals]>)>,
    known: KnownResults,
}

/// All questions by their names.
pub fn parse(set: &str) -> BTreeMap<String, Case> {
    let asked: BTreeMap<String, Asked> = serde_json::from_str(set).unwrap();
    asked
        .into_iter()
        .map(|(name, asked)| (name, Case::of(asked)))
        .collect()
}

impl Brought {
    fn table(&self) -> ResultTable {
        let column = |one: &BroughtColumn| Column {
            name: one.name.clone(),
            label: one.label.clone().unwrap_or_else(|| one.name.clone()),
            kind: one.kind,
            unit: one.unit.clone(),
            description: one.description.clone(),
            format: one.format.clone(),
        };
        let cell = |value: &Value| match value {
            Value::Null => Cell::Null,
            Value::Bool(truth) => Cell::Bool(*truth),
            Value::Number(number) => Cell::Number(number.clone()),
            Value::String(text) => Cell::text(text.as_str()),
            other => panic!("{other} is no cell"),
        };
        ResultTable {
            columns: self.columns.iter().map(column).collect(),
            rows: self
                .rows
                .iter()
                .map(|row| row.iter().map(cell).collect())
                .collect(),
            extent: self.extent.unwrap_or(Extent::Complete),
            bytes_received: 0,
        }
    }

    fn origin(&self) -> ResultOrigin {
        match &self.derivations {
            Some(derivations) => ResultOrigin::Calculated {
                from: Vec::new(),
                operations: Value::Null,
                derivations: derivations.clone(),
            },
            None => ResultOrigin::Query(
                QuerySource {
                    kind: EntryKind::Card,
                    id: self.handle.number(),
                    name: self.title.clone(),
                    arguments: self.arguments.clone(),
                    link: None,
                    dbt_metric: None,
                }
                .into(),
            ),
        }
    }
}

impl Case {
    fn of(asked: Asked) -> Self {
        let links = LinkRules::to(&"http://metabase.example".parse().unwrap());
        let mut held = HeldResults::default();
        let mut results: Vec<(String, Arc<ResultTable>, Arc<[ColumnTotals]>)> = Vec::new();
        for one in &asked.results {
            let table = one.table();
            let rows = table.rows.len() as u64;
            let totals: Arc<[ColumnTotals]> = totals(&table).into();
            held.put(NewResult {
                handle: one.handle,
                title: one.held_title.clone().unwrap_or_else(|| one.title.clone()),
                origin: one.origin(),
                shown: ModelView {
                    rows_shown: rows,
                    rows_known: rows,
                    extent: table.extent,
                    truncated: false,
                    bytes_shown: 0,
                    bytes_received: 0,
                },
                totals: Arc::clone(&totals),
                table: PackedTable::of(&table),
            });
            results.push((one.handle.to_string(), Arc::new(table), totals));
        }
        let question = [asked.question.as_str()];
        let mut known = KnownResults::of(&held, &links).asked_in(FigureStyle::Auto, question);
        for (one, (_, table, _)) in asked.results.iter().zip(&results) {
            let held = held.get(one.handle).unwrap();
            known.add(held, Ok(Arc::clone(table)), BTreeSet::new());
        }
        Self {
            asked,
            results,
            known,
        }
    }

    pub fn drafts(&self) -> &[String] {
        &self.asked.drafts
    }

    pub fn plants(&self) -> &[Plant] {
        &self.asked.plants
    }

    /// The text that a draft becomes, and what in it is written by the program.
    pub fn written(&self, draft: &str) -> (String, Vec<ReferencedFigure>) {
        let text = ReferencedText::of(draft, &self.known);
        let wrong: Vec<_> = text
            .references()
            .iter()
            .filter(|one| one.problem.is_some())
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        (text.text().to_owned(), text.figures().to_vec())
    }

    /// What becomes of the figures of a text.
    pub fn figures(&self, text: &str, referenced: &[ReferencedFigure]) -> Vec<Figure> {
        let materials: Vec<Material<'_>> = self
            .asked
            .results
            .iter()
            .zip(&self.results)
            .map(|(one, (handle, table, totals))| Material {
                handle,
                title: &one.title,
                arguments: &one.arguments,
                table,
                totals,
                rows_seen: one.rows_seen.unwrap_or(table.rows.len()),
                current: one.current,
            })
            .collect();
        let earlier: Vec<&str> = self.asked.earlier.iter().map(String::as_str).collect();
        let shown: Vec<&str> = self.asked.shown.iter().map(String::as_str).collect();
        let claim = Claim {
            text,
            question: &self.asked.question,
            earlier: &earlier,
            today: self.asked.today,
            shown: &shown,
        };
        ground_referenced(&claim, referenced, &materials, &|| false).unwrap()
    }
}
