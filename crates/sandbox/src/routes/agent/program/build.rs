use serde_json::{Map, Value, json};

use super::operators::is_aggregation;
use super::problem::ProgramPath;
use super::repair::repaired;
use super::schema::SourceKind;
use crate::error::ApiError;
use crate::query::{MbqlClause, WideField};
use crate::routes::agent::construct::clauses::ClauseBuilder;
use crate::semantic::{Card, CardKind};
use crate::world::World;

/// Most operations of a program.
const MOST_OPERATIONS: usize = 32;

/// A program being turned into a query.
pub(super) struct ProgramBuilder<'a> {
    pub(super) world: &'a World,
    pub(super) clauses: ClauseBuilder,
    done: Vec<Value>,
    pub(super) stage: Map<String, Value>,
    /// The columns that the stage can use.
    pub(super) columns: Vec<WideField>,
    /// The names of the figures of the stage before.
    pub(super) figures_before: Vec<String>,
    /// The table that the first stage reads.
    pub(super) table_id: Option<i64>,
    /// Parts of the program that were looked at so far.
    pub(super) nodes: usize,
}

/// The query of a program whose source the caller may read.
pub(super) fn query(
    world: &World,
    kind: SourceKind,
    id: i64,
    operations: Vec<Vec<Value>>,
) -> Result<Value, ApiError> {
    let seed = json!([id, operations]).to_string();
    let mut builder = ProgramBuilder {
        world,
        clauses: ClauseBuilder::of(seed.as_bytes()),
        done: Vec::new(),
        stage: Map::from_iter([("lib/type".to_owned(), json!("mbql.stage/mbql"))]),
        columns: Vec::new(),
        figures_before: Vec::new(),
        table_id: None,
        nodes: 0,
    };
    builder.source(kind, id)?;
    if operations.len() > MOST_OPERATIONS {
        let data = json!({
            "error": "invalid-generated-program",
            "path": "operations",
            "details": "operations: program exceeds maximum operation count",
        });
        return Err(ApiError::rejected("Generated program is invalid.", data));
    }
    for (at, operation) in operations.into_iter().enumerate() {
        builder.operation(&ProgramPath::operation(at), &repaired(operation))?;
    }
    Ok(builder.finish())
}

