use serde_json::{Value, json};

use super::card::{SavedMeasure, SavedSegment};
use super::database::{FieldMetadata, TableMetadata};

/// What names in a query can mean.
#[derive(Debug, Clone, Copy)]
pub(super) struct NameResolver<'a> {
    pub(super) tables: &'a [TableMetadata],
    pub(super) segments: &'a [SavedSegment],
    pub(super) measures: &'a [SavedMeasure],
    /// Cards by name, with their ids.
    pub(super) cards: &'a [(String, i64)],
    /// The table that the query reads; `None` when it reads a card, whose columns go by name alone.
    pub(super) table: Option<&'a TableMetadata>,
}

type Resolved = Result<Value, String>;

impl<'a> NameResolver<'a> {
    /// A column: `status`, `product.category` through a foreign key, or `{field: created_at, unit: month}`.
    pub(super) fn field(&self, spec: &Value) -> Resolved {
        match spec {
            Value::String(path) => self.path(path, None),
            Value::Object(map) => {
                let text = |key: &str| map.get(key).and_then(Value::as_str);
                if let Some(extra) = map.keys().find(|key| *key != "field" && *key != "unit") {
                    return Err(format!(
                        "unknown key \"{extra}\" in a field: it takes field and unit"
                    ));
                }
                let path =
                    text("field").ok_or_else(|| format!("a field needs a name in \"field\": {spec}"))?;
                self.path(path, text("unit"))
            }
            other => Err(format!("a field is a name or {{field, unit}}, got {other}")),
        }
    }

    fn path(&self, path: &str, unit: Option<&str>) -> Resolved {
        let mut options = serde_json::Map::new();
        if let Some(unit) = unit {
            options.insert("temporal-unit".to_owned(), json!(unit));
        }
        let Some(table) = self.table else {
            return Ok(json!(["field", options, path]));
        };
        let Some((way, column)) = path.split_once('.') else {
            return Ok(json!(["field", options, own(table, path)?.id]));
        };
        let key = self.foreign_key(table, way)?;
        let target = key.fk_target_field_id;
        let target = self
            .tables
            .iter()
            .find(|other| other.fields.iter().any(|field| Some(field.id) == target));
        let target =
            target.ok_or_else(|| format!("\"{}\" points at a table that is not served", key.name))?;
        options.insert("source-field".to_owned(), json!(key.id));
        Ok(json!(["field", options, own(target, column)?.id]))
    }

    /// The key by its column's name, with or without `_id`, or by the table it alone leads to.
    fn foreign_key(&self, table: &'a TableMetadata, way: &str) -> Result<&'a FieldMetadata, String> {
        let keys: Vec<&FieldMetadata> = table
            .fields
            .iter()
            .filter(|field| field.fk_target_field_id.is_some())
            .collect();
        let named = keys.iter().copied().find(|key| {
            key.name.eq_ignore_ascii_case(way) || key.name.eq_ignore_ascii_case(&format!("{way}_id"))
        });
        let leads = |key: &&&FieldMetadata| {
            let target = self
                .tables
                .iter()
                .find(|other| other.name.eq_ignore_ascii_case(way));
            target.is_some_and(|other| {
                other
                    .fields
                    .iter()
                    .any(|field| Some(field.id) == key.fk_target_field_id)
            })
        };
        let leading: Vec<&FieldMetadata> = keys.iter().filter(leads).copied().collect();
        match (named, leading.as_slice()) {
            (Some(key), _) => Ok(key),
            (None, [key]) => Ok(*key),
            _ => {
                let known: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
                let known = if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                };
                Err(format!(
                    "no foreign key \"{way}\" in table \"{}\"; its keys: {known}",
                    table.name
                ))
            }
        }
    }

    /// A filter: `[op, field, values...]`, `[and|or, ...]`, `[not, ...]`, `[segment, name]`.
    pub(super) fn filter(&self, spec: &Value) -> Resolved {
        let (op, args) = operation(spec)?;
        match (op, args) {
            ("and" | "or" | "not", args) => {
                let args = args
                    .iter()
                    .map(|arg| self.filter(arg))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(clause(op, args))
            }
            ("segment", [Value::String(name)]) => {
                let table = self.table.map(|table| table.id);
                let segment = self.segments.iter().find(|segment| segment.name == *name);
                let segment = segment.filter(|segment| Some(segment.table_id) == table);
                let segment =
                    segment.ok_or_else(|| format!("no segment \"{name}\" on this query's table"))?;
                Ok(clause(op, vec![json!(segment.id)]))
            }
            (op, [field, values @ ..]) if FILTERS.contains(&op) => {
                let mut args = vec![self.expression(field)?];
                args.extend(values.iter().cloned());
                Ok(clause(op, args))
            }
            (op, _) => Err(format!(
                "unknown filter \"{op}\" in {spec}; known: and, or, not, segment, {}",
                FILTERS.join(", ")
            )),
        }
    }

