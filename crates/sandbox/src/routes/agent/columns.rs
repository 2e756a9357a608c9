//! Positional column ids such as `t42-3` and `c10-2`: the place of a column among those a query on a table or a card
//! may use.

use axum::http::StatusCode;

use crate::error::ApiError;
use crate::query::WideField;
use crate::semantic::Card;
use crate::state::AppState;

/// The columns of one table or card, in the order that ids count.
#[derive(Debug)]
pub(super) struct PositionalColumns {
    prefix: String,
    fields: Vec<WideField>,
}

impl PositionalColumns {
    /// Those of a query on a table.
    pub(super) async fn of_table(app: &AppState, table_id: i64) -> Result<Self, ApiError> {
        let fields = app
            .blocking(move |world| world.wide_fields_of_table(table_id))
            .await?;
        Ok(Self {
            prefix: format!("t{table_id}-"),
            fields,
        })
    }

    /// Those of a query on a card; of a metric, what it can be filtered and grouped by.
    pub(super) async fn of_card(app: &AppState, card: &Card) -> Result<Self, ApiError> {
        let prefix = format!("c{}-", card.id);
        let card = card.clone();
        let fields = app
            .blocking(move |world| world.wide_fields_of_card(&card))
            .await?
            .map_err(|failure| ApiError::exception(failure.error))?;
        Ok(Self { prefix, fields })
    }

    /// The columns with their ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = (String, &WideField)> {
        self.fields
            .iter()
            .enumerate()
            .map(|(index, field)| (self.id(index), field))
    }

    /// The id of the column at `index`.
    pub(super) fn id(&self, index: usize) -> String {
        format!("{}{index}", self.prefix)
    }

    /// The column that an id names.
    pub(super) fn resolve(&self, id: &str) -> Result<&WideField, ApiError> {
        let parsed = PositionalId::parse(id)?;
        if parsed.prefix != self.prefix {
            let expected = &self.prefix;
            return Err(bad(format!(
                "field {id} does not match expected prefix {expected}"
            )));
        }
        let field = parsed.index.and_then(|index| self.fields.get(index));
        field.ok_or_else(|| {
            let index = id.strip_prefix(&self.prefix).unwrap_or_default();
            ApiError::text(
                StatusCode::NOT_FOUND,
                format!("field {id} not found - no column at index {index}"),
            )
        })
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
