use serde_json::{Map, Value, json};

use super::operators::{EARLIER, is_aggregation, is_filter};
use super::problem::rejected;
use super::shape::CLAUSE_KEYS;
use super::source::{shown, table};
use crate::error::ApiError;
use crate::query::{MbqlClause, WideField};
use crate::routes::agent::construct::clauses::ClauseBuilder;
use crate::semantic::{Access, FieldMetadata, SemanticModel};
use crate::world::World;

/// A stage whose names are being resolved.
struct NameScope<'a> {
    model: &'a SemanticModel,
    access: &'a Access,
    clauses: ClauseBuilder,
    /// The columns that the stage can use.
    columns: Vec<WideField>,
    /// The names of the figures of the stage before.
    figures_before: Vec<String>,
    /// The table that the stage reads, when it reads one.
    table_id: Option<i64>,
}

/// A repaired query with ids instead of names.
pub(super) fn query(world: &World, access: &Access, repaired: &Value) -> Result<Value, ApiError> {
    let model = world.model();
    let mut scope = NameScope {
        model,
        access,
        clauses: ClauseBuilder::of(repaired.to_string().as_bytes()),
        columns: Vec::new(),
        figures_before: Vec::new(),
        table_id: None,
    };
    let mut stages: Vec<Value> = Vec::new();
    for (at, stage) in repaired
        .get("stages")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .enumerate()
    {
        if at == 0 {
            scope.read_source(world, stage)?;
        } else {
            scope.read_stage_before(world, &stages)?;
        }
        stages.push(scope.stage(stage)?);
    }
    Ok(json!({
        "lib/type": "mbql/query",
        "database": model.database.id,
        "stages": stages,
    }))
}

