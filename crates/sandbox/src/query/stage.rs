use serde_json::Value;

use super::clause::{MbqlClause, list};
use super::column::{ColumnOrigin, QueryColumn, unique_name};
use super::compiler::{CompiledQuery, MbqlCompiler};
use super::fragment::SqlFragment;
use super::outcome::QueryFailure;
use super::source::StageSource;
use crate::db::quote;

/// A clause compiled, with what the column would be that it gives.
#[derive(Debug, Clone)]
pub(crate) struct SqlExpression {
    pub(crate) sql: SqlFragment,
    pub(crate) column: QueryColumn,
}

/// A table reached through a foreign key.
#[derive(Debug)]
pub(super) struct ForeignKeyJoin {
    pub(super) alias: String,
    pub(super) sql: String,
}

#[derive(Debug)]
pub(crate) struct MbqlStage<'a> {
    pub(super) compiler: MbqlCompiler<'a>,
    pub(super) source: StageSource<'a>,
    pub(super) clauses: &'a Value,
    pub(super) joins: Vec<ForeignKeyJoin>,
    /// What every aggregate is restricted to, while a metric with filters is compiled among others.
    pub(super) condition: Option<SqlFragment>,
}

impl<'a> MbqlStage<'a> {
    /// A stage over its source. Only what is supported may be in it.
    pub(crate) fn new(
        compiler: MbqlCompiler<'a>,
        source: StageSource<'a>,
        stage: &'a Value,
    ) -> Result<Self, QueryFailure> {
        if !list(stage, "joins").is_empty() {
            return Err(QueryFailure::invalid(
                "explicit joins are not supported: use fields through foreign keys",
            ));
        }
        Ok(Self {
            compiler,
            source,
            clauses: stage,
            joins: Vec::new(),
            condition: None,
        })
    }

    /// The whole stage as one SELECT with at most `cap` rows.
    pub(crate) fn compile(mut self, cap: Option<u64>) -> Result<CompiledQuery, QueryFailure> {
        let selected = self.selected()?;
        let mut filters = self.metric_filters()?;
        for filter in list(self.clauses, "filters") {
            filters.push(self.filter(filter)?);
        }
        let order = self.order(&selected)?;
        let limit = self.limit(cap)?;
        let groups = selected
            .iter()
            .filter(|expr| expr.column.origin == ColumnOrigin::Breakout)
            .count();

        let list = selected.iter().map(|expr| {
            expr.sql
                .clone()
                .then(&format!(" AS {}", quote(&expr.column.name)))
        });
        let mut sql = SqlFragment::text("SELECT ")
            .and(SqlFragment::join(list, ", "))
            .then(" FROM ");
        sql = sql.and(std::mem::take(&mut self.source.from));
        for join in &self.joins {
            sql = sql.then(&join.sql);
        }
        if !filters.is_empty() {
            let filters = filters.into_iter().map(|filter| filter.wrap("(", ")"));
            sql = sql.then(" WHERE ").and(SqlFragment::join(filters, " AND "));
        }
        if groups > 0 {
            let places: Vec<String> = (1..=groups).map(|place| place.to_string()).collect();
            sql = sql.then(&format!(" GROUP BY {}", places.join(", ")));
        }
        if !order.is_empty() {
            sql = sql.then(" ORDER BY ").and(SqlFragment::join(order, ", "));
        }
        let sql = sql.then(&limit);
        Ok(CompiledQuery {
            sql,
            columns: selected.into_iter().map(|expr| expr.column).collect(),
        })
    }

    /// The columns in order, with unique names: breakouts and aggregations, or fields.
    fn selected(&mut self) -> Result<Vec<SqlExpression>, QueryFailure> {
        let stage = self.clauses;
        let mut selected: Vec<SqlExpression> = Vec::new();
        for clause in list(stage, "breakout") {
            let mut expr = self.expression(clause)?;
            expr.column.origin = ColumnOrigin::Breakout;
            selected.push(expr);
        }
        for (at, clause) in list(stage, "aggregation").iter().enumerate() {
            let mut expr = self.aggregation(clause)?;
            expr.column.origin = ColumnOrigin::Aggregation;
            expr.column.field_ref = serde_json::json!(["aggregation", at]);
            selected.push(expr);
        }
        if selected.is_empty() {
            selected = self.plain_fields()?;
        }
        let mut named: Vec<SqlExpression> = Vec::with_capacity(selected.len());
        for mut expr in selected {
            let taken = |name: &str| {
                named
                    .iter()
                    .any(|other| other.column.name.eq_ignore_ascii_case(name))
            };
            expr.column.name = unique_name(&expr.column.name, taken);
            named.push(expr);
        }
        Ok(named)
    }

