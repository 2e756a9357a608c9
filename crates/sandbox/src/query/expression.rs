use rusqlite::types::Value as SqlValue;
use serde_json::{Value, json};

use super::clause::{MbqlClause, list};
use super::column::{ColumnOrigin, QueryColumn};
use super::fragment::{SqlFragment, bindable};
use super::outcome::QueryFailure;
use super::source::own_column;
use super::stage::{ForeignKeyJoin, MbqlStage, SqlExpression};
use super::unit::TemporalUnit;
use crate::db::quote;

impl MbqlStage<'_> {
    /// A value for each row: a field, an expression, arithmetic, an extraction or a literal.
    pub(crate) fn expression(&mut self, value: &Value) -> Result<SqlExpression, QueryFailure> {
        let Some(clause) = MbqlClause::parse(value) else {
            return literal(value);
        };
        match (clause.op, clause.args) {
            ("field", [target, ..]) => self.field(clause, target),
            ("expression", [Value::String(name), ..]) => self.named_expression(name),
            ("value", [inner, ..]) => literal(inner),
            ("+" | "-" | "*" | "/", args) => {
                let args = args
                    .iter()
                    .map(|arg| self.expression(arg))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(arithmetic(clause, args))
            }
            (
                "coalesce" | "abs" | "round" | "lower" | "upper" | "trim" | "ltrim" | "rtrim" | "length",
                args,
            ) => {
                let args = args
                    .iter()
                    .map(|arg| self.expression(arg))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(function(clause, args))
            }
            ("temporal-extract", [inner, Value::String(unit), ..]) => self.extraction(clause, inner, unit),
            (op, [inner, ..]) => match extraction_unit(op, clause) {
                Some(unit) => self.extraction(clause, inner, unit),
                None => Err(QueryFailure::invalid(format!(
                    "cannot compile the clause \"{op}\""
                ))),
            },
            (op, []) => Err(QueryFailure::invalid(format!(
                "the clause \"{op}\" has no arguments"
            ))),
        }
    }

    fn field(&mut self, clause: MbqlClause<'_>, target: &Value) -> Result<SqlExpression, QueryFailure> {
        let mut expr = match (target, clause.int_option("source-field")) {
            (Value::String(name), _) => {
                self.own(self.source.by_name(name), || format!("Field \"{name}\""))?
            }
            (target, source_field) => {
                let id = target.as_i64().ok_or_else(|| {
                    QueryFailure::invalid(format!(
                        "a field is named by a numeric id or a name, not by {target}"
                    ))
                })?;
                match source_field {
                    Some(source) => self.joined(id, source)?,
                    None => self.own(self.source.by_field(id), || format!("Field {id}"))?,
                }
            }
        };
        match clause.text_option("temporal-unit") {
            None | Some("default") => Ok(expr),
            Some(name) => {
                apply_unit(&mut expr, name)?;
                Ok(expr)
            }
        }
    }

    fn own(
        &self,
        column: Option<&QueryColumn>,
        what: impl Fn() -> String,
    ) -> Result<SqlExpression, QueryFailure> {
        let Some(column) = column else {
            let known: Vec<&str> = self
                .source
                .columns
                .iter()
                .map(|column| column.name.as_str())
                .collect();
            return Err(QueryFailure::invalid(format!(
                "{} does not exist in this query's source; it has: {}",
                what(),
                known.join(", ")
            )));
        };
        Ok(SqlExpression {
            sql: SqlFragment::text(self.source.qualified(column)),
            column: column.clone(),
        })
    }

    /// A column of the table that one of the source's foreign keys points at.
    fn joined(&mut self, id: i64, source_field: i64) -> Result<SqlExpression, QueryFailure> {
        let model = self.compiler.model;
        // A result that already carries the joined column is read, not joined again.
        let carried = self.source.columns.iter().find(|column| {
            column.source_field_id == Some(source_field)
                && column.field.as_ref().is_some_and(|field| field.id == id)
        });
        if let Some(column) = carried {
            return self.own(Some(column), String::new);
        }
        let key = self.own(self.source.by_field(source_field), || {
            format!("Foreign key field {source_field}")
        })?;
        let key_field = model.field(source_field).map(|(_, field)| field);
        let target = key_field
            .and_then(|field| field.fk_target_field_id)
            .and_then(|target| model.field(target));
        let (Some(key_field), Some((table, target_key))) = (key_field, target) else {
            return Err(QueryFailure::invalid(format!(
                "Field {source_field} is not a foreign key"
            )));
        };
        let field = table
            .visible_fields()
            .find(|field| field.id == id)
            .ok_or_else(|| {
                QueryFailure::invalid(format!(
                    "Field {id} is not in table \"{}\", where {source_field} leads",
                    table.name
                ))
            })?;
        let alias = format!("{}__via__{}", table.name, key_field.name);
        if !self.joins.iter().any(|join| join.alias == alias) {
            let sql = format!(
                " LEFT JOIN {} AS {} ON {} = {}.{}",
                quote(&table.name),
                quote(&alias),
                key.sql.sql,
                quote(&alias),
                quote(&target_key.name)
            );
            self.joins.push(ForeignKeyJoin {
                alias: alias.clone(),
                sql,
            });
        }
        let mut column = own_column(field);
        column.display_name = format!("{} → {}", path_name(&key_field.display_name), field.display_name);
        column.source_field_id = Some(source_field);
        column.field_ref = json!(["field", field.id, {"source-field": source_field}]);
        Ok(SqlExpression {
            sql: SqlFragment::text(format!("{}.{}", quote(&alias), quote(&field.name))),
            column,
        })
    }

    fn named_expression(&mut self, name: &str) -> Result<SqlExpression, QueryFailure> {
        let stage = self.clauses;
        let named = |clause: &&Value| {
            MbqlClause::parse(clause).and_then(|clause| clause.text_option("lib/expression-name"))
                == Some(name)
        };
        let clause = list(stage, "expressions").iter().find(named);
        let clause =
            clause.ok_or_else(|| QueryFailure::invalid(format!("no expression named \"{name}\"")))?;
        self.expression(clause)
    }

    fn extraction(
        &mut self,
        clause: MbqlClause<'_>,
        inner: &Value,
        unit: &str,
    ) -> Result<SqlExpression, QueryFailure> {
        let mut expr = self.expression(inner)?;
        apply_unit(&mut expr, unit)?;
        if let Some(name) = clause.text_option("lib/expression-name") {
            name_it(&mut expr.column, name);
            expr.column.field = None;
        }
        Ok(expr)
    }
}

