//! The generations of Metabase that the sandbox can be: what each of them has and how it writes things, stated once.
//!
//! A request is never compared with a version anywhere else. Routes, refusals, paging and the form of saved queries ask
//! the row of the served generation ([`ServedFacts`]), so that another generation is another row. Where each fact comes
//! from is told in `crates/sandbox/README.md`.
//!
//! ```
//! use cardinal_sandbox::ServedGeneration;
//!
//! let generation: ServedGeneration = "v61".parse()?;
//! assert_eq!(generation, ServedGeneration::V61);
//! assert!("v17".parse::<ServedGeneration>().is_err());
//! # Ok::<_, cardinal_sandbox::UnknownGeneration>(())
//! ```

use std::str::FromStr;

/// A release line of Metabase, by its major version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum ServedGeneration {
    /// v0.48: a model is a card with a flag, metrics are not cards, queries are MBQL 4, failed queries are 202.
    V48,
    /// v0.50: cards have a type, and metrics are cards.
    V50,
    /// v0.55: tells its routes in an API document.
    V55,
    /// v0.56.
    V56,
    /// v0.57: cards are written in MBQL 5.
    V57,
    /// v0.58.
    V58,
    /// v0.59: the first Agent API, for licensed instances. No query route, no databases, no scopes.
    V59,
    /// v0.60: the Agent API for everyone, with pages, scopes and databases.
    #[default]
    V60,
    /// v0.61: queries are programs, columns have their own ids.
    V61,
    /// v0.62: queries are portable MBQL 5, and things are read by their address.
    V62,
    /// v0.63: encoded queries page, metrics have an API of their own.
    V63,
    /// v0.64.
    V64,
    /// v0.65.
    V65,
}

/// Who built the served instance and what it is licensed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ServedEdition {
    /// The open source build: nothing that a licence would unlock.
    OpenSource,
    /// The commercial build without a licence: what needs one is 402.
    Unlicensed,
    /// The commercial build with a licence.
    #[default]
    Pro,
}

/// How a generation's Agent API asks queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QueryGrammar {
    /// Filters, groups and aggregations over positional ids such as `t42-3`.
    Positional,
    /// A source with operations over numeric ids.
    Program,
    /// MBQL 5 with names instead of ids.
    Portable,
}

/// What a token without the scope of a route is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScopeRefusal {
    Never,
    Named,
    /// That it is not enough.
    Plain,
    /// That it is not enough, with a challenge that names the scope.
    Challenge,
}

#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact, independent of the others"
)]
pub(crate) struct ServedFacts {
    pub(crate) generation: ServedGeneration,
    /// Its name, e.g. `v61`.
    pub(crate) name: &'static str,
    /// The version that its open source build reports.
    pub(crate) tag: &'static str,
    /// How its Agent API asks queries; `None` where there is no Agent API.
    pub(crate) grammar: Option<QueryGrammar>,
    /// Whether its Agent API needs a licence.
    pub(crate) licensed: bool,
    /// What a token without the scope of a route is told.
    pub(crate) scopes: ScopeRefusal,
    /// Rows of a paged query that asks for no limit.
    pub(crate) default_rows: i64,
    /// Whether columns tell their names for people and their types, and their values come as rows.
    pub(crate) described_columns: bool,
    /// Whether an encoded query or a token that cannot be read is a 400, and encoded queries page.
    pub(crate) guards: bool,
    /// Whether queries that fail answer with a status of their own.
    pub(crate) failing_status: bool,
    /// Whether cards are written in MBQL 5.
    pub(crate) modern_cards: bool,
    /// Whether the template tags of a card are a list instead of an object by name.
    pub(crate) listed_tags: bool,
    /// Whether there is a document of all routes.
    pub(crate) document: bool,
    /// Whether cards have a type, metrics among them; before, a flag told models apart and there were no metrics.
    pub(crate) typed_cards: bool,
    /// Whether there is an API of metrics.
    pub(crate) metric_api: bool,
}

