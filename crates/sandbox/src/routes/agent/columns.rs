//! How the Agent API names columns: up to v0.60 by their place among those that a query on a table or a card may use
//! (`t42-3`, `c10-2`), in v0.61 by the ids that they have anyway.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::generation::QueryGrammar;
use crate::query::WideField;
use crate::semantic::Card;
use crate::state::AppState;

/// The columns of one table or card, in the order that positional ids count.
#[derive(Debug)]
pub(super) struct AgentColumns {
    /// What stands before the place in a positional id; `None` where columns go by ids of their own.
    prefix: Option<String>,
    fields: Vec<WideField>,
}

impl AgentColumns {
    /// Those of a query on a table.
    pub(super) async fn of_table(app: &AppState, table_id: i64) -> Result<Self, ApiError> {
        let fields = app
            .blocking(move |world| world.wide_fields_of_table(table_id))
            .await?;
        Ok(Self::new(app, format!("t{table_id}-"), fields))
    }

    /// Those of a query on a card; of a metric, what it can be filtered and grouped by.
    pub(super) async fn of_card(app: &AppState, card: &Card) -> Result<Self, ApiError> {
        let prefix = format!("c{}-", card.id);
        let card = card.clone();
        let fields = app
            .blocking(move |world| world.wide_fields_of_card(&card))
            .await?
            .map_err(|failure| ApiError::exception(failure.error))?;
        Ok(Self::new(app, prefix, fields))
    }

    fn new(app: &AppState, prefix: String, fields: Vec<WideField>) -> Self {
        let positional = app.settings.facts.grammar == Some(QueryGrammar::Positional);
        Self {
            prefix: positional.then_some(prefix),
            fields,
        }
    }

    /// The columns with their ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Value, &WideField)> {
        self.fields
            .iter()
            .enumerate()
            .map(|(index, field)| (self.id(index, field), field))
    }

    /// The column that an id names.
    pub(super) fn resolve(&self, id: &str) -> Result<&WideField, ApiError> {
        match &self.prefix {
            Some(prefix) => self.at_place(prefix, id),
            None => self.by_own_id(id),
        }
    }

    /// A positional id, or the id of the table's column, or the name of a computed one.
    fn id(&self, index: usize, field: &WideField) -> Value {
        match (&self.prefix, field.field_id) {
            (Some(prefix), _) => json!(format!("{prefix}{index}")),
            (None, Some(id)) => json!(id),
            (None, None) => json!(field.name),
        }
    }

    fn at_place(&self, prefix: &str, id: &str) -> Result<&WideField, ApiError> {
        let parsed = PositionalId::parse(id)?;
        if parsed.prefix != prefix {
            return Err(bad(format!("field {id} does not match expected prefix {prefix}")));
        }
        let field = parsed.index.and_then(|index| self.fields.get(index));
        field.ok_or_else(|| {
            let index = id.strip_prefix(prefix).unwrap_or_default();
            missing(format!("field {id} not found - no column at index {index}"))
        })
    }

    fn by_own_id(&self, id: &str) -> Result<&WideField, ApiError> {
        let number = id.parse::<i64>().ok();
        let found = self
            .fields
            .iter()
            .find(|field| number.is_some() && field.field_id == number);
        found.ok_or_else(|| missing(format!("Field {id} not found")))
    }
}

/// A positional id taken apart.
pub(super) struct PositionalId<'a> {
    /// Everything up to the last hyphen, e.g. `t42-`.
    prefix: &'a str,
    /// `None` when the number is too large for any table.
    index: Option<usize>,
}

impl<'a> PositionalId<'a> {
    /// Takes an id apart: `t`, `c` or `q`, the entity, a hyphen and the place from 0.
    pub(super) fn parse(id: &'a str) -> Result<Self, ApiError> {
        let malformed = || bad(format!("Invalid field_id format: {id}"));
        let (entity, index) = id.rsplit_once('-').ok_or_else(malformed)?;
        let named = entity
            .strip_prefix(['t', 'c', 'q'])
            .is_some_and(|entity| !entity.is_empty());
        let counted = !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit());
        if !named || !counted {
            return Err(malformed());
        }
        let prefix = id.strip_suffix(index).ok_or_else(malformed)?;
        Ok(Self {
            prefix,
            index: index.parse().ok(),
        })
    }

    /// The table it belongs to, when it is a table's.
    pub(super) fn table_id(&self) -> Option<i64> {
        self.prefix.strip_prefix('t')?.strip_suffix('-')?.parse().ok()
    }
}

fn bad(message: String) -> ApiError {
    ApiError::text(StatusCode::BAD_REQUEST, message)
}

fn missing(message: String) -> ApiError {
    ApiError::text(StatusCode::NOT_FOUND, message)
}
