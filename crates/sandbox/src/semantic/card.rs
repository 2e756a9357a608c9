use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

/// A folder of cards. The root ("Our analytics") is not one: it is `None` wherever a collection id is optional.
#[derive(Debug, Clone)]
pub struct Collection {
    /// Its id.
    pub id: i64,
    /// 21 characters, the same in every process.
    pub entity_id: String,
    /// Its name.
    pub name: String,
    /// Its name in lower case with underscores.
    pub slug: String,
    /// The collection above; `None` is the root.
    pub(crate) parent: Option<i64>,
    /// The ids of the collections above as the wire writes them: `/` or `/1/4/`.
    pub location: String,
    /// What is in it.
    pub description: Option<String>,
    /// Whether it is in the trash.
    pub archived: bool,
    /// `official` or nothing.
    pub(crate) authority_level: Option<String>,
}

/// What a card is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CardKind {
    /// A saved question.
    Question,
    /// A curated source for other questions.
    Model,
    /// One aggregation with optional default time breakout and built-in filters.
    Metric,
}

impl CardKind {
    /// The wire's `type`: `question`, `model` or `metric`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Model => "model",
            Self::Metric => "metric",
        }
    }
}

/// A saved question, model or metric.
#[derive(Debug, Clone)]
pub struct Card {
    /// Its id; questions, models and metrics share one sequence.
    pub id: i64,
    /// 21 characters, the same in every process.
    pub entity_id: String,
    /// Its name.
    pub name: String,
    /// What it says, units and caveats.
    pub description: Option<String>,
    /// What it is.
    pub kind: CardKind,
    /// How it is drawn: `table`, `bar`, `line`, `scalar`, ...
    pub(crate) display: String,
    /// Where it lies; `None` is the root.
    pub collection_id: Option<i64>,
    /// Whether it is in the trash.
    pub archived: bool,
    /// Whether a moderator verified it.
    pub verified: bool,
    /// `{"lib/type":"mbql/query","database":1,"stages":[...]}` with numeric ids. A native query has one stage
    /// `{"lib/type":"mbql.stage/native","native":SQL,"template-tags":{name:tag}}`.
    pub(crate) dataset_query: Value,
    /// The wire's `parameters`: `id, name, slug, type, target, default?, required?, values_query_type,
    /// values_source_type, values_source_config, sectionId?`.
    pub parameters: Vec<Value>,
    /// The table its first stage reads, when it reads one.
    pub table_id: Option<i64>,
    /// The card its first stage reads, when it reads one.
    pub(crate) source_card_id: Option<i64>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub(crate) updated_at: Timestamp,
    /// What the model file says about the columns that it returns, by name.
    pub(crate) columns: BTreeMap<String, CardColumn>,
    /// What a metric can be filtered and grouped by; `None` means everything that its source leads to.
    pub(crate) dimensions: Option<Vec<MetricDimension>>,
}

/// What a column that a card returns means; what is absent is as it comes.
#[derive(Debug, Clone, Default)]
pub(crate) struct CardColumn {
    pub(crate) display_name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) semantic_type: Option<String>,
    pub(crate) base_type: Option<String>,
}

/// A dimension that a metric names.
#[derive(Debug, Clone)]
pub(crate) struct MetricDimension {
    /// A field clause with numeric ids, or the name of a column of the card that the metric reads.
    pub(crate) reference: Value,
    /// The name that people see instead of the column's.
    pub(crate) name: Option<String>,
    /// What it holds, instead of what the column's description says.
    pub(crate) description: Option<String>,
}

impl Card {
    /// A query that nobody saved. What it returns is that of a card with this query.
    pub(crate) fn adhoc(dataset_query: Value) -> Self {
        Self {
            id: 0,
            entity_id: String::new(),
            name: String::new(),
            description: None,
            kind: CardKind::Question,
            display: "table".to_owned(),
            collection_id: None,
            archived: false,
            verified: false,
            dataset_query,
            parameters: Vec::new(),
            table_id: None,
            source_card_id: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            columns: BTreeMap::new(),
            dimensions: None,
        }
    }

    /// Whether it is written in SQL.
    pub fn is_native(&self) -> bool {
        self.native_stage().is_some()
    }

    /// The wire's `query_type`.
    pub(crate) fn query_type(&self) -> &'static str {
        if self.is_native() { "native" } else { "query" }
    }

    /// The stage that holds the SQL and the template tags, when it is written in SQL.
    pub(crate) fn native_stage(&self) -> Option<&Value> {
        let stage = self.dataset_query.get("stages")?.get(0)?;
        stage.get("native").map(|_| stage)
    }
}

/// A named filter on one table.
#[derive(Debug, Clone)]
pub struct SavedSegment {
    /// Its id.
    pub id: i64,
    /// 21 characters, the same in every process.
    pub entity_id: String,
    /// The table it filters.
    pub table_id: i64,
    /// Its name.
    pub name: String,
    /// What it keeps.
    pub description: Option<String>,
    /// Filter clauses with numeric field ids, all of which must hold.
    pub filters: Vec<Value>,
}

/// A named aggregation on one table.
#[derive(Debug, Clone)]
pub struct SavedMeasure {
    /// Its id.
    pub id: i64,
    /// 21 characters, the same in every process.
    pub entity_id: String,
    /// The table it aggregates.
    pub table_id: i64,
    /// Its name.
    pub name: String,
    /// What it says, units and caveats.
    pub description: Option<String>,
    /// One aggregation clause with numeric field ids.
    pub(crate) aggregation: Value,
}