/// The first row: every later one says what it changed.
const FIRST: ServedFacts = ServedFacts {
    generation: ServedGeneration::V48,
    name: "v48",
    tag: "v0.48.13",
    grammar: None,
    licensed: false,
    scopes: ScopeRefusal::Never,
    default_rows: 200,
    described_columns: false,
    guards: false,
    failing_status: false,
    modern_cards: false,
    listed_tags: false,
    document: false,
    typed_cards: false,
    metric_api: false,
};
const V50: ServedFacts = ServedFacts {
    generation: ServedGeneration::V50,
    name: "v50",
    tag: "v0.50.36",
    typed_cards: true,
    ..FIRST
};
const V55: ServedFacts = ServedFacts {
    generation: ServedGeneration::V55,
    name: "v55",
    tag: "v0.55.20",
    document: true,
    ..V50
};
const V56: ServedFacts = ServedFacts {
    generation: ServedGeneration::V56,
    name: "v56",
    tag: "v0.56.19",
    ..V55
};
const V57: ServedFacts = ServedFacts {
    generation: ServedGeneration::V57,
    name: "v57",
    tag: "v0.57.14",
    modern_cards: true,
    ..V56
};
const V58: ServedFacts = ServedFacts {
    generation: ServedGeneration::V58,
    name: "v58",
    tag: "v0.58.9",
    ..V57
};
const V59: ServedFacts = ServedFacts {
    generation: ServedGeneration::V59,
    name: "v59",
    tag: "v0.59.6",
    grammar: Some(QueryGrammar::Positional),
    licensed: true,
    failing_status: true,
    ..V58
};
const V60: ServedFacts = ServedFacts {
    generation: ServedGeneration::V60,
    name: "v60",
    tag: "v0.60.4",
    licensed: false,
    scopes: ScopeRefusal::Named,
    described_columns: true,
    ..V59
};
const V61: ServedFacts = ServedFacts {
    generation: ServedGeneration::V61,
    name: "v61",
    tag: "v0.61.6",
    grammar: Some(QueryGrammar::Program),
    scopes: ScopeRefusal::Plain,
    ..V60
};
const V62: ServedFacts = ServedFacts {
    generation: ServedGeneration::V62,
    name: "v62",
    tag: "v0.62.5",
    grammar: Some(QueryGrammar::Portable),
    ..V61
};
const V63: ServedFacts = ServedFacts {
    generation: ServedGeneration::V63,
    name: "v63",
    tag: "v0.63.2",
    default_rows: 2000,
    guards: true,
    listed_tags: true,
    metric_api: true,
    ..V62
};
const V64: ServedFacts = ServedFacts {
    generation: ServedGeneration::V64,
    name: "v64",
    tag: "v0.64.3",
    ..V63
};
const V65: ServedFacts = ServedFacts {
    generation: ServedGeneration::V65,
    name: "v65",
    tag: "v0.65.2",
    scopes: ScopeRefusal::Challenge,
    ..V64
};

static TABLE: [ServedFacts; 13] = [FIRST, V50, V55, V56, V57, V58, V59, V60, V61, V62, V63, V64, V65];

impl ServedGeneration {
    /// Every generation, oldest first.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|facts| facts.generation)
    }

    /// Its name, e.g. `v61`.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// The version tag that a server of this edition reports unless it claims another: commercial builds are `v1.…`.
    pub fn tag(self, edition: ServedEdition) -> String {
        let open_source = self.facts().tag;
        match (edition, open_source.strip_prefix("v0.")) {
            (ServedEdition::Unlicensed | ServedEdition::Pro, Some(rest)) => format!("v1.{rest}"),
            _ => open_source.to_owned(),
        }
    }

    /// Whether an instance of this generation and edition has an Agent API.
    pub fn has_agent_api(self, edition: ServedEdition) -> bool {
        let facts = self.facts();
        facts.grammar.is_some() && !(facts.licensed && edition == ServedEdition::OpenSource)
    }

    pub(crate) fn facts(self) -> &'static ServedFacts {
        let row = TABLE.iter().find(|facts| facts.generation == self);
        row.unwrap_or(&FIRST)
    }
}

impl FromStr for ServedGeneration {
    type Err = UnknownGeneration;

    fn from_str(name: &str) -> Result<Self, UnknownGeneration> {
        Self::all()
            .find(|generation| generation.name() == name)
            .ok_or_else(|| UnknownGeneration(name.to_owned()))
    }
}

/// A name that no generation has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no generation is called \"{0}\"; there are {names}",
    names = ServedGeneration::all().map(ServedGeneration::name).collect::<Vec<_>>().join(", ")
)]
pub struct UnknownGeneration(String);
