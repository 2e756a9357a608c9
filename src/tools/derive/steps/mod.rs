//! Steps as a model writes them, checked one after the other against the columns that each leaves.

mod kind;
mod parts;

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

pub(super) use self::kind::StepKind;
use self::parts::{MAX_NAME_CHARS, at_most, count};
use super::formula::Formula;
use crate::result::derive::{DerivationStep, GroupFigure, WindowFunction};
use crate::result::{Column, ColumnKind, Handle, HeldResult, HeldResults};
use crate::tools::check::{
    Rejection, held_aggregate, held_column, held_columns, held_groups, list, person_text, quote,
};

/// Most columns that one step selects or joins.
const MAX_COLUMNS: usize = 50;
/// Most figures of one group.
const MAX_FIGURES: usize = 20;

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
            columns: base.columns.to_vec(),
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

    pub(super) fn read(&mut self, mut written: Map<String, Value>) -> Result<(), Rejection> {
        let kind = StepKind::read(written.remove("do"))?;
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
        let there = there.map(|held| Arc::clone(&held.columns)).unwrap_or_default();
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
}
