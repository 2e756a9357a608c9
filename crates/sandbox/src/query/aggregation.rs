use serde_json::Value;

use super::clause::{MbqlClause, list};
use super::expression::{arithmetic, computed};
use super::fragment::SqlFragment;
use super::outcome::QueryFailure;
use super::stage::{MbqlStage, SqlExpression};
use crate::semantic::Card;

impl<'a> MbqlStage<'a> {
    /// A value for each group. Names are the server's: `count, sum, avg, min, max, ...`.
    pub(crate) fn aggregation(&mut self, value: &Value) -> Result<SqlExpression, QueryFailure> {
        let Some(clause) = MbqlClause::parse(value) else {
            return self.expression(value);
        };
        let mut expr = match (clause.op, clause.args) {
            ("count" | "distinct" | "sum" | "avg" | "min" | "max", args) => {
                self.simple(clause.op, args.first())?
            }
            ("count-where" | "share", [condition, ..]) => self.counted(clause.op, condition)?,
            ("sum-where", [inner, condition, ..]) => self.sum_where(inner, condition)?,
            ("measure", [id, ..]) => self.measure(id)?,
            ("metric", [id, ..]) => self.metric(id)?,
            ("+" | "-" | "*" | "/", args) => {
                let args = args
                    .iter()
                    .map(|arg| self.aggregation(arg))
                    .collect::<Result<Vec<_>, _>>()?;
                arithmetic(clause, args)
            }
            _ => return Err(QueryFailure::invalid(format!("not an aggregation: {value}"))),
        };
        if let Some(name) = clause.text_option("name") {
            name.clone_into(&mut expr.column.name);
        }
        if let Some(name) = clause.text_option("display-name") {
            name.clone_into(&mut expr.column.display_name);
        }
        Ok(expr)
    }

    fn simple(&mut self, op: &str, inner: Option<&Value>) -> Result<SqlExpression, QueryFailure> {
        let inner = inner.map(|inner| self.expression(inner)).transpose()?;
        let Some(inner) = inner else {
            if op != "count" {
                return Err(QueryFailure::invalid(format!(
                    "the aggregation \"{op}\" needs a field"
                )));
            }
            return Ok(self.restricted(SqlFragment::text("COUNT(*)"), "count", "Count", "type/Integer"));
        };
        let of = &inner.column.display_name;
        let own_type = inner.column.base_type.as_str();
        if matches!(op, "sum" | "avg") {
            is_added_up(op, of, own_type)?;
        }
        let (open, name, title, base_type) = match op {
            "count" => ("COUNT(", "count", "Count".to_owned(), "type/Integer"),
            "distinct" => (
                "COUNT(DISTINCT ",
                "count",
                format!("Distinct values of {of}"),
                "type/Integer",
            ),
            "sum" => ("SUM(", "sum", format!("Sum of {of}"), own_type),
            "avg" => ("AVG(", "avg", format!("Average of {of}"), "type/Float"),
            "min" => ("MIN(", "min", format!("Min of {of}"), own_type),
            _ => ("MAX(", "max", format!("Max of {of}"), own_type),
        };
        let mut expr = self.restricted(inner.sql.wrap(open, ")"), name, &title, base_type);
        if matches!(op, "sum" | "avg" | "min" | "max") {
            expr.column.semantic_type = inner
                .column
                .semantic_type
                .filter(|kind| kind != "type/PK" && kind != "type/FK");
        }
        Ok(expr)
    }

    fn counted(&mut self, op: &str, condition: &Value) -> Result<SqlExpression, QueryFailure> {
        let condition = self.filter(condition)?;
        Ok(if op == "share" {
            let sql = condition.wrap("AVG(CASE WHEN ", " THEN 1.0 ELSE 0.0 END)");
            let mut expr = self.restricted(sql, "share", "Share of rows matching condition", "type/Float");
            expr.column.semantic_type = Some("type/Percentage".to_owned());
            expr
        } else {
            let sql = condition.wrap("SUM(CASE WHEN ", " THEN 1 ELSE 0 END)");
            self.restricted(
                sql,
                "count_where",
                "Count of rows matching condition",
                "type/Integer",
            )
        })
    }

    fn sum_where(&mut self, inner: &Value, condition: &Value) -> Result<SqlExpression, QueryFailure> {
        let condition = self.filter(condition)?;
        let inner = self.expression(inner)?;
        is_added_up("sum", &inner.column.display_name, &inner.column.base_type)?;
        let title = format!("Sum of {} matching condition", inner.column.display_name);
        let sql = condition
            .wrap("SUM(CASE WHEN ", " THEN ")
            .and(inner.sql)
            .then(" ELSE 0 END)");
        Ok(self.restricted(sql, "sum_where", &title, &inner.column.base_type))
    }

