//! Cards and metrics of Metabase, and metrics of dbt, that people take for the same and that compute different things.
//!
//! The idea: two of them with like names are compared by what their definitions say: what is aggregated, over which column, within
//! which filters. Only what can be read on both sides is compared, so that nothing is claimed of a ratio or of a formula. An author who
//! knows that two definitions come to the same says so in the dbt project, with `meta: { metabase_metric: Revenue }`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::{AllowedCard, CardId, Catalog, Entry, EntryKind, MetricEntry};

/// Words of names that tell nothing apart.
const PLAIN_WORDS: [&str; 7] = ["a", "number", "of", "the", "total", "in", "usd"];

/// What a card computes, in words as metrics have them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CardDefinition {
    /// One aggregate over one column: `sum of total`.
    pub computes: String,
    pub filters: Vec<String>,
}

/// Two entries of like names with different definitions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DefinitionConflict {
    pub metabase: ConflictSide,
    pub dbt: ConflictSide,
    /// What differs: `aggregation`, `column`, `filters`.
    pub differs: Vec<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConflictSide {
    pub kind: EntryKind,
    pub id: u32,
    pub name: String,
    /// What dbt calls it, for the one of dbt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dbt_metric: Option<String>,
    /// What it computes, in words.
    pub definition: String,
    /// What it filters by itself, in words.
    pub filters: Vec<String>,
}

/// The cards whose names are like that of a metric of dbt: those whose definitions [`conflicts`] wants to know.
pub fn cards_like_dbt_metrics(catalog: &Catalog) -> Vec<AllowedCard> {
    let names: Vec<BTreeSet<String>> = dbt_metrics(catalog).flat_map(own_names).collect();
    let alike = |entry: &&Entry| names.contains(&name_words(stem(entry.name())));
    let cards = catalog
        .entries()
        .iter()
        .filter(|entry| entry.kind() == EntryKind::Card);
    cards
        .filter(alike)
        .filter_map(|entry| catalog.allow_card(CardId(entry.id())))
        .collect()
}

/// The conflicts between the entries of a catalog, in their order; of cards as far as `cards` knows what they compute.
pub fn conflicts(catalog: &Catalog, cards: &BTreeMap<CardId, CardDefinition>) -> Vec<DefinitionConflict> {
    let of_metabase = catalog.entries().iter().filter_map(|entry| match entry {
        Entry::Card(card) => {
            let definition = cards.get(&card.id)?;
            let filters = definition.filters.clone();
            Some((entry, definition.computes.clone(), filters))
        }
        Entry::Metric(metric) if metric.dbt.is_none() => {
            let filters = metric.built_in_filters.clone();
            Some((entry, metric.definition.clone()?, filters))
        }
        Entry::Metric(_) | Entry::Table(_) => None,
    });
    let sides = of_metabase.map(|(entry, definition, filters)| ConflictSide {
        kind: entry.kind(),
        id: entry.id(),
        name: entry.name().to_owned(),
        dbt_metric: None,
        definition,
        filters,
    });
    sides
        .flat_map(|metabase| dbt_metrics(catalog).filter_map(move |dbt| conflict(&metabase, dbt)))
        .collect()
}

fn dbt_metrics(catalog: &Catalog) -> impl Iterator<Item = &MetricEntry> {
    catalog.entries().iter().filter_map(|entry| match entry {
        Entry::Metric(metric) if metric.dbt.is_some() => Some(metric.as_ref()),
        _ => None,
    })
}

/// The names of a metric of dbt: for people, and in dbt.
fn own_names(metric: &MetricEntry) -> Vec<BTreeSet<String>> {
    let in_dbt = metric.dbt.as_ref().map(|dbt| name_words(&dbt.name));
    std::iter::once(name_words(&metric.name)).chain(in_dbt).collect()
}

/// `Revenue` of `Revenue by month`: what a card groups by is not part of what it computes.
fn stem(name: &str) -> &str {
    name.split_once(" by ").map_or(name, |(stem, _)| stem)
}

fn conflict(metabase: &ConflictSide, dbt: &MetricEntry) -> Option<DefinitionConflict> {
    let definition = dbt.dbt.as_ref()?;
    let name = stem(&metabase.name);
    let agreed = definition.agrees_with.as_deref().is_some_and(|named| {
        let by_number = metabase.kind == EntryKind::Metric && named == metabase.id.to_string();
        named.eq_ignore_ascii_case(name) || by_number
    });
    if agreed || !own_names(dbt).contains(&name_words(name)) {
        return None;
    }
    let dbt = side(dbt);
    let (ours, theirs) = (MetricMeaning::of(metabase)?, MetricMeaning::of(&dbt)?);
    let differs = ours.differences(&theirs);
    (!differs.is_empty()).then(|| DefinitionConflict {
        metabase: metabase.clone(),
        dbt,
        differs,
    })
}

fn side(metric: &MetricEntry) -> ConflictSide {
    ConflictSide {
        kind: EntryKind::Metric,
        id: metric.id.0,
        name: metric.name.clone(),
        dbt_metric: metric.dbt.as_ref().map(|dbt| dbt.name.clone()),
        definition: metric.definition.clone().unwrap_or_default(),
        filters: metric.built_in_filters.clone(),
    }
}

