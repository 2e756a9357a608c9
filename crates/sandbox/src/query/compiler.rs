use jiff::civil::Date;
use serde_json::Value;

use super::clause::list;
use super::column::{QueryColumn, describe};
use super::execute::{native_column, native_columns};
use super::fragment::SqlFragment;
use super::outcome::QueryFailure;
use super::source::StageSource;
use super::stage::MbqlStage;
use crate::db::SqlitePool;
use crate::facts::FactCache;
use crate::native;
use crate::semantic::{Card, SemanticModel};

/// Cards on cards on cards end somewhere.
const MAX_DEPTH: usize = 10;

/// SQL with what its columns are.
#[derive(Debug, Clone)]
pub(crate) struct CompiledQuery {
    pub(crate) sql: SqlFragment,
    pub(crate) columns: Vec<QueryColumn>,
}

/// Turns resolved MBQL 5 into SQL.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MbqlCompiler<'a> {
    pub(crate) pool: &'a SqlitePool,
    pub(crate) facts: &'a FactCache,
    pub(crate) model: &'a SemanticModel,
    pub(crate) today: Date,
    depth: usize,
}

impl<'a> MbqlCompiler<'a> {
    pub(crate) fn new(
        pool: &'a SqlitePool,
        facts: &'a FactCache,
        model: &'a SemanticModel,
        today: Date,
    ) -> Self {
        Self {
            pool,
            facts,
            model,
            today,
            depth: 0,
        }
    }

    /// The same, one card or metric deeper.
    pub(crate) fn deeper(self) -> Result<Self, QueryFailure> {
        if self.depth >= MAX_DEPTH {
            return Err(QueryFailure::invalid(format!(
                "cards refer to each other more than {MAX_DEPTH} deep"
            )));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }

    /// Compiles all stages; the last one gives at most `cap` rows.
    pub(crate) fn compile(self, query: &Value, cap: Option<u64>) -> Result<CompiledQuery, QueryFailure> {
        let stages = list(query, "stages");
        let Some((first, rest)) = stages.split_first() else {
            return Err(QueryFailure::invalid("the query has no stages"));
        };
        let cap_of_first = cap.filter(|_| rest.is_empty());
        let mut compiled = if first.get("native").is_some() {
            self.native(first)?
        } else {
            MbqlStage::new(self, self.source(first)?, first)?.compile(cap_of_first)?
        };
        for (at, stage) in rest.iter().enumerate() {
            let source = StageSource::subquery(compiled.sql, compiled.columns, None);
            let cap = cap.filter(|_| at + 1 == rest.len());
            compiled = MbqlStage::new(self, source, stage)?.compile(cap)?;
        }
        Ok(compiled)
    }

    /// A card's query as it runs when nobody sends parameters.
    pub(crate) fn card(self, card: &Card) -> Result<CompiledQuery, QueryFailure> {
        let deeper = self.deeper()?;
        self.facts.card(card.id, || {
            let mut compiled = match (card.native_stage(), self.facts.card_columns(card.id)) {
                (Some(stage), Some(columns)) => {
                    let columns = columns.iter().map(|(name, kind)| native_column(name, kind));
                    CompiledQuery {
                        sql: native::render_defaults(deeper, stage)?,
                        columns: columns.collect(),
                    }
                }
                _ => deeper.compile(&card.dataset_query, None)?,
            };
            describe(&mut compiled.columns, &card.columns);
            Ok(compiled)
        })
    }

    fn native(self, stage: &Value) -> Result<CompiledQuery, QueryFailure> {
        let sql = native::render_defaults(self, stage)?;
        let columns = native_columns(self.pool, &sql)?;
        Ok(CompiledQuery { sql, columns })
    }

    fn source(self, stage: &Value) -> Result<StageSource<'a>, QueryFailure> {
        if let Some(id) = stage.get("source-table").and_then(Value::as_i64) {
            let table = self.model.table(id);
            return table.map(StageSource::table).ok_or_else(|| {
                QueryFailure::invalid(format!(
                    "Table {id} does not exist, or belongs to a different Database."
                ))
            });
        }
        if let Some(id) = stage.get("source-card").and_then(Value::as_i64) {
            let missing = || {
                QueryFailure::invalid(format!(
                    "Card {id} does not exist, or belongs to a different Database."
                ))
            };
            let card = self.model.card(id).ok_or_else(missing)?;
            let compiled = self.card(card)?;
            return Ok(StageSource::subquery(compiled.sql, compiled.columns, Some(id)));
        }
        Err(QueryFailure::invalid(
            "the first stage has neither source-table nor source-card with a numeric id",
        ))
    }
}