    fn measure(&mut self, id: &Value) -> Result<SqlExpression, QueryFailure> {
        let measure = id.as_i64().and_then(|id| self.compiler.model.measure(id));
        let measure = measure.ok_or_else(|| QueryFailure::invalid(format!("Measure {id} does not exist")))?;
        if self.source.table.map(|table| table.id) != Some(measure.table_id) {
            let told = format!(
                "Measure {id} (\"{}\") belongs to another table than the query's",
                measure.name
            );
            return Err(QueryFailure::invalid(told));
        }
        let mut expr = self.deeper(|stage| stage.aggregation(&measure.aggregation))?;
        expr.column.display_name.clone_from(&measure.name);
        expr.column.description.clone_from(&measure.description);
        Ok(expr)
    }

    /// A metric's aggregation. Its filters restrict the whole stage when it is the only aggregation, else itself.
    fn metric(&mut self, id: &Value) -> Result<SqlExpression, QueryFailure> {
        let card = self.metric_card(id)?;
        let Some(stage) = list(&card.dataset_query, "stages").first() else {
            return Err(QueryFailure::invalid(format!("Metric {id} has no query")));
        };
        let Some(aggregation) = list(stage, "aggregation").first() else {
            return Err(QueryFailure::invalid(format!("Metric {id} has no aggregation")));
        };
        let outer = self.condition.clone();
        if self.only_metric().is_none() {
            let mut conditions: Vec<SqlFragment> = outer.clone().into_iter().collect();
            for filter in list(stage, "filters") {
                conditions.push(self.filter(filter)?.wrap("(", ")"));
            }
            self.condition = Some(conditions)
                .filter(|all| !all.is_empty())
                .map(|all| SqlFragment::join(all, " AND "));
        }
        let compiled = self.deeper(|stage| stage.aggregation(aggregation));
        self.condition = outer;
        let mut expr = compiled?;
        expr.column.display_name.clone_from(&card.name);
        expr.column.description.clone_from(&card.description);
        Ok(expr)
    }

    /// The filters of the metric that is the stage's only aggregation.
    pub(super) fn metric_filters(&mut self) -> Result<Vec<SqlFragment>, QueryFailure> {
        let mut filters = Vec::new();
        let mut next = self.only_metric().cloned();
        let mut seen = 0;
        while let Some(id) = next.take() {
            let card = self.metric_card(&id)?;
            let Some(stage) = list(&card.dataset_query, "stages").first() else {
                break;
            };
            for filter in list(stage, "filters") {
                filters.push(self.filter(filter)?);
            }
            // A metric on a metric brings the filters of both.
            seen += 1;
            next = sole_metric(stage).filter(|_| seen < 10).cloned();
        }
        Ok(filters)
    }

    fn metric_card(&self, id: &Value) -> Result<&'a Card, QueryFailure> {
        let model = self.compiler.model;
        let card = id.as_i64().and_then(|id| model.metric(id));
        let card = card.ok_or_else(|| QueryFailure::invalid(format!("Metric {id} does not exist")))?;
        let same_table = card.table_id.is_some() && card.table_id == self.source.table.map(|table| table.id);
        let same_card = card.source_card_id.is_some() && card.source_card_id == self.source.card_id;
        if !same_table && !same_card {
            let told = format!(
                "Metric {id} (\"{}\") has another source than the query's",
                card.name
            );
            return Err(QueryFailure::invalid(told));
        }
        Ok(card)
    }

    fn only_metric(&self) -> Option<&'a Value> {
        sole_metric(self.clauses)
    }

    fn restricted(&self, sql: SqlFragment, name: &str, title: &str, base_type: &str) -> SqlExpression {
        let sql = match &self.condition {
            Some(condition) => sql.then(" FILTER (WHERE ").and(condition.clone()).then(")"),
            None => sql,
        };
        SqlExpression {
            sql,
            column: computed(name, title, base_type),
        }
    }

    fn deeper<T>(
        &mut self,
        compile: impl FnOnce(&mut Self) -> Result<T, QueryFailure>,
    ) -> Result<T, QueryFailure> {
        let compiler = self.compiler;
        self.compiler = compiler.deeper()?;
        let outcome = compile(self);
        self.compiler = compiler;
        outcome
    }
}

/// The id of the metric that is a stage's only aggregation.
fn sole_metric(stage: &Value) -> Option<&Value> {
    match list(stage, "aggregation") {
        [only] => MbqlClause::parse(only)
            .filter(|clause| clause.op == "metric")?
            .args
            .first(),
        _ => None,
    }
}

/// Refuses what a database refuses to add up, and SQLite reads as zero.
fn is_added_up(op: &str, of: &str, base_type: &str) -> Result<(), QueryFailure> {
    let kind = base_type.trim_start_matches("type/");
    if matches!(
        kind,
        "Text" | "Boolean" | "Date" | "DateTime" | "DateTimeWithTZ" | "Time"
    ) {
        let told = format!("the aggregation \"{op}\" needs numbers, and {of} is of {base_type}");
        return Err(QueryFailure::invalid(told));
    }
    Ok(())
}