/// A definition, as far as it was read.
#[derive(Debug)]
struct MetricMeaning {
    function: &'static str,
    /// Words of the column; `None` where rows are counted, or where it is a formula.
    column: Option<BTreeSet<String>>,
    filters: BTreeSet<MeantFilter>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct MeantFilter {
    column: BTreeSet<String>,
    sign: &'static str,
    values: BTreeSet<String>,
}

impl MetricMeaning {
    /// `None` for what is not one function over one column.
    fn of(side: &ConflictSide) -> Option<Self> {
        let text = side.definition.as_str();
        let (computed, within) = match text.split_once(" where ") {
            Some((computed, within)) => (computed, Some(within)),
            None => (text, None),
        };
        let (word, over) = computed.split_once(" of ")?;
        let function = match word {
            "sum" | "sum boolean" => "sum",
            "count" => "count",
            "average" => "average",
            "least value" | "min" => "min",
            "greatest value" | "max" => "max",
            "median" => "median",
            "number of distinct values" | "count distinct" => "count distinct",
            _ => return None,
        };
        // dbt counts rows as a sum of ones, and counts those that are true as a sum of truths.
        let counted = function == "count" || (function == "sum" && over.trim() == "1");
        // Metabase shows the labels of columns, dbt and SQL their names or a formula.
        let in_name = |c: char| c.is_alphanumeric() || c == '_' || (c == ' ' && side.dbt_metric.is_none());
        let plain = over.chars().all(in_name);
        let mut filters: BTreeSet<MeantFilter> = BTreeSet::new();
        for filter in side.filters.iter().map(String::as_str).chain(within) {
            // What a segment or a condition without words stands for is not known here.
            if filter.starts_with("segment ") || filter.starts_with("a further condition") {
                return None;
            }
            // The period that a card shows is not part of what it computes.
            if side.kind == EntryKind::Card && filter.contains(" is in the ") {
                continue;
            }
            filters.extend(
                filter
                    .split(" and ")
                    .flat_map(|part| part.split(" AND "))
                    .map(meant),
            );
        }
        let truths = word == "sum boolean";
        if truths {
            filters.insert(MeantFilter {
                column: words(over),
                sign: "=",
                values: ["true".to_owned()].into(),
            });
        }
        Some(Self {
            function: if counted || truths { "count" } else { function },
            column: (!counted && !truths && plain).then(|| words(over)),
            filters,
        })
    }

    fn differences(&self, other: &Self) -> Vec<&'static str> {
        let mut differs = Vec::new();
        if self.function != other.function {
            differs.push("aggregation");
        }
        if let (Some(one), Some(two)) = (&self.column, &other.column)
            && one != two
        {
            differs.push("column");
        }
        if self.filters != other.filters {
            differs.push("filters");
        }
        differs
    }
}

/// Signs of SQL and words of ours with the sign that they mean; longer ones first.
const SIGNS: [(&str, &str); 24] = [
    (" is not null", "not empty"),
    (" is null", "empty"),
    (" IS NOT NULL", "not empty"),
    (" IS NULL", "empty"),
    (" NOT IN ", "<>"),
    (" has a value", "not empty"),
    (" has no value", "empty"),
    (" is less than ", "<"),
    (" is at most ", "<="),
    (" is greater than ", ">"),
    (" is at least ", ">="),
    (" is not ", "<>"),
    (" not in ", "<>"),
    (" IN ", "="),
    (" in ", "="),
    (" is ", "="),
    ("!=", "<>"),
    ("<>", "<>"),
    (">=", ">="),
    ("<=", "<="),
    (" = ", "="),
    ("=", "="),
    (">", ">"),
    ("<", "<"),
];

/// `Status is completed` and `order__status = 'completed'` mean the same.
fn meant(filter: &str) -> MeantFilter {
    let filter = filter.trim().trim_matches(['(', ')']);
    for (written, sign) in SIGNS {
        if let Some((column, values)) = filter.split_once(written) {
            let column = column.trim().rsplit("__").next().unwrap_or(column);
            let values = values.split([',', '|']).flat_map(|part| part.split(" or "));
            let value = |text: &str| {
                text.trim_matches(|c: char| c.is_whitespace() || "()'\"".contains(c))
                    .to_lowercase()
            };
            return MeantFilter {
                column: words(column),
                sign,
                values: values.map(value).filter(|text| !text.is_empty()).collect(),
            };
        }
    }
    MeantFilter {
        column: words(filter),
        sign: "",
        values: BTreeSet::new(),
    }
}

fn words(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Words of a name that tell it apart from others, whether one or several are meant.
fn name_words(name: &str) -> BTreeSet<String> {
    words(name)
        .into_iter()
        .filter(|word| !PLAIN_WORDS.contains(&word.as_str()))
        .map(|word| word.strip_suffix('s').map_or_else(|| word.clone(), str::to_owned))
        .collect()
}

impl fmt::Display for DefinitionConflict {
    /// One line that says what differs, and one for each definition.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} and {} differ in {}\n  {}\n  {}",
            self.metabase.title(),
            self.dbt.title(),
            self.differs.join(", "),
            self.metabase,
            self.dbt
        )
    }
}

impl ConflictSide {
    fn title(&self) -> String {
        match &self.dbt_metric {
            Some(dbt) => format!("dbt metric {dbt}"),
            None => format!("{} {} \"{}\"", self.kind, self.id, self.name),
        }
    }
}

impl fmt::Display for ConflictSide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let system = if self.dbt_metric.is_some() {
            "dbt"
        } else {
            "Metabase"
        };
        write!(f, "{system}: {}", self.definition)?;
        match self.filters.as_slice() {
            [] => Ok(()),
            filters => write!(f, "; only where {}", filters.join(" and ")),
        }
    }
}