impl NameScope<'_> {
    fn read_source(&mut self, world: &World, stage: &Value) -> Result<(), ApiError> {
        if let Some(path) = stage.get("source-table").and_then(Value::as_array) {
            let table = table(self.model, path)?;
            self.table_id = Some(table.id);
            self.columns = world.wide_fields_of_table(table.id);
            return Ok(());
        }
        let id = self.card(stage.get("source-card").unwrap_or(&Value::Null))?;
        let card = self.model.card(id).ok_or_else(ApiError::not_found)?;
        let columns = world.wide_fields_of_card(card);
        self.columns = columns.map_err(|failure| ApiError::exception(failure.error))?;
        Ok(())
    }

    fn read_stage_before(&mut self, world: &World, stages: &[Value]) -> Result<(), ApiError> {
        let length = |key: &str| {
            let list = stages
                .last()
                .and_then(|stage| stage.get(key))
                .and_then(Value::as_array);
            list.map_or(0, Vec::len)
        };
        let columns = world.result_fields(&json!({ "stages": stages }));
        self.columns = columns.map_err(|failure| rejected("query-not-runnable", failure.error, json!({})))?;
        let figures = self
            .columns
            .iter()
            .skip(length("breakout"))
            .take(length("aggregation"));
        self.figures_before = figures.map(|column| column.name.clone()).collect();
        self.table_id = None;
        Ok(())
    }

    fn stage(&mut self, stage: &Value) -> Result<Value, ApiError> {
        let mut resolved = Map::from_iter([("lib/type".to_owned(), json!("mbql.stage/mbql"))]);
        if let Some(id) = self.table_id {
            resolved.insert("source-table".to_owned(), json!(id));
        } else if let Some(card) = stage.get("source-card") {
            resolved.insert("source-card".to_owned(), json!(self.card(card)?));
        }
        if stage
            .get("joins")
            .and_then(Value::as_array)
            .is_some_and(|joins| !joins.is_empty())
        {
            let message =
                "Explicit joins are not supported by this database; use columns through foreign keys.";
            return Err(rejected("query-not-runnable", message, json!({})));
        }
        for key in CLAUSE_KEYS {
            let Some(list) = stage.get(key).and_then(Value::as_array) else {
                continue;
            };
            for clause in list {
                check_place(key, clause)?;
            }
            let list: Vec<Value> = list
                .iter()
                .map(|clause| self.clause(clause))
                .collect::<Result<_, _>>()?;
            resolved.insert(key.to_owned(), Value::Array(list));
        }
        if let Some(limit) = stage.get("limit").filter(|limit| !limit.is_null()) {
            resolved.insert("limit".to_owned(), limit.clone());
        }
        Ok(Value::Object(resolved))
    }

    fn clause(&mut self, value: &Value) -> Result<Value, ApiError> {
        let Some(clause) = MbqlClause::parse(value).filter(|clause| clause.options.is_some()) else {
            return Ok(value.clone());
        };
        let options = clause.options.cloned().unwrap_or_default();
        match (clause.op, clause.args) {
            ("field", [target, ..]) => self.field(&options, target),
            ("figure-before", [Value::Number(at), ..]) => self.figure_before(at.as_u64()),
            ("metric", [entity_id, ..]) => {
                let id = self.card(entity_id)?;
                Ok(self.under_its_name("metric", options, [json!(id)]))
            }
            ("measure" | "segment", [entity_id, ..]) => {
                let id = self.named(clause.op, entity_id)?;
                Ok(self.under_its_name(clause.op, options, [json!(id)]))
            }
            ("aggregation", [name, ..]) => Ok(self.clauses.clause("aggregation", [name.clone()])),
            ("expression", [name, ..]) if name.as_str().is_none_or(|name| name.trim().is_empty()) => {
                let message = "An expression reference needs the name of an expression of this stage.";
                Err(rejected("blank-expression-ref", message, json!({})))
            }
            (op, _) if EARLIER.contains(&op) => {
                let message = format!(
                    "`{op}` is not an operator of this grammar. Every clause is `[\"op\", {{}}, ...args]` and columns are \
                     `[\"field\", {{}}, [<db>, <schema>, <table>, <column>]]`."
                );
                Err(rejected(
                    "sexp-legacy-op-as-clause",
                    message,
                    json!({ "operator": op }),
                ))
            }
            (op, args) => {
                let args: Vec<Value> = args
                    .iter()
                    .map(|arg| self.clause(arg))
                    .collect::<Result<_, _>>()?;
                Ok(self.under_its_name(op, options, args))
            }
        }
    }

    /// A clause under the `lib/uuid` that it came with: references to a figure use it.
    fn under_its_name(
        &mut self,
        op: &str,
        options: Map<String, Value>,
        args: impl IntoIterator<Item = Value>,
    ) -> Value {
        let kept = options.get("lib/uuid").cloned();
        let mut built = self.clauses.with_options(op, options, args);
        if let (Some(kept), Some(Value::Object(options))) = (kept, built.get_mut(1)) {
            options.insert("lib/uuid".to_owned(), kept);
        }
        built
    }

    fn field(&mut self, options: &Map<String, Value>, target: &Value) -> Result<Value, ApiError> {
        let field = match target {
            Value::String(name) => self.by_name(name)?,
            Value::Array(path) => self.by_path(path, options.get("source-field"))?,
            other => {
                let message = format!(
                    "Numeric field id {other} is not accepted. Use the portable path `[<db>, <schema>, <table>, \
                     <column>]`, or the name of a column of the stage before."
                );
                return Err(rejected("numeric-field-id", message, json!({ "field": other })));
            }
        };
        let unit = options.get("temporal-unit").and_then(Value::as_str);
        Ok(self.clauses.field(&field, unit))
    }

    /// A column of the stage before, or of the card that is read, by its name or by the name that people see.
    fn by_name(&self, name: &str) -> Result<WideField, ApiError> {
        let bare = name
            .strip_prefix('"')
            .and_then(|name| name.strip_suffix('"'))
            .unwrap_or(name);
        let own = self
            .columns
            .iter()
            .filter(|column| column.source_field_id.is_none());
        let matches: [fn(&WideField, &str) -> bool; 3] = [
            |column, name| column.name == name,
            |column, name| column.name.eq_ignore_ascii_case(name),
            |column, name| column.display_name.eq_ignore_ascii_case(name),
        ];
        let found = matches
            .into_iter()
            .find_map(|fits| own.clone().find(|column| fits(column, bare)));
        found.cloned().ok_or_else(|| {
            let known: Vec<&str> = own.map(|column| column.name.as_str()).collect();
            let message = format!(
                "No column {name:?} in what this stage reads. It has: {}.",
                known.join(", ")
            );
            let more = json!({ "field": name, "candidates": known });
            rejected("unresolved-cross-stage-field", message, more)
        })
    }

    /// A column by its path: of the table that is read, or of one that a single foreign key of it leads to.
    fn by_path(&self, path: &[Value], source_field: Option<&Value>) -> Result<WideField, ApiError> {
        let target = column(self.model, path)?;
        let key = match source_field {
            Some(Value::Array(key)) => Some(column(self.model, key)?.id),
            Some(other) if other.is_i64() => {
                let message = format!("Numeric field id {other} is not accepted in `source-field`.");
                return Err(rejected("numeric-field-id", message, json!({ "field": other })));
            }
            _ => None,
        };
        let mut reached = self
            .columns
            .iter()
            .filter(|column| column.field_id == Some(target.id));
        if let Some(key) = key {
            let through = reached.find(|column| column.source_field_id == Some(key));
            return through.cloned().ok_or_else(|| self.no_path(path, target));
        }
        if let Some(own) = reached.clone().find(|column| column.source_field_id.is_none()) {
            return Ok(own.clone());
        }
        let reached: Vec<&WideField> = reached.collect();
        match reached.as_slice() {
            [] => Err(self.no_path(path, target)),
            [only] => Ok((*only).clone()),
            several => {
                let message = format!(
                    "Field {} can be reached from {:?} via {} foreign keys. Specify the `source-field` option on the \
                     field clause to disambiguate; call `entity_details` on the source table to list the available \
                     foreign-key columns.",
                    shown(path),
                    self.source_name(),
                    several.len()
                );
                Err(rejected("ambiguous-fk", message, self.ends(path, target)))
            }
        }
    }

    fn no_path(&self, path: &[Value], target: &FieldMetadata) -> ApiError {
        let name = path.get(2).cloned().unwrap_or_default();
        let message = format!(
            "Field {} is on table {name} but there is no foreign key from the source table {:?} to {name}. Either add an \
             explicit joins: entry, or use a field from the source table.",
            shown(path),
            self.source_name()
        );
        rejected("no-fk-path", message, self.ends(path, target))
    }

    fn ends(&self, path: &[Value], target: &FieldMetadata) -> Value {
        json!({ "field": path, "source-table": self.table_id, "target-table": target.table_id })
    }

    fn source_name(&self) -> &str {
        let table = self.table_id.and_then(|id| self.model.table(id));
        table.map_or("the stage before", |table| table.name.as_str())
    }

    fn figure_before(&mut self, at: Option<u64>) -> Result<Value, ApiError> {
        let at = at.and_then(|at| usize::try_from(at).ok());
        let name = at.and_then(|at| self.figures_before.get(at)).cloned();
        let column = self.by_name(&name.unwrap_or_default())?;
        Ok(self.clauses.field(&column, None))
    }

    /// The id of a card that the caller may read, by its entity id.
    fn card(&self, entity_id: &Value) -> Result<i64, ApiError> {
        let text = entity_id.as_str().unwrap_or_default();
        let card = self.model.card_by_entity_id(text).ok_or_else(|| {
            let message = format!("No saved question or model found with entity_id {entity_id}.");
            rejected("unknown-card", message, json!({ "entity-id": entity_id }))
        })?;
        if self.access.collections.contains(&card.collection_id) {
            Ok(card.id)
        } else {
            Err(ApiError::forbidden())
        }
    }

    /// The id of a measure or segment, by its entity id.
    fn named(&self, kind: &str, entity_id: &Value) -> Result<i64, ApiError> {
        let text = entity_id.as_str().unwrap_or_default();
        let found = if kind == "measure" {
            let mut all = self.model.measures.iter();
            all.find(|one| one.entity_id == text)
                .map(|one| (one.id, one.table_id))
        } else {
            let mut all = self.model.segments.iter();
            all.find(|one| one.entity_id == text)
                .map(|one| (one.id, one.table_id))
        };
        match found {
            Some((id, table)) if self.access.tables.contains(&table) => Ok(id),
            Some(_) => Err(ApiError::forbidden()),
            None => {
                let message = format!("No {kind} found with entity_id {entity_id}.");
                Err(rejected(
                    &format!("unknown-{kind}"),
                    message,
                    json!({ "entity-id": entity_id }),
                ))
            }
        }
    }
}

