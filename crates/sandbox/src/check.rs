//! Trying every card of a model once, so that a fault is named where it was written and not where it is first asked.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::native;
use crate::query::{CardFailure, MbqlCompiler, QueryFailure, RowLimits};
use crate::semantic::{Card, CardKind, ModelFault};

/// Where the cards of a model were written, and which of them are meant to fail.
#[derive(Debug, Default)]
pub(crate) struct CardOrigins {
    pub(crate) lines: BTreeMap<i64, u64>,
    pub(crate) broken: BTreeSet<i64>,
}

impl CardOrigins {
    fn fault(&self, card: &Card, problem: &str) -> ModelFault {
        ModelFault {
            line: self.lines.get(&card.id).copied().filter(|line| *line > 0),
            message: format!("{} \"{}\": {problem}", card.kind.as_str(), card.name),
        }
    }
}

/// What the database refuses without reading a row: SQL that does not parse, tables and columns that are not there.
pub(crate) fn refused_cards(compiler: MbqlCompiler<'_>, origins: &CardOrigins) -> Vec<ModelFault> {
    checked(compiler, origins, |card| prepare(compiler, card))
}

/// What fails when it runs. A card that cannot run without a value is prepared instead.
pub(crate) fn failing_cards(compiler: MbqlCompiler<'_>, origins: &CardOrigins) -> Vec<ModelFault> {
    checked(compiler, origins, |card| {
        prepare(compiler, card)?;
        unused_parameters(card)?;
        match native::run_card(compiler, card, &[], RowLimits::USERLAND) {
            Ok(result) => unknown_columns(card, &result.cols),
            Err(CardFailure::Query(failure)) if failure.error_type == Some("missing-required-parameter") => {
                Ok(())
            }
            Err(failure) => Err(QueryFailure::invalid(failure.to_string())),
        }
    })
}

fn checked(
    compiler: MbqlCompiler<'_>,
    origins: &CardOrigins,
    check: impl Fn(&Card) -> Result<(), QueryFailure>,
) -> Vec<ModelFault> {
    let cards = compiler.model.cards.iter();
    // A card over one that could not be read has no fault of its own.
    let has_source = |card: &&Card| {
        let source = card.source_card_id;
        source.is_none_or(|id| compiler.model.cards.iter().any(|card| card.id == id))
    };
    let sound = cards
        .filter(|card| !origins.broken.contains(&card.id))
        .filter(has_source);
    sound
        .filter_map(|card| {
            check(card)
                .err()
                .map(|failure| origins.fault(card, &failure.error))
        })
        .collect()
}

fn prepare(compiler: MbqlCompiler<'_>, card: &Card) -> Result<(), QueryFailure> {
    let sql = match card.native_stage() {
        Some(stage) => native::render_everything(compiler, stage)?,
        None => compiler.compile(&card.dataset_query, None)?.sql,
    };
    compiler.pool.with(|connection| {
        connection.prepare(&sql.sql)?;
        Ok::<_, QueryFailure>(())
    })?;
    if card.kind == CardKind::Metric && card.dimensions.is_some() {
        crate::query::wide_of_card(compiler, card)?;
    }
    Ok(())
}

/// A parameter that stands nowhere in the SQL filters nothing, whatever it is set to.
fn unused_parameters(card: &Card) -> Result<(), QueryFailure> {
    let Some(stage) = card.native_stage() else {
        return Ok(());
    };
    let sql = stage.get("native").and_then(Value::as_str).unwrap_or_default();
    let written = native::tag_names(sql);
    let tags = stage.get("template-tags").and_then(Value::as_object);
    let mut names = tags.into_iter().flat_map(|tags| tags.keys());
    match names.find(|name| !written.contains(name)) {
        Some(name) => Err(QueryFailure::invalid(format!(
            "parameters: its SQL has no {{{{{name}}}}}, so that \"{name}\" filters nothing"
        ))),
        None => Ok(()),
    }
}

/// Descriptions of columns that the card does not return are mistakes in a name.
fn unknown_columns(card: &Card, cols: &[Value]) -> Result<(), QueryFailure> {
    let names: Vec<&str> = cols
        .iter()
        .filter_map(|column| column.get("name").and_then(Value::as_str))
        .collect();
    match card.columns.keys().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err(QueryFailure::invalid(format!(
            "columns: it returns no \"{name}\"; it returns: {}",
            names.join(", ")
        ))),
        None => Ok(()),
    }
}
