//! The query of a saved card in either form: MBQL 4 (`query` with `source-query` inside) and MBQL 5 (`stages`).

use serde_json::Value;

/// The first stage of a query that is not SQL: the one that reads a table or a card.
#[derive(Debug, Clone, Copy)]
pub(super) struct SavedQuery<'q> {
    stage: &'q Value,
    /// Whether it is the only stage.
    single: bool,
}

/// What a first stage reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SavedSource {
    Table(u32),
    Card(u32),
}

/// A field that a saved clause names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SavedField<'q> {
    pub(super) id: u64,
    /// The foreign key that it is reached through.
    pub(super) via: Option<u64>,
    pub(super) unit: Option<&'q str>,
}

impl<'q> SavedQuery<'q> {
    /// The first stage of `query`, if it is not SQL.
    pub(super) fn of(query: &'q Value) -> Option<Self> {
        if let Some(stages) = query.get("stages").and_then(Value::as_array) {
            let stage = stages.first().filter(|stage| stage.get("native").is_none())?;
            return Some(Self {
                stage,
                single: stages.len() == 1,
            });
        }
        let mut stage = query.get("query").filter(|inner| inner.is_object())?;
        let mut single = true;
        while let Some(inner) = stage.get("source-query").filter(|inner| !inner.is_null()) {
            (stage, single) = (inner, false);
        }
        stage.get("native").is_none().then_some(Self { stage, single })
    }

    pub(super) fn source(self) -> Option<SavedSource> {
        let number = |value: &Value| u32::try_from(value.as_u64()?).ok();
        if let Some(card) = self.stage.get("source-card").and_then(number) {
            return Some(SavedSource::Card(card));
        }
        match self.stage.get("source-table")? {
            Value::String(text) => text.strip_prefix("card__")?.parse().ok().map(SavedSource::Card),
            id => number(id).map(SavedSource::Table),
        }
    }

    /// Whether the stage is all there is: nothing joined, nothing computed beside the aggregation, no
    /// limit, no second stage.
    pub(super) fn is_plain(self) -> bool {
        let has = |key: &str| match self.stage.get(key) {
            Some(Value::Array(items)) => !items.is_empty(),
            Some(Value::Object(items)) => !items.is_empty(),
            _ => false,
        };
        self.single
            && !has("joins")
            && !has("expressions")
            && self.stage.get("limit").is_none_or(Value::is_null)
    }

    pub(super) fn breakouts(self) -> &'q [Value] {
        self.list("breakout")
    }

    /// The one aggregation, if there is exactly one.
    pub(super) fn aggregation(self) -> Option<&'q Value> {
        match self.list("aggregation") {
            // The oldest form has a bare clause in place of a list.
            [Value::String(_), ..] => self.stage.get("aggregation"),
            [one] => Some(one),
            _ => None,
        }
    }

    pub(super) fn filters(self) -> Vec<&'q Value> {
        let one = self.stage.get("filter").filter(|filter| filter.is_array());
        self.list("filters").iter().chain(one).collect()
    }

    fn list(self, key: &str) -> &'q [Value] {
        let list = self.stage.get(key).and_then(Value::as_array);
        list.map_or(&[], Vec::as_slice)
    }
}

impl<'q> SavedField<'q> {
    /// The field of a reference in any form; `None` for columns by name and for anything else.
    pub(super) fn of(reference: &'q Value) -> Option<Self> {
        let (operator, rest) = reference.as_array()?.split_first()?;
        let bare = |id| Self {
            id,
            via: None,
            unit: None,
        };
        match operator.as_str()? {
            "field" => {
                let id = rest.iter().find_map(Value::as_u64)?;
                let options = rest.iter().find(|part| part.is_object());
                let option = |key: &str| options.and_then(|options| options.get(key));
                if option("join-alias").is_some() {
                    return None;
                }
                Some(Self {
                    id,
                    via: option("source-field").and_then(Value::as_u64),
                    unit: option("temporal-unit").and_then(Value::as_str),
                })
            }
            "field-id" => rest.first()?.as_u64().map(bare),
            "fk->" => {
                let id = |part: &'q Value| part.as_u64().or_else(|| Self::of(part).map(|field| field.id));
                Some(Self {
                    id: id(rest.get(1)?)?,
                    via: Some(id(rest.first()?)?),
                    unit: None,
                })
            }
            "datetime-field" => Some(Self {
                // The unit is the last part; older forms have `as` before it.
                unit: rest.last()?.as_str(),
                ..Self::of(rest.first()?).or_else(|| Some(bare(rest.first()?.as_u64()?)))?
            }),
            _ => None,
        }
    }
}
