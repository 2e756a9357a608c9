use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::lexicon;
use super::stem::Stemmer;
use crate::catalog::{AllowedValues, Catalog, Dimension, Entry, EntryNotes, Parameter};
use crate::result::{Column, ColumnKind};

/// Most values of one dimension that are compared with a question.
const MAX_VALUES: usize = 400;

/// Stems of everything in a catalog, each text stemmed once.
#[derive(Debug)]
pub(super) struct EntryStems(BTreeMap<String, Vec<String>>);

impl EntryStems {
    pub(super) fn of(catalog: &Catalog, stemmer: &Stemmer) -> Result<Self, rusqlite::Error> {
        let mut texts: BTreeSet<String> = BTreeSet::new();
        for entry in catalog.entries() {
            collect(entry, &mut |text| {
                texts.insert(text);
            });
        }
        // Other names that curators give an entry.
        let notes = catalog.notes().entries.values();
        texts.extend(notes.flat_map(|notes| notes.synonyms.iter().cloned()));
        let texts: Vec<String> = texts.into_iter().collect();
        let stems = stemmer.stems(&texts)?;
        Ok(Self(texts.into_iter().zip(stems).collect()))
    }

    fn get(&self, text: &str) -> Vec<String> {
        self.0.get(text).cloned().unwrap_or_default()
    }
}

/// Something an entry can be grouped or filtered by, takes or returns.
#[derive(Debug, Clone)]
pub(super) struct EntryField {
    pub(super) name: String,
    pub(super) kind: ColumnKind,
    /// Temporal unit of a column that is a time bucket.
    pub(super) unit: Option<String>,
    /// Stems of what stands before the last dot of the name: the related table.
    pub(super) owner: Vec<String>,
    pub(super) own: Vec<String>,
    pub(super) label: Vec<String>,
    /// Values that occur in it, each with its wordings as stems.
    pub(super) values: Vec<(Value, Vec<Vec<String>>)>,
}

impl EntryField {
    /// Whether it tells rows apart and measures nothing.
    pub(super) fn is_identifier(&self) -> bool {
        self.own.last().is_some_and(|stem| stem == "id")
    }

