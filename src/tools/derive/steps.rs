//! Steps as a model writes them, checked one after the other against the columns that each leaves.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::formula::Formula;
use crate::metabase::Direction;
use crate::result::derive::{
    Condition, DerivationStep, GroupFigure, KeyPair, RowFilter, RowOrder, WindowFunction,
};
use crate::result::{Column, ColumnKind, Handle, HeldResult, HeldResults};
use crate::tools::check::{
    Rejection, held, held_aggregate, held_column, held_columns, held_filters, held_groups, held_sort, list,
    listing, nearest, person_text, quote,
};

/// Most keys, and most columns that parts are made by.
const MAX_KEYS: usize = 5;
/// Most columns that one step selects or joins.
const MAX_COLUMNS: usize = 50;
/// Longest name of a new column, in characters.
const MAX_NAME_CHARS: usize = 60;
/// Most figures of one group.
const MAX_FIGURES: usize = 20;

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepKind {
    Compute,
    Keep,
    KeepMatching,
    DropMatching,
    Join,
    Group,
    Rank,
    Lag,
    RunningTotal,
    FirstRows,
    Sort,
    Limit,
    Select,
}

impl StepKind {
    /// All of them, in the order they are told.
    pub(super) const ALL: [Self; 13] = [
        Self::Compute,
        Self::Keep,
        Self::KeepMatching,
        Self::DropMatching,
        Self::Join,
        Self::Group,
        Self::Rank,
        Self::Lag,
        Self::RunningTotal,
        Self::FirstRows,
        Self::Sort,
        Self::Limit,
        Self::Select,
    ];