/// The column of a path: database, schema, table, column.
fn column<'a>(model: &'a SemanticModel, path: &[Value]) -> Result<&'a FieldMetadata, ApiError> {
    let Some(name) = path.get(3) else {
        let message = format!("Portable field FK {} must have at least 4 elements.", shown(path));
        return Err(rejected("invalid-field-fk", message, json!({ "path": path })));
    };
    let table = table(model, path)?;
    let found = table
        .visible_fields()
        .find(|field| name.as_str() == Some(field.name.as_str()));
    found.filter(|_| path.len() == 4).ok_or_else(|| {
        let message = format!(
            "No column {name} on table {:?}.nil.{:?}.",
            model.database.name, table.name
        );
        let more = json!({ "path": path, "segment": name, "table-id": table.id });
        rejected("unknown-field", message, more)
    })
}

/// Refuses clauses that stand where they cannot.
fn check_place(key: &str, clause: &Value) -> Result<(), ApiError> {
    let op = clause.get(0).and_then(Value::as_str).unwrap_or_default();
    let refused = |code: &str, message: String| Err(rejected(code, message, json!({ "operator": op })));
    match key {
        "aggregation" if !is_aggregation(op) && !EARLIER.contains(&op) => refused(
            "aggregation-entry-not-aggregation",
            format!(
                "`{op}` in `aggregation` is not an aggregation such as count, sum, avg, metric or measure."
            ),
        ),
        "filters" if !is_filter(op) && !EARLIER.contains(&op) => refused(
            "query-not-runnable",
            format!("`{op}` in `filters` is not a condition."),
        ),
        "order-by" if op != "asc" && op != "desc" => refused(
            "query-not-runnable",
            format!("`{op}` in `order-by` is neither asc nor desc."),
        ),
        _ => Ok(()),
    }
}