    /// Whether it is a day, a moment or a bucket of time on the calendar.
    pub(super) fn is_time(&self) -> bool {
        let calendar = |unit: &String| matches!(unit.as_str(), "day" | "week" | "month" | "quarter" | "year");
        match &self.unit {
            Some(unit) => calendar(unit),
            None => matches!(self.kind, ColumnKind::Date | ColumnKind::Datetime),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct NamedPart {
    pub(super) name: String,
    pub(super) stems: Vec<String>,
}

/// An entry as the planner compares it with a question.
#[derive(Debug, Clone)]
pub(super) struct Profile {
    pub(super) entry: Entry,
    pub(super) name: Vec<String>,
    /// Those of its name that pick out a part of what they stand before: `discounted` of "Discounted orders".
    pub(super) picks: Vec<String>,
    /// First letters of the words of its name: `mrr`.
    pub(super) acronym: String,
    /// Stems of description, definition and built-in filters.
    pub(super) about: Vec<String>,
    /// Dimensions of a metric or table, columns of a card.
    pub(super) fields: Vec<EntryField>,
    pub(super) parameters: Vec<EntryField>,
    pub(super) segments: Vec<NamedPart>,
    pub(super) measures: Vec<NamedPart>,
    /// Stems of what a metric computes: `sum of Total`.
    pub(super) definition: Vec<String>,
    /// Stems of each filter built into a metric.
    pub(super) built_in: Vec<Vec<String>>,
    /// What its figures are, as far as its words tell.
    pub(super) computes: Computes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Computes {
    Count,
    Sum,
    /// A sum of pieces, which answers `how many` as well.
    Pieces,
    Mean,
    Share,
    Unknown,
}

impl Profile {
    pub(super) fn new(entry: &Entry, notes: Option<&EntryNotes>, stems: &EntryStems) -> Self {
        let synonyms = notes.map(|notes| notes.synonyms.as_slice()).unwrap_or_default();
        let (fields, parameters) = match entry {
            Entry::Card(card) => (
                card.columns
                    .iter()
                    .map(|column| column_field(column, stems))
                    .collect(),
                card.parameters
                    .iter()
                    .map(|parameter| parameter_field(parameter, stems))
                    .collect(),
            ),
            Entry::Metric(metric) => (dimension_fields(&metric.dimensions, stems), Vec::new()),
            Entry::Table(table) => (dimension_fields(&table.dimensions, stems), Vec::new()),
        };
        let named = |name: &String| NamedPart {
            name: name.clone(),
            stems: stems.get(name),
        };
        let segments = match entry {
            Entry::Card(_) => Vec::new(),
            Entry::Metric(metric) => metric
                .segments
                .iter()
                .map(|segment| named(&segment.name))
                .collect(),
            Entry::Table(table) => table
                .segments
                .iter()
                .map(|segment| named(&segment.name))
                .collect(),
        };
        let measures = match entry {
            Entry::Table(table) => table
                .measures
                .iter()
                .map(|measure| named(&measure.name))
                .collect(),
            _ => Vec::new(),
        };
        Self {
            entry: entry.clone(),
            picks: picks(entry.name(), &stems.get(entry.name())),
            name: stems.get(entry.name()),
            acronym: acronym(entry.name()),
            about: about(entry)
                .iter()
                .chain(synonyms)
                .flat_map(|text| stems.get(text))
                .collect(),
            definition: match entry {
                Entry::Metric(metric) => metric
                    .definition
                    .iter()
                    .flat_map(|text| stems.get(text))
                    .collect(),
                _ => Vec::new(),
            },
            built_in: match entry {
                Entry::Metric(metric) => metric
                    .built_in_filters
                    .iter()
                    .map(|text| stems.get(text))
                    .collect(),
                _ => Vec::new(),
            },
            fields,
            parameters,
            segments,
            measures,
            computes: computes(entry),
        }
    }

    /// The field that time questions mean.
    pub(super) fn time_field(&self) -> Option<&EntryField> {
        let default = match &self.entry {
            Entry::Metric(metric) => metric.default_time_dimension.as_ref(),
            _ => None,
        };
        let temporal = |field: &&EntryField| matches!(field.kind, ColumnKind::Date | ColumnKind::Datetime);
        let own = |field: &&EntryField| temporal(field) && field.owner.is_empty();
        default
            .and_then(|name| self.fields.iter().find(|field| field.name == *name))
            .or_else(|| {
                self.fields
                    .iter()
                    .find(|field| own(field) && field.name.to_lowercase().contains("creat"))
            })
            .or_else(|| self.fields.iter().find(own))
            .or_else(|| self.fields.iter().find(temporal))
    }
}

/// Stems of the participles in a name that stand before another of its words.
fn picks(name: &str, stems: &[String]) -> Vec<String> {
    let words: Vec<&str> = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let is_participle = |word: &str| {
        let word = word.to_lowercase();
        word.len() > 4 && word.ends_with("ed") && !word.ends_with("eed")
    };
    if words.len() != stems.len() {
        return Vec::new();
    }
    let before_another = words.iter().zip(stems).take(words.len().saturating_sub(1));
    before_another
        .filter(|(word, _)| is_participle(word))
        .map(|(_, stem)| stem.clone())
        .collect()
}

fn about(entry: &Entry) -> Vec<String> {
    let mut texts: Vec<String> = entry.description().map(str::to_owned).into_iter().collect();
    if let Entry::Metric(metric) = entry {
        texts.extend(metric.definition.clone());
        texts.extend(metric.built_in_filters.iter().cloned());
    }
    texts
}

/// Every text of an entry that is compared with questions.
fn collect(entry: &Entry, add: &mut impl FnMut(String)) {
    add(entry.name().to_owned());
    about(entry).into_iter().for_each(&mut *add);
    let mut part = |name: &str, label: &str, values: Option<&AllowedValues>| {
        let (owner, own) = parts(name);
        for text in [owner, own, label] {
            add(text.to_owned());
        }
        for value in values
            .iter()
            .flat_map(|allowed| allowed.values.iter().take(MAX_VALUES))
        {
            wordings(value).into_iter().for_each(&mut *add);
        }
    };
    match entry {
        Entry::Card(card) => {
            for parameter in &card.parameters {
                part(&parameter.slug, &parameter.name, parameter.allowed.as_ref());
            }
            for column in &card.columns {
                part(&column.name, &column.label, None);
            }
        }
        Entry::Metric(metric) => {
            for dimension in &metric.dimensions {
                part(&dimension.name, &dimension.label, dimension.values.as_ref());
            }
            metric
                .segments
                .iter()
                .for_each(|segment| add(segment.name.clone()));
        }
        Entry::Table(table) => {
            for dimension in &table.dimensions {
                part(&dimension.name, &dimension.label, dimension.values.as_ref());
            }
            table
                .segments
                .iter()
                .for_each(|segment| add(segment.name.clone()));
            table
                .measures
                .iter()
                .for_each(|measure| add(measure.name.clone()));
        }
    }
}

fn parts(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or(("", name))
}

/// How a value may be written in a question: as it is, or by the full name of the code it is.
fn wordings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => {
            let mut all = vec![text.clone()];
            // A code is compared by the names it stands for: `in` and `or` are words before they are states.
            if text.len() == 2 {
                let names: Vec<String> = lexicon::names_of_code(text).collect();
                if !names.is_empty() {
                    all = names;
                }
            }
            all
        }
        _ => Vec::new(),
    }
}

fn field(
    name: &str,
    label: &str,
    kind: ColumnKind,
    values: Option<&AllowedValues>,
    stems: &EntryStems,
) -> EntryField {
    let (owner, own) = parts(name);
    let values = values
        .iter()
        .flat_map(|allowed| allowed.values.iter().take(MAX_VALUES));
    EntryField {
        name: name.to_owned(),
        kind,
        unit: None,
        owner: stems.get(owner),
        own: stems.get(own),
        label: stems.get(label),
        values: values
            .map(|value| {
                (
                    value.clone(),
                    wordings(value).iter().map(|text| stems.get(text)).collect(),
                )
            })
            .collect(),
    }
}

fn dimension_fields(dimensions: &[Dimension], stems: &EntryStems) -> Vec<EntryField> {
    dimensions
        .iter()
        .map(|d| field(&d.name, &d.label, d.kind, d.values.as_ref(), stems))
        .collect()
}

fn column_field(column: &Column, stems: &EntryStems) -> EntryField {
    // SQL names its buckets: a column `month` is one whatever its type.
    let named = || {
        let name = column.name.to_lowercase();
        let units = ["day", "week", "month", "quarter", "year"];
        units
            .iter()
            .find(|unit| name.split('_').any(|part| part == **unit))
            .map(|unit| (*unit).to_owned())
    };
    EntryField {
        unit: column.unit.clone().or_else(named),
        ..field(&column.name, &column.label, column.kind, None, stems)
    }
}

fn parameter_field(parameter: &Parameter, stems: &EntryStems) -> EntryField {
    let kind = match parameter.kind.split('/').next() {
        Some("date") => ColumnKind::Date,
        Some("number") => ColumnKind::Number,
        Some("boolean") => ColumnKind::Boolean,
        _ => ColumnKind::Text,
    };
    field(
        &parameter.slug,
        &parameter.name,
        kind,
        parameter.allowed.as_ref(),
        stems,
    )
}

fn acronym(name: &str) -> String {
    let words = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words
        .filter_map(|word| word.chars().next())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Words for pieces of goods.
const PIECES: &[&str] = &["quantity", "units", "pieces", "items"];

fn computes(entry: &Entry) -> Computes {
    let definition = match entry {
        Entry::Metric(metric) => metric.definition.as_deref().unwrap_or_default(),
        _ => "",
    };
    let says = |text: &str, any: &[&str]| {
        let text = text.to_lowercase();
        text.split(|c: char| !c.is_alphanumeric())
            .any(|word| any.contains(&word))
    };
    let name = entry.name();
    if says(name, lexicon::SHARE) || definition.contains('/') {
        Computes::Share
    } else if says(name, lexicon::MEAN) || says(definition, lexicon::MEAN) {
        Computes::Mean
    } else if says(definition, &["count", "distinct"]) || says(name, &["number", "count"]) {
        Computes::Count
    } else if says(definition, PIECES) || says(name, PIECES) {
        Computes::Pieces
    } else if says(definition, &["sum"]) || says(name, &["total", "sum"]) {
        Computes::Sum
    } else {
        Computes::Unknown
    }
}