    /// An aggregation: `[count]`, `[sum, total]`, `[measure, name]`, `[metric, name]`, `[count-where, filter]`,
    /// `[/, aggregation, aggregation]`.
    pub(super) fn aggregation(&self, spec: &Value) -> Resolved {
        let (op, args) = operation(spec)?;
        match (op, args) {
            ("count", []) => Ok(clause(op, Vec::new())),
            ("count" | "sum" | "avg" | "min" | "max" | "distinct", [inner]) => {
                Ok(clause(op, vec![self.expression(inner)?]))
            }
            ("count-where" | "share", [condition]) => Ok(clause(op, vec![self.filter(condition)?])),
            ("sum-where", [inner, condition]) => {
                Ok(clause(op, vec![self.expression(inner)?, self.filter(condition)?]))
            }
            ("measure", [Value::String(name)]) => {
                let table = self.table.map(|table| table.id);
                let measure = self.measures.iter().find(|measure| measure.name == *name);
                let measure = measure.filter(|measure| Some(measure.table_id) == table);
                let measure =
                    measure.ok_or_else(|| format!("no measure \"{name}\" on this query's table"))?;
                Ok(clause(op, vec![json!(measure.id)]))
            }
            ("metric", [Value::String(name)]) => Ok(clause(op, vec![json!(self.card(name)?)])),
            ("+" | "-" | "*" | "/", args) if args.len() > 1 => {
                let part = |arg: &Value| {
                    if arg.is_array() {
                        self.aggregation(arg)
                    } else {
                        Ok(arg.clone())
                    }
                };
                Ok(clause(op, args.iter().map(part).collect::<Result<Vec<_>, _>>()?))
            }
            _ => Err(format!("unknown aggregation {spec}")),
        }
    }

    /// The id of the only card of that name.
    pub(super) fn card(&self, name: &str) -> Result<i64, String> {
        let mut found = self
            .cards
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, id)| *id);
        match (found.next(), found.next()) {
            (Some(id), None) => Ok(id),
            (None, _) => Err(format!("no card \"{name}\"")),
            (Some(_), Some(_)) => Err(format!("more than one card is named \"{name}\"")),
        }
    }

    fn expression(&self, spec: &Value) -> Resolved {
        match spec {
            Value::Array(_) => {
                let (op, args) = operation(spec)?;
                if !["+", "-", "*", "/"].contains(&op) && !op.starts_with("get-") {
                    return Err(format!("unknown expression \"{op}\""));
                }
                let args = args
                    .iter()
                    .map(|arg| self.expression(arg))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(clause(op, args))
            }
            Value::Number(_) => Ok(spec.clone()),
            field => self.field(field),
        }
    }
}

const FILTERS: [&str; 18] = [
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "between",
    "in",
    "not-in",
    "is-null",
    "not-null",
    "is-empty",
    "not-empty",
    "contains",
    "does-not-contain",
    "starts-with",
    "ends-with",
    "time-interval",
];

pub(super) fn table<'a>(tables: &'a [TableMetadata], name: &str) -> Result<&'a TableMetadata, String> {
    tables
        .iter()
        .find(|table| table.name.eq_ignore_ascii_case(name))
        .ok_or_else(|| {
            let known: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
            format!("no table \"{name}\"; the database has: {}", known.join(", "))
        })
}

/// A table's column by name.
pub(super) fn own<'a>(table: &'a TableMetadata, name: &str) -> Result<&'a FieldMetadata, String> {
    table.field_named(name).ok_or_else(|| {
        let known: Vec<&str> = table.fields.iter().map(|field| field.name.as_str()).collect();
        format!(
            "no column \"{name}\" in table \"{}\"; it has: {}",
            table.name,
            known.join(", ")
        )
    })
}

/// `table.column` as a table and a column of it.
pub(super) fn table_column<'a>(
    tables: &'a [TableMetadata],
    path: &str,
) -> Result<(&'a TableMetadata, &'a FieldMetadata), String> {
    let (name, column) = path
        .split_once('.')
        .ok_or_else(|| format!("\"{path}\" is not of the form table.column"))?;
    let table = table(tables, name)?;
    Ok((table, own(table, column)?))
}

fn operation(spec: &Value) -> Result<(&str, &[Value]), String> {
    let parts = spec
        .as_array()
        .map(Vec::as_slice)
        .and_then(<[Value]>::split_first);
    let parts = parts.and_then(|(op, args)| op.as_str().map(|op| (op, args)));
    parts.ok_or_else(|| format!("expected a list that starts with an operator, got {spec}"))
}

fn clause(op: &str, args: Vec<Value>) -> Value {
    let mut parts = vec![json!(op), json!({})];
    parts.extend(args);
    Value::Array(parts)
}