/// The way to a table as shown: the key's name without `ID`.
pub(crate) fn path_name(key_display_name: &str) -> &str {
    key_display_name.strip_suffix(" ID").unwrap_or(key_display_name)
}

fn apply_unit(expr: &mut SqlExpression, name: &str) -> Result<(), QueryFailure> {
    let unit = TemporalUnit::parse(name)
        .ok_or_else(|| QueryFailure::invalid(format!("unknown temporal unit \"{name}\"")))?;
    let column = &mut expr.column;
    if !column.is_temporal() {
        let told = format!(
            "\"{}\" is {}: it has no temporal unit {name}",
            column.name, column.base_type
        );
        return Err(QueryFailure::invalid(told));
    }
    expr.sql.sql = unit.sql(&expr.sql.sql);
    if unit.extracts() {
        "type/Integer".clone_into(&mut column.base_type);
        column.semantic_type = None;
    }
    column.display_name = format!("{}: {}", column.display_name, unit.title());
    column.unit = Some(unit);
    column.unit_name = Some(name.to_owned());
    if let Some(Value::Object(options)) = column.field_ref.get_mut(2) {
        options.insert("temporal-unit".to_owned(), json!(name));
    } else if let Some(options) = column.field_ref.get_mut(2) {
        *options = json!({"temporal-unit": name});
    }
    Ok(())
}