    /// Its name in calls.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Keep => "keep",
            Self::KeepMatching => "keep_matching",
            Self::DropMatching => "drop_matching",
            Self::Join => "join",
            Self::Group => "group",
            Self::Rank => "rank",
            Self::Lag => "lag",
            Self::RunningTotal => "running_total",
            Self::FirstRows => "first_rows",
            Self::Sort => "sort",
            Self::Limit => "limit",
            Self::Select => "select",
        }
    }

    /// What has to stand in it, and what may.
    fn keys(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Compute => (&["name", "formula"], &[]),
            Self::Keep => (&["filters"], &["match"]),
            Self::KeepMatching | Self::DropMatching => (&["with", "keys"], &[]),
            Self::Join => (&["with", "keys", "columns"], &[]),
            Self::Group => (&["figures"], &["group_by"]),
            Self::Rank => (&["order"], &["name", "by"]),
            Self::Lag => (&["column", "order"], &["name", "by", "count"]),
            Self::RunningTotal => (&["column", "order"], &["name", "by"]),
            Self::FirstRows => (&["order"], &["by", "count"]),
            Self::Sort => (&["order"], &[]),
            Self::Limit => (&["count"], &[]),
            Self::Select => (&["columns"], &[]),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepArguments {
    by: Option<Vec<String>>,
    column: Option<String>,
    columns: Option<Vec<String>>,
    count: Option<u64>,
    figures: Option<Vec<Value>>,
    filters: Option<Vec<Value>>,
    formula: Option<String>,
    group_by: Option<Vec<Value>>,
    keys: Option<Vec<Value>>,
    #[serde(rename = "match")]
    matching: Option<String>,
    name: Option<String>,
    order: Option<Vec<Value>>,
    with: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyArguments {
    column: String,
    #[serde(default)]
    other: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FigureArguments {
    function: String,
    #[serde(default)]
    column: Option<String>,
    #[serde(default)]
    percent: Option<u64>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    filters: Option<Vec<Value>>,
    #[serde(default, rename = "match")]
    matching: Option<String>,
}

/// Reads steps, one after the other.
pub(super) struct StepReader<'a> {
    shelf: &'a HeldResults,
    /// The result it begins with, then those that steps look rows up in.
    pub(super) results: Vec<Handle>,
    /// The columns that the steps so far leave.
    columns: Vec<Column>,
    pub(super) steps: Vec<DerivationStep>,
    /// The steps as they are written in canonical form.
    pub(super) canonical: Vec<Value>,
}

impl<'a> StepReader<'a> {
    pub(super) fn new(base: &HeldResult, shelf: &'a HeldResults) -> Self {
        Self {
            shelf,
            results: vec![base.handle],
            columns: base.columns.clone(),
            steps: Vec::new(),
            canonical: Vec::new(),
        }
    }

    /// What a refusal calls the table as it stands.
    fn place(&self) -> String {
        let base = self.results.first().map(ToString::to_string).unwrap_or_default();
        if self.steps.is_empty() {
            base
        } else {
            format!("{base} after the steps before")
        }
    }

    /// Reads one step.
    pub(super) fn read(&mut self, mut written: Map<String, Value>) -> Result<(), Rejection> {
        let kind = kind(written.remove("do"))?;
        written.retain(|_, value| !value.is_null());
        let (needed, more) = kind.keys();
        for key in written.keys().map(String::as_str) {
            if !needed.contains(&key) && !more.contains(&key) {
                let all: Vec<&str> = needed.iter().chain(more).copied().collect();
                return Err(
                    Rejection::schema(format!("{} takes no {}", kind.word(), quote(key))).hint(format!(
                        "{} takes: {}",
                        kind.word(),
                        all.join(", ")
                    )),
                );
            }
        }
        if let Some(missing) = needed.iter().find(|key| !written.contains_key(**key)) {
            return Err(Rejection::schema(format!("{} needs {missing}", kind.word())));
        }
        let arguments: StepArguments = crate::tools::check::decode(written)?;
        let (step, mut canonical) = self.step(kind, arguments)?;
        if let Some(map) = canonical.as_object_mut() {
            map.insert("do".to_owned(), Value::from(kind.word()));
            map.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty()));
        }
        self.steps.push(step);
        self.canonical.push(canonical);
        Ok(())
    }

    fn step(&mut self, kind: StepKind, step: StepArguments) -> Result<(DerivationStep, Value), Rejection> {
        let place = self.place();
        Ok(match kind {
            StepKind::Compute => self.compute(step, &place)?,
            StepKind::Keep => {
                let (condition, canonical) =
                    self.condition(step.filters, step.matching.as_deref(), &place)?;
                (DerivationStep::Keep(condition), canonical)
            }
            StepKind::KeepMatching | StepKind::DropMatching => {
                let (with, keys, canonical) = self.keys(step.with, step.keys, &place)?;
                let matched = kind == StepKind::KeepMatching;
                (DerivationStep::KeepMatching { with, keys, matched }, canonical)
            }
            StepKind::Join => self.join(step, &place)?,
            StepKind::Group => self.group(step, &place)?,
            StepKind::Rank | StepKind::Lag | StepKind::RunningTotal => self.window(kind, step, &place)?,
            StepKind::FirstRows => {
                let (partition, by) = self.parts(step.by, &place)?;
                let (order, order_json) = self.order(step.order, &place)?;
                let count = count(step.count.unwrap_or(1))?;
                (
                    DerivationStep::FirstRows {
                        partition,
                        order,
                        count,
                    },
                    json!({"by": by, "count": count, "order": order_json}),
                )
            }
            StepKind::Sort => {
                let (order, canonical) = self.order(step.order, &place)?;
                (DerivationStep::Sort(order), json!({"order": canonical}))
            }
            StepKind::Limit => {
                let limit = count(step.count.unwrap_or_default())? as u64;
                let page = DerivationStep::Page {
                    offset: 0,
                    limit: Some(limit),
                };
                (page, json!({"count": limit}))
            }
            StepKind::Select => {
                let wanted = at_most(step.columns.unwrap_or_default(), "columns", MAX_COLUMNS)?;
                let places = held_columns(&wanted, &self.columns, &place)?;
                let kept = |at: &usize| self.columns.get(*at).cloned();
                self.columns = places.iter().filter_map(kept).collect();
                let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
                let canonical = json!({"columns": names});
                (DerivationStep::Columns(places), canonical)
            }
        })
    }

    fn compute(&mut self, step: StepArguments, place: &str) -> Result<(DerivationStep, Value), Rejection> {
        let name = self.new_name(step.name.as_deref(), "")?;
        let text = step.formula.unwrap_or_default();
        let formula =
            Formula::read(&text, &self.columns, place).map_err(|rejection| rejection.at("formula"))?;
        self.columns.push(Column::named(name.clone(), formula.kind));
        let canonical = json!({"formula": text.trim(), "name": name});
        let expression = formula.expression;
        Ok((DerivationStep::Compute { name, expression }, canonical))
    }

    fn join(&mut self, step: StepArguments, place: &str) -> Result<(DerivationStep, Value), Rejection> {
        let (with, keys, mut canonical) = self.keys(step.with, step.keys, place)?;
        let handle = self.results.get(with).copied();
        let there = handle.and_then(|handle| self.shelf.get(handle));
        let there = there.map(|held| held.columns.clone()).unwrap_or_default();
        let wanted = at_most(step.columns.unwrap_or_default(), "columns", MAX_COLUMNS)?;
        let other = handle.map(|handle| handle.to_string()).unwrap_or_default();
        let columns = held_columns(&wanted, &there, &other)?;
        if columns.is_empty() {
            return Err(Rejection::schema("join needs columns to add")
                .hint("to keep rows without adding columns, use keep_matching"));
        }
        let mut names = Vec::new();
        for column in columns.iter().filter_map(|at| there.get(*at)) {
            names.push(column.name.clone());
            let mut column = column.clone();
            column.name = self.free_name(column.name);
            self.columns.push(column);
        }
        if let Some(map) = canonical.as_object_mut() {
            map.insert("columns".to_owned(), json!(names));
        }
        Ok((DerivationStep::JoinColumns { with, keys, columns }, canonical))
    }

    fn group(&mut self, step: StepArguments, place: &str) -> Result<(DerivationStep, Value), Rejection> {
        let groups = held_groups(step.group_by, &self.columns, place)?;
        let mut columns: Vec<Column> = groups
            .iter()
            .filter_map(|(group, _)| {
                let column = self.columns.get(group.column)?;
                Some(
                    group
                        .granularity
                        .map_or_else(|| column.clone(), |granularity| granularity.column(column)),
                )
            })
            .collect();
        let (mut figures, mut told) = (Vec::new(), Vec::new());
        let written = list::<FigureArguments>(step.figures, "figures", MAX_FIGURES)?;
        if written.is_empty() {
            return Err(
                Rejection::schema("group needs figures").hint("{\"function\": \"count\"} counts rows")
            );
        }
        for (at, item) in written.into_iter().enumerate() {
            let (figure, canonical) = self
                .figure(item, place)
                .map_err(|rejection| rejection.at(&format!("figures[{at}]")))?;
            let mut column = figure.aggregate.column(&self.columns);
            if let Some(name) = &figure.name {
                column.name.clone_from(name);
                column.label.clone_from(name);
            }
            while columns.iter().any(|other| other.name == column.name) {
                column.name.push('_');
            }
            columns.push(column);
            figures.push(figure);
            told.push(canonical);
        }
        self.columns = columns;
        let by: Vec<Value> = groups.iter().map(|(_, canonical)| canonical.clone()).collect();
        let groups = groups.into_iter().map(|(group, _)| group).collect();
        Ok((
            DerivationStep::Group { groups, figures },
            json!({"figures": told, "group_by": by}),
        ))
    }

    fn figure(&self, item: FigureArguments, place: &str) -> Result<(GroupFigure, Value), Rejection> {
        let (aggregate, mut canonical) = held_aggregate(
            &item.function,
            item.column.as_deref(),
            item.percent,
            &self.columns,
            place,
        )?;
        let name = item
            .name
            .map(|name| person_text("name", &name, MAX_NAME_CHARS))
            .transpose()?;
        let only = match item.filters {
            Some(filters) if !filters.is_empty() => {
                let (condition, told) = self.condition(Some(filters), item.matching.as_deref(), place)?;
                if let (Some(map), Value::Object(told)) = (canonical.as_object_mut(), told) {
                    map.extend(told);
                }
                Some(condition)
            }
            _ => None,
        };
        if let (Some(map), Some(name)) = (canonical.as_object_mut(), &name) {
            map.insert("name".to_owned(), json!(name));
        }
        Ok((
            GroupFigure {
                aggregate,
                only,
                name,
            },
            canonical,
        ))
    }

    fn window(
        &mut self,
        kind: StepKind,
        step: StepArguments,
        place: &str,
    ) -> Result<(DerivationStep, Value), Rejection> {
        let (partition, by) = self.parts(step.by, place)?;
        let (order, order_json) = self.order(step.order, place)?;
        let column = match &step.column {
            Some(wanted) => {
                let at = held_column(&self.columns, wanted, place)?;
                self.columns.get(at).map(|column| (at, column.clone()))
            }
            None => None,
        };
        let (function, added, rows) = match (kind, column) {
            (StepKind::Lag, Some((at, of))) => {
                let rows = count(step.count.unwrap_or(1))?;
                (WindowFunction::Lag { column: at, rows }, of, Some(rows))
            }
            (StepKind::RunningTotal, Some((at, of))) => {
                if !of.kind.is_numeric() {
                    return Err(Rejection::bad_value(format!(
                        "a running total does not fit {}, which is {}",
                        quote(&of.name),
                        of.kind.word()
                    )));
                }
                (WindowFunction::RunningTotal { column: at }, of, None)
            }
            _ => (
                WindowFunction::Rank,
                Column::named("rank", ColumnKind::Integer),
                None,
            ),
        };
        let usual = match kind {
            StepKind::Lag => format!("{} before", added.name),
            StepKind::RunningTotal => format!("running total of {}", added.name),
            _ => "rank".to_owned(),
        };
        let name = self.new_name(step.name.as_deref(), &usual)?;
        let of = (kind != StepKind::Rank).then(|| added.name.clone());
        self.columns.push(Column {
            name: name.clone(),
            label: name.clone(),
            description: None,
            ..added
        });
        let canonical = json!({"by": by, "column": of, "count": rows, "name": name, "order": order_json});
        Ok((
            DerivationStep::Window {
                name,
                function,
                partition,
                order,
            },
            canonical,
        ))
    }

    /// The conditions, all or any of which must hold.
    fn condition(
        &self,
        filters: Option<Vec<Value>>,
        matching: Option<&str>,
        place: &str,
    ) -> Result<(Condition, Value), Rejection> {
        let filters: Vec<(RowFilter, Value)> = held_filters(filters, &self.columns, place)?;
        if filters.is_empty() {
            return Err(Rejection::schema("filters is empty: say which rows"));
        }
        let told: Vec<Value> = filters.iter().map(|(_, canonical)| canonical.clone()).collect();
        let parts = filters
            .into_iter()
            .map(|(filter, _)| Condition::Column(filter))
            .collect();
        match matching {
            None | Some("all") => Ok((Condition::All(parts), json!({"filters": told}))),
            Some("any") => Ok((Condition::Any(parts), json!({"filters": told, "match": "any"}))),
            Some(other) => Err(Rejection::bad_value(format!(
                "match is all or any, not {}",
                quote(other)
            ))),
        }
    }

    /// The other result by its place among `results`, the keys, and both in canonical form.
    fn keys(
        &mut self,
        with: Option<String>,
        keys: Option<Vec<Value>>,
        place: &str,
    ) -> Result<(usize, Vec<KeyPair>, Value), Rejection> {
        let other = held(self.shelf, &with.unwrap_or_default()).map_err(|rejection| rejection.at("with"))?;
        let written = list::<KeyArguments>(keys, "keys", MAX_KEYS)?;
        if written.is_empty() {
            return Err(Rejection::schema(
                "keys is empty: name the column that both results have",
            ));
        }
        let (mut pairs, mut told) = (Vec::new(), Vec::new());
        for key in written {
            let here =
                held_column(&self.columns, &key.column, place).map_err(|rejection| rejection.at("keys"))?;
            let wanted = key.other.as_deref().unwrap_or(&key.column);
            let there = held_column(&other.columns, wanted, &other.handle.to_string())
                .map_err(|rejection| rejection.at("keys"))?;
            let name = |columns: &[Column], at: usize| columns.get(at).map(|column| column.name.clone());
            let (column, named) = (name(&self.columns, here), name(&other.columns, there));
            told.push(if column == named {
                json!({"column": column})
            } else {
                json!({"column": column, "other": named})
            });
            pairs.push(KeyPair { here, there });
        }
        let known = self
            .results
            .iter()
            .skip(1)
            .position(|handle| *handle == other.handle);
        let with = known.map_or(self.results.len(), |at| at + 1);
        if known.is_none() {
            self.results.push(other.handle);
        }
        Ok((with, pairs, json!({"keys": told, "with": other.handle})))
    }

    fn parts(&self, by: Option<Vec<String>>, place: &str) -> Result<(Vec<usize>, Vec<String>), Rejection> {
        let by = at_most(by.unwrap_or_default(), "by", MAX_KEYS)?;
        let places = held_columns(&by, &self.columns, place).map_err(|rejection| rejection.at("by"))?;
        let names = places
            .iter()
            .filter_map(|at| self.columns.get(*at).map(|column| column.name.clone()));
        let names = names.collect();
        Ok((places, names))
    }

    fn order(
        &self,
        order: Option<Vec<Value>>,
        place: &str,
    ) -> Result<(Vec<RowOrder>, Vec<Value>), Rejection> {
        let sorted = held_sort(order, &self.columns, place)?;
        if sorted.is_empty() {
            return Err(
                Rejection::schema("order is empty: say by which column").hint(format!(
                    "for example [{{\"column\": {}, \"direction\": \"{}\"}}]",
                    quote(self.columns.last().map_or("", |column| &column.name)),
                    json!(Direction::Desc).as_str().unwrap_or_default()
                )),
            );
        }
        Ok(sorted
            .into_iter()
            .map(|(sort, canonical)| (RowOrder::from(sort), canonical))
            .unzip())
    }

    fn new_name(&self, written: Option<&str>, usual: &str) -> Result<String, Rejection> {
        let name = person_text("name", written.unwrap_or(usual), MAX_NAME_CHARS)?;
        if written.is_none() {
            return Ok(self.free_name(name));
        }
        if self.columns.iter().any(|column| column.name == name) {
            return Err(
                Rejection::bad_value(format!("there is a column {} already", quote(&name)))
                    .hint("give the new column another name"),
            );
        }
        Ok(name)
    }

    /// The name, or one like it that no column has yet.
    fn free_name(&self, mut name: String) -> String {
        while self.columns.iter().any(|other| other.name == name) {
            name.push('_');
        }
        name
    }
}

fn kind(written: Option<Value>) -> Result<StepKind, Rejection> {
    let words = StepKind::ALL.map(StepKind::word);
    let Some(Value::String(word)) = written else {
        return Err(Rejection::schema("a step says in \"do\" what it does")
            .hint(format!("do is one of: {}", words.join(", "))));
    };
    StepKind::ALL
        .into_iter()
        .find(|kind| kind.word() == word.trim())
        .ok_or_else(|| {
            Rejection::bad_value(format!("there is no step {}", quote(&word))).hint(format!(
                "do is one of, nearest first: {}",
                listing(nearest(&word, words, words.len()))
            ))
        })
}

fn count(rows: u64) -> Result<usize, Rejection> {
    usize::try_from(rows)
        .ok()
        .filter(|rows| (1..=1_000_000).contains(rows))
        .ok_or_else(|| Rejection::bad_value("count is a whole number of rows, from 1 on"))
}

fn at_most<T>(items: Vec<T>, key: &str, most: usize) -> Result<Vec<T>, Rejection> {
    if items.len() > most {
        return Err(Rejection::bad_value(format!(
            "{key} has {} items; at most {most} are allowed",
            items.len()
        )));
    }
    Ok(items)
}
