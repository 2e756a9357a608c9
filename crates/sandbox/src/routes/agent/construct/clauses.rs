use serde_json::{Map, Value, json};

use crate::query::WideField;

/// Writes MBQL 5 clauses. Ids inside a query follow from the request, so that the same request always gives the same
/// query.
#[derive(Debug)]
pub(in crate::routes::agent) struct ClauseBuilder {
    seed: [u8; 32],
    next: u64,
}

impl ClauseBuilder {
    pub(in crate::routes::agent) fn of(request: &[u8]) -> Self {
        Self {
            seed: *blake3::hash(request).as_bytes(),
            next: 0,
        }
    }

    /// A clause `[op, {"lib/uuid": …}, ...args]`.
    pub(in crate::routes::agent) fn clause(
        &mut self,
        op: &str,
        args: impl IntoIterator<Item = Value>,
    ) -> Value {
        self.with_options(op, Map::new(), args)
    }

    /// A clause with options of its own.
    pub(in crate::routes::agent) fn with_options(
        &mut self,
        op: &str,
        mut options: Map<String, Value>,
        args: impl IntoIterator<Item = Value>,
    ) -> Value {
        options.insert("lib/uuid".to_owned(), json!(self.uuid()));
        let mut clause = vec![json!(op), Value::Object(options)];
        clause.extend(args);
        Value::Array(clause)
    }

    /// A reference to a column, cut down to a unit if there is one.
    pub(in crate::routes::agent) fn field(&mut self, field: &WideField, unit: Option<&str>) -> Value {
        let parts = field.reference.as_array().map_or(&[][..], Vec::as_slice);
        let (mut options, mut args) = (Map::new(), Vec::new());
        for part in parts.iter().skip(1) {
            match part {
                Value::Object(given) => options.extend(given.clone()),
                other => args.push(other.clone()),
            }
        }
        options.insert("base-type".to_owned(), json!(field.base_type));
        if let Some(unit) = unit {
            options.insert("temporal-unit".to_owned(), json!(unit));
        }
        let op = parts.first().and_then(Value::as_str).unwrap_or("field");
        self.with_options(op, options, args)
    }

    fn uuid(&mut self) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.seed);
        hasher.update(&self.next.to_le_bytes());
        self.next += 1;
        let hex = hasher.finalize().to_hex();
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        format!(
            "{}-{}-4{}-8{}-{}",
            part(0, 8),
            part(8, 12),
            part(12, 15),
            part(15, 18),
            part(18, 30)
        )
    }
}