    fn plain_fields(&mut self) -> Result<Vec<SqlExpression>, QueryFailure> {
        let stage = self.clauses;
        let fields = list(stage, "fields");
        if !fields.is_empty() {
            return fields.iter().map(|clause| self.expression(clause)).collect();
        }
        let own = self.source.columns.iter().map(|column| SqlExpression {
            sql: SqlFragment::text(self.source.qualified(column)),
            column: column.clone(),
        });
        let mut all: Vec<SqlExpression> = own.collect();
        for clause in list(stage, "expressions") {
            all.push(self.expression(clause)?);
        }
        Ok(all)
    }

    fn order(&mut self, selected: &[SqlExpression]) -> Result<Vec<SqlFragment>, QueryFailure> {
        let stage = self.clauses;
        let mut order = Vec::new();
        let mut ordered = Vec::new();
        for clause in list(stage, "order-by") {
            let (direction, target) = match MbqlClause::parse(clause) {
                Some(MbqlClause {
                    op: "asc",
                    args: [target, ..],
                    ..
                }) => ("ASC", target),
                Some(MbqlClause {
                    op: "desc",
                    args: [target, ..],
                    ..
                }) => ("DESC", target),
                _ => return Err(QueryFailure::invalid(format!("not an order-by clause: {clause}"))),
            };
            let (place, sql) = self.order_target(target, selected)?;
            ordered.extend(place);
            order.push(sql.then(&format!(" {direction}")));
        }
        // Groups come in the order of what they are grouped by unless the query says otherwise.
        for (at, expr) in selected.iter().enumerate() {
            if expr.column.origin == ColumnOrigin::Breakout && !ordered.contains(&at) {
                order.push(SqlFragment::text(format!("{} ASC", at + 1)));
            }
        }
        Ok(order)
    }

    fn order_target(
        &mut self,
        target: &Value,
        selected: &[SqlExpression],
    ) -> Result<(Option<usize>, SqlFragment), QueryFailure> {
        let place = match MbqlClause::parse(target) {
            Some(MbqlClause {
                op: "aggregation",
                args: [reference, ..],
                ..
            }) => Some(self.aggregation_place(reference, selected)?),
            _ => None,
        };
        if let Some(at) = place {
            return Ok((Some(at), SqlFragment::text((at + 1).to_string())));
        }
        let expr = self.expression(target)?;
        let same = selected.iter().position(|other| other.sql == expr.sql);
        Ok((
            same,
            same.map_or(expr.sql, |at| SqlFragment::text((at + 1).to_string())),
        ))
    }

    /// An aggregation by its place among the aggregations or by its `lib/uuid`.
    fn aggregation_place(
        &self,
        reference: &Value,
        selected: &[SqlExpression],
    ) -> Result<usize, QueryFailure> {
        let aggregations = list(self.clauses, "aggregation");
        let index = match reference {
            Value::String(uuid) => aggregations.iter().position(|clause| {
                MbqlClause::parse(clause).and_then(|clause| clause.text_option("lib/uuid"))
                    == Some(uuid.as_str())
            }),
            other => other.as_u64().and_then(|index| usize::try_from(index).ok()),
        };
        let index = index.filter(|index| *index < aggregations.len()).ok_or_else(|| {
            QueryFailure::invalid(format!(
                "no aggregation {reference}: the stage has {}",
                aggregations.len()
            ))
        })?;
        let breakouts = selected
            .iter()
            .filter(|expr| expr.column.origin == ColumnOrigin::Breakout)
            .count();
        Ok(breakouts + index)
    }

    /// ` LIMIT n OFFSET m` of `limit`, `page` and the cap together; empty when there is none.
    fn limit(&self, cap: Option<u64>) -> Result<String, QueryFailure> {
        let positive = |value: &Value, what: &str| {
            value
                .as_u64()
                .filter(|n| *n > 0 && i64::try_from(*n).is_ok())
                .ok_or_else(|| {
                    QueryFailure::invalid(format!("{what} must be a positive integer, got {value}"))
                })
        };
        let limit = self.clauses.get("limit").filter(|limit| !limit.is_null());
        let limit = limit.map(|limit| positive(limit, "limit")).transpose()?;
        let Some(page) = self.clauses.get("page").filter(|page| !page.is_null()) else {
            let rows = limit.into_iter().chain(cap).min();
            return Ok(rows.map(|rows| format!(" LIMIT {rows}")).unwrap_or_default());
        };
        let number = positive(page.get("page").unwrap_or(&Value::Null), "page")?;
        let items = positive(page.get("items").unwrap_or(&Value::Null), "page items")?;
        let offset = items.saturating_mul(number - 1);
        let left = limit.map(|limit| limit.saturating_sub(offset));
        let rows = left.into_iter().chain(cap).fold(items, u64::min);
        Ok(format!(
            " LIMIT {rows} OFFSET {}",
            offset.min(i64::MAX.unsigned_abs())
        ))
    }
}
