//! What several kinds of steps share: conditions, keys of two results, parts of a table, orders, names of new columns.

use serde::Deserialize;
use serde_json::{Value, json};

use super::StepReader;
use crate::result::Column;
use crate::result::derive::{Condition, KeyPair, RowFilter, RowOrder};
use crate::tools::check::{
    Rejection, held, held_column, held_columns, held_filters, held_sort, list, person_text, quote,
    short_forms,
};

/// Most keys, and most columns that parts are made by.
const MAX_KEYS: usize = 5;
/// Longest name of a new column, in characters.
pub(super) const MAX_NAME_CHARS: usize = 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyArguments {
    column: String,
    #[serde(default)]
    other: Option<String>,
}

impl StepReader<'_> {
    /// The conditions, all or any of which must hold.
    pub(super) fn condition(
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
    pub(super) fn keys(
        &mut self,
        with: Option<String>,
        keys: Option<Vec<Value>>,
        place: &str,
    ) -> Result<(usize, Vec<KeyPair>, Value), Rejection> {
        let other = held(self.shelf, &with.unwrap_or_default()).map_err(|rejection| rejection.at("with"))?;
        let is_name = |text: &str| held_column(&self.columns, text, place).is_ok();
        let keys = short_forms::keys(keys, is_name);
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

    pub(super) fn parts(
        &self,
        by: Option<Vec<String>>,
        place: &str,
    ) -> Result<(Vec<usize>, Vec<String>), Rejection> {
        let by = at_most(by.unwrap_or_default(), "by", MAX_KEYS)?;
        let places = held_columns(&by, &self.columns, place).map_err(|rejection| rejection.at("by"))?;
        let names = places
            .iter()
            .filter_map(|at| self.columns.get(*at).map(|column| column.name.clone()));
        let names = names.collect();
        Ok((places, names))
    }

    pub(super) fn order(
        &self,
        order: Option<Vec<Value>>,
        place: &str,
    ) -> Result<(Vec<RowOrder>, Vec<Value>), Rejection> {
        let sorted = held_sort(order, &self.columns, place)?;
        if sorted.is_empty() {
            return Err(
                Rejection::schema("order is empty: say by which column").hint(format!(
                    "for example [{}]",
                    quote(&format!(
                        "{} desc",
                        self.columns.last().map_or("", |column| &column.name)
                    ))
                )),
            );
        }
        Ok(sorted
            .into_iter()
            .map(|(sort, canonical)| (RowOrder::from(sort), canonical))
            .unzip())
    }

    pub(super) fn new_name(&self, written: Option<&str>, usual: &str) -> Result<String, Rejection> {
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
    pub(super) fn free_name(&self, mut name: String) -> String {
        while self.columns.iter().any(|other| other.name == name) {
            name.push('_');
        }
        name
    }
}

pub(super) fn count(rows: u64) -> Result<usize, Rejection> {
    usize::try_from(rows)
        .ok()
        .filter(|rows| (1..=1_000_000).contains(rows))
        .ok_or_else(|| Rejection::bad_value("count is a whole number of rows, from 1 on"))
}

pub(super) fn at_most<T>(items: Vec<T>, key: &str, most: usize) -> Result<Vec<T>, Rejection> {
    if items.len() > most {
        return Err(Rejection::bad_value(format!(
            "{key} has {} items; at most {most} are allowed",
            items.len()
        )));
    }
    Ok(items)
}
