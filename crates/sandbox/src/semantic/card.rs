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
    pub parent: Option<i64>,
    /// The ids of the collections above as the wire writes them: `/` or `/1/4/`.
    pub location: String,
    /// What is in it.
    pub description: Option<String>,
    /// Whether it is in the trash.
    pub archived: bool,
    /// `official` or nothing.
    pub authority_level: Option<String>,
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
    pub display: String,
    /// Where it lies; `None` is the root.
    pub collection_id: Option<i64>,
    /// Whether it is in the trash.
    pub archived: bool,
    /// Whether a moderator verified it.
    pub verified: bool,
    /// `{"lib/type":"mbql/query","database":1,"stages":[...]}` with numeric ids. A native query has one stage
    /// `{"lib/type":"mbql.stage/native","native":SQL,"template-tags":{name:tag}}`.
    pub dataset_query: Value,
    /// The wire's `parameters`: `id, name, slug, type, target, default?, required?, values_query_type,
    /// values_source_type, values_source_config, sectionId?`.
    pub parameters: Vec<Value>,
    /// The table its first stage reads, when it reads one.
    pub table_id: Option<i64>,
    /// The card its first stage reads, when it reads one.
    pub source_card_id: Option<i64>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl Card {
    /// Whether it is written in SQL.
    pub fn is_native(&self) -> bool {
        self.native_stage().is_some()
    }

    /// The wire's `query_type`.
    pub fn query_type(&self) -> &'static str {
        if self.is_native() { "native" } else { "query" }
    }

    /// The stage that holds the SQL and the template tags, when it is written in SQL.
    pub fn native_stage(&self) -> Option<&Value> {
        let stage = self.dataset_query.get("stages")?.get(0)?;
        stage.get("native").map(|_| stage)
    }
}

/// A named filter on one table.
#[derive(Debug, Clone)]
pub struct Segment {
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
pub struct Measure {
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
    pub aggregation: Value,
}