impl ProgramBuilder<'_> {
    fn source(&mut self, kind: SourceKind, id: i64) -> Result<(), ApiError> {
        let model = self.world.model();
        match kind {
            SourceKind::Table => {
                self.table_id = Some(id);
                self.put("source-table", json!(id));
                self.columns = self.world.wide_fields_of_table(id);
            }
            SourceKind::Card => {
                let card = model.card(id).ok_or_else(ApiError::not_found)?;
                if card.kind == CardKind::Metric {
                    let hint = format!("Use (metric {id}) instead.");
                    return Err(lookup(
                        &format!("Card {id} is a metric."),
                        json!({ "card-id": id, "recovery": { "suggestion": hint } }),
                    ));
                }
                self.put("source-card", json!(id));
                self.columns = self.columns_of(card)?;
            }
            SourceKind::Metric => {
                let card = model.metric(id).ok_or_else(|| {
                    lookup(
                        &format!("Metric not found by ID: {id}"),
                        json!({ "metric-id": id }),
                    )
                })?;
                self.metric(card)?;
            }
        }
        Ok(())
    }

    /// A metric's source, its own breakouts, and its figure.
    fn metric(&mut self, card: &Card) -> Result<(), ApiError> {
        let own = card.dataset_query.pointer("/stages/0");
        for key in ["source-table", "source-card"] {
            if let Some(source) = own.and_then(|stage| stage.get(key)) {
                self.put(key, source.clone());
            }
        }
        self.table_id = card.table_id;
        self.columns = self.columns_of(card)?;
        let breakouts = own.and_then(|stage| stage.get("breakout"));
        for breakout in breakouts.and_then(Value::as_array).into_iter().flatten() {
            self.add("breakout", breakout.clone());
        }
        let figure = self.clauses.clause("metric", [json!(card.id)]);
        self.add("aggregation", figure);
        Ok(())
    }

    fn columns_of(&self, card: &Card) -> Result<Vec<WideField>, ApiError> {
        self.world
            .wide_fields_of_card(card)
            .map_err(|failure| ApiError::exception(failure.error))
    }

    fn operation(&mut self, path: &ProgramPath, operation: &[Value]) -> Result<(), ApiError> {
        let (name, args) = match operation.split_first() {
            Some((Value::String(name), args)) => (name.as_str(), args),
            _ => return Ok(()),
        };
        for (at, arg) in args.iter().enumerate() {
            self.check_size(&path.item(at + 1), arg, 1)?;
        }
        match (name, args) {
            ("filter", [filter]) => {
                let filter = self.clause(&path.item(1), filter)?;
                self.add("filters", filter);
            }
            ("aggregate", [figure]) => {
                let name = figure.get(0).and_then(Value::as_str).unwrap_or_default();
                if !is_aggregation(name) {
                    let message = "aggregate operations require aggregation helpers like `count`, `sum`, `avg`, \
                                   `percentile`, `metric`, or `measure`. Do not pass bare `aggregation-ref` or breakout \
                                   clauses directly.";
                    let more = json!({ "operator": "aggregate", "value": figure });
                    return Err(path.item(1).invalid(message, more));
                }
                let figure = self.clause(&path.item(1), figure)?;
                self.add("aggregation", figure);
            }
            ("breakout", [column]) => {
                let column = self.clause(&path.item(1), column)?;
                // A group that is there already is not added again.
                if !self.list("breakout").iter().any(|other| is_same(other, &column)) {
                    self.add("breakout", column);
                }
            }
            ("expression", [Value::String(name), expression]) => {
                let mut expression = self.clause(&path.item(2), expression)?;
                if let Some(options) = expression.get_mut(1).and_then(Value::as_object_mut) {
                    options.insert("lib/expression-name".to_owned(), json!(name));
                }
                self.add("expressions", expression);
            }
            ("with-fields", [Value::Array(fields)]) => {
                let path = path.item(1);
                let fields = fields
                    .iter()
                    .enumerate()
                    .map(|(at, field)| self.clause(&path.item(at), field));
                let fields: Vec<Value> = fields.collect::<Result<_, _>>()?;
                self.put("fields", Value::Array(fields));
            }
            ("order-by", [target, rest @ ..]) => {
                let target = self.clause(&path.item(1), target)?;
                let direction = rest.first().and_then(Value::as_str).unwrap_or("asc");
                let order = self.clauses.clause(direction, [target]);
                self.add("order-by", order);
            }
            ("limit", [limit]) => self.put("limit", number(limit)),
            ("with-page", [page]) => {
                let counted = |key: &str| number(page.get(key).unwrap_or(&Value::Null));
                let page = json!({ "page": counted("page"), "items": counted("items") });
                self.put("page", page);
            }
            ("append-stage", []) => self.append_stage(path)?,
            // An empty stage is never made, and the first one stays.
            ("drop-stage" | "drop-empty-stages", []) => {}
            _ => return Err(path.failed(name, "explicit joins are not supported by this database")),
        }
        Ok(())
    }

    /// Ends the stage; what it gives is what the next one can use.
    fn append_stage(&mut self, path: &ProgramPath) -> Result<(), ApiError> {
        let groups = self.list("breakout").len();
        let figures = self.list("aggregation").len();
        self.done.push(Value::Object(std::mem::take(&mut self.stage)));
        self.put("lib/type", json!("mbql.stage/mbql"));
        let so_far = json!({ "stages": self.done });
        let columns = self.world.result_fields(&so_far);
        self.columns = columns.map_err(|failure| path.failed("append-stage", &failure.error))?;
        let names = self.columns.iter().skip(groups).take(figures);
        self.figures_before = names.map(|column| column.name.clone()).collect();
        Ok(())
    }

    fn finish(mut self) -> Value {
        self.done.push(Value::Object(self.stage));
        json!({
            "lib/type": "mbql/query",
            "database": self.world.model().database.id,
            "stages": self.done,
        })
    }

    fn put(&mut self, key: &str, value: Value) {
        self.stage.insert(key.to_owned(), value);
    }

    fn add(&mut self, key: &str, clause: Value) {
        let list = self.stage.entry(key.to_owned()).or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(clause);
        }
    }

    /// The clauses of the stage under a key.
    pub(super) fn list(&self, key: &str) -> &[Value] {
        let list = self.stage.get(key).and_then(Value::as_array);
        list.map_or(&[], Vec::as_slice)
    }
}

/// Whether two clauses name the same column in the same unit.
fn is_same(one: &Value, other: &Value) -> bool {
    let named = |clause: &Value| {
        let clause = MbqlClause::parse(clause)?;
        let unit = clause.text_option("temporal-unit").map(str::to_owned);
        let args = clause.args.to_vec();
        Some((
            clause.op.to_owned(),
            unit,
            clause.int_option("source-field"),
            args,
        ))
    };
    named(one).is_some() && named(one) == named(other)
}

/// A number, also as text.
fn number(value: &Value) -> Value {
    let parsed = value.as_str().and_then(|text| text.trim().parse::<i64>().ok());
    parsed.map_or_else(|| value.clone(), Value::from)
}

/// The 400 of something that is not what the source says it is.
fn lookup(message: &str, mut data: Value) -> ApiError {
    if let Some(data) = data.as_object_mut() {
        data.insert("error".to_owned(), json!("invalid-generated-program"));
    }
    ApiError::rejected(message, data)
}