fn extraction_unit(op: &str, clause: MbqlClause<'_>) -> Option<&'static str> {
    let iso = clause.args.get(1).and_then(Value::as_str) == Some("iso");
    Some(match op {
        "get-year" => "year-of-era",
        "get-quarter" => "quarter-of-year",
        "get-month" => "month-of-year",
        "get-week" if iso => "week-of-year-iso",
        "get-week" => "week-of-year",
        "get-day" => "day-of-month",
        "get-day-of-week" if iso => "day-of-week-iso",
        "get-day-of-week" => "day-of-week",
        "get-hour" => "hour-of-day",
        "get-minute" => "minute-of-hour",
        "get-second" => "second-of-minute",
        _ => return None,
    })
}

fn literal(value: &Value) -> Result<SqlExpression, QueryFailure> {
    let bound = bindable(value)
        .filter(|bound| *bound != SqlValue::Null)
        .ok_or_else(|| QueryFailure::invalid(format!("not a clause and not a scalar: {value}")))?;
    let base_type = match bound {
        SqlValue::Integer(_) => "type/Integer",
        SqlValue::Real(_) => "type/Float",
        _ => "type/Text",
    };
    Ok(SqlExpression {
        sql: SqlFragment::value(bound),
        column: computed("expression", "Expression", base_type),
    })
}

/// A column with nothing behind it.
pub(super) fn computed(name: &str, display_name: &str, base_type: &str) -> QueryColumn {
    QueryColumn {
        name: name.to_owned(),
        display_name: display_name.to_owned(),
        base_type: base_type.to_owned(),
        semantic_type: None,
        origin: ColumnOrigin::Fields,
        field: None,
        source_field_id: None,
        unit: None,
        unit_name: None,
        description: None,
        field_ref: json!(["expression", name]),
    }
}

fn name_it(column: &mut QueryColumn, name: &str) {
    name.clone_into(&mut column.name);
    name.clone_into(&mut column.display_name);
    column.field_ref = json!(["expression", name]);
}

/// `+ - * /` over compiled arguments, aggregated or not. Division is never whole-number division.
pub(super) fn arithmetic(clause: MbqlClause<'_>, args: Vec<SqlExpression>) -> SqlExpression {
    let whole = args.iter().all(|arg| arg.column.base_type == "type/Integer") && clause.op != "/";
    let pieces = args
        .into_iter()
        .enumerate()
        .map(|(at, arg)| match (clause.op, at) {
            ("/", 0) => arg.sql.wrap("CAST(", " AS REAL)"),
            ("/", _) => arg.sql.wrap("NULLIF(", ", 0)"),
            _ => arg.sql,
        });
    let sql = SqlFragment::join(pieces, &format!(" {} ", clause.op)).wrap("(", ")");
    let mut column = computed(
        "expression",
        "Expression",
        if whole { "type/Integer" } else { "type/Float" },
    );
    if let Some(name) = clause.text_option("lib/expression-name") {
        name_it(&mut column, name);
    }
    SqlExpression { sql, column }
}

fn function(clause: MbqlClause<'_>, args: Vec<SqlExpression>) -> SqlExpression {
    let first = args
        .first()
        .map_or("type/Float", |arg| arg.column.base_type.as_str())
        .to_owned();
    let first = if clause.op == "length" {
        "type/Integer".to_owned()
    } else {
        first
    };
    let sql =
        SqlFragment::join(args.into_iter().map(|arg| arg.sql), ", ").wrap(&format!("{}(", clause.op), ")");
    let mut column = computed("expression", "Expression", &first);
    if let Some(name) = clause.text_option("lib/expression-name") {
        name_it(&mut column, name);
    }
    SqlExpression { sql, column }
}
