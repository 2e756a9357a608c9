//! What each generation can do, how it does it, and how that is known. `docs/metabase-generations.md` shows this table, and
//! `doctor` says from it what is served how.

use super::Generation;

/// Something that questions need of a Metabase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "`words` says what each is")]
pub enum Capability {
    MetricByDimension,
    FilterByValue,
    FilterByText,
    FilterByDatePart,
    Segments,
    Measures,
    TableQuery,
    Paging,
    Values,
    WholeTotals,
    Scopes,
    Cards,
}

/// How a capability is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HowServed {
    /// The way, in words; empty where there is none.
    pub way: &'static str,
    pub proof: CapabilityProof,
}

/// How it is known that a generation serves something so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapabilityProof {
    /// A file of Metabase's own source or tests says it.
    Source(&'static str),
    /// It follows from the rest; no source that was found says it.
    Assumed,
    Absent,
}

impl Capability {
    /// Every capability, in the order of the table.
    pub const ALL: [Self; 12] = [
        Self::MetricByDimension,
        Self::FilterByValue,
        Self::FilterByText,
        Self::FilterByDatePart,
        Self::Segments,
        Self::Measures,
        Self::TableQuery,
        Self::Paging,
        Self::Values,
        Self::WholeTotals,
        Self::Scopes,
        Self::Cards,
    ];

    pub fn words(self) -> &'static str {
        match self {
            Self::MetricByDimension => "a metric by dimensions, with filters",
            Self::FilterByValue => "filters by value, range and emptiness",
            Self::FilterByText => "filters on text, whatever its case",
            Self::FilterByDatePart => "filters by year, month, day of the week",
            Self::Segments => "segments",
            Self::Measures => "measures",
            Self::TableQuery => "a table's rows and groups",
            Self::Paging => "more than 200 rows",
            Self::Values => "values of a dimension",
            Self::WholeTotals => "totals over all rows",
            Self::Scopes => "scopes of a token",
            Self::Cards => "saved questions and models, with parameters",
        }
    }
}

const FIELD_IDS: &str = "metabase/agent_api/api.clj of v0.60";
const FILTERS: &str = "metabase/metabot/tools/filters.clj";
const PROGRAM: &str = "metabase/agent_api/construct_query.md of v0.61";
const PROGRAM_REPAIR: &str = "metabase/agent_lib/repair/normalize/forms.clj";
const PROGRAM_CONTEXT: &str = "metabase/agent_lib/validate/context.clj";
const METRIC_QUERY: &str = "metabase/lib/query.cljc, `metric-query`";
const PORTABLE: &str = "metabot/prompts/tools/construct_notebook_query.md";
const PAGES: &str = "metabase/agent_api/v1_api.clj";
const LEGACY_SCHEMA: &str = "metabase/mbql/schema.cljc, `get-day-of-week`";
const CARD_ROUTE: &str = "the classic card routes, unchanged over these versions";

const fn by(way: &'static str, file: &'static str) -> HowServed {
    HowServed {
        way,
        proof: CapabilityProof::Source(file),
    }
}

const fn assumed(way: &'static str) -> HowServed {
    HowServed {
        way,
        proof: CapabilityProof::Assumed,
    }
}

const ABSENT: HowServed = HowServed {
    way: "",
    proof: CapabilityProof::Absent,
};
const ROUTE: HowServed = assumed("the classic route, where the settings allow it");

/// How a generation serves a capability; `None` is a Metabase without an Agent API.
pub fn served(capability: Capability, generation: Option<Generation>) -> HowServed {
    if capability == Capability::Cards {
        return by("`/api/card/:id/query`", CARD_ROUTE);
    }
    match generation {
        None => by_classic(capability),
        Some(Generation::V59) => by_field_ids(capability, false),
        Some(Generation::V60) => by_field_ids(capability, true),
        Some(Generation::V61) => by_program(capability),
        Some(Generation::V62 | Generation::V63) => by_portable(capability),
    }
}

fn by_classic(capability: Capability) -> HowServed {
    match capability {
        Capability::MetricByDimension => {
            assumed("as it is saved; else the classic route, where the settings allow it")
        }
        Capability::FilterByValue
        | Capability::FilterByText
        | Capability::Segments
        | Capability::TableQuery => ROUTE,
        Capability::FilterByDatePart => by(
            "the classic route, where the settings allow it; weekdays as the server counts them",
            LEGACY_SCHEMA,
        ),
        Capability::Measures | Capability::Scopes | Capability::Cards => ABSENT,
        Capability::Paging => assumed("one answer of at most 2000 rows, or 10000 groups"),
        Capability::Values => assumed("`/api/field/:id/values`"),
        Capability::WholeTotals => {
            assumed("up to the server's limit; beyond it the result is said to be cut")
        }
    }
}

fn by_field_ids(capability: Capability, pages: bool) -> HowServed {
    match capability {
        Capability::MetricByDimension | Capability::TableQuery if pages => by("`/v1/query`", FIELD_IDS),
        Capability::MetricByDimension | Capability::TableQuery => {
            by("`/v1/construct-query`, `/v1/execute`", FIELD_IDS)
        }
        Capability::FilterByValue
        | Capability::FilterByText
        | Capability::FilterByDatePart
        | Capability::Segments => by("by the operation's name", FILTERS),
        Capability::Measures => by("by its id", FIELD_IDS),
        Capability::Paging if pages => by("pages of 200 until the rows end", FIELD_IDS),
        Capability::Paging => by("not served: a result of 200 rows is said to be cut", FIELD_IDS),
        Capability::Values => by(
            "`/v1/metric/:id/field/:field/values`, the same for tables",
            FIELD_IDS,
        ),
        Capability::WholeTotals if pages => by("up to `max_rows`", FIELD_IDS),
        Capability::WholeTotals => by(
            "up to 200 rows; beyond that the result is said to be cut",
            FIELD_IDS,
        ),
        Capability::Scopes if pages => by(
            "`agent:metric:read`, `agent:table:read`, `agent:query`",
            FIELD_IDS,
        ),
        Capability::Scopes | Capability::Cards => ABSENT,
    }
}

fn by_program(capability: Capability) -> HowServed {
    match capability {
        Capability::MetricByDimension => by(
            "a program over the metric; over its definition where it groups by itself",
            METRIC_QUERY,
        ),
        Capability::FilterByValue => by(
            "`=`, `in`, `<` and others; several values only with `in`",
            PROGRAM_REPAIR,
        ),
        Capability::FilterByText => by(
            "`contains` and others over `lower`, as options are dropped",
            PROGRAM_REPAIR,
        ),
        Capability::FilterByDatePart => by(
            "`get-year` and others; weekdays as the server counts them",
            PROGRAM,
        ),
        Capability::Segments => by("`segment`", PROGRAM),
        Capability::Measures => by("its definition, as programs know no measures", PROGRAM_CONTEXT),
        Capability::TableQuery => by("a program over the table", PROGRAM),
        Capability::Paging | Capability::Values | Capability::WholeTotals | Capability::Scopes => {
            by_whole_pages(capability)
        }
        Capability::Cards => ABSENT,
    }
}

fn by_portable(capability: Capability) -> HowServed {
    match capability {
        Capability::MetricByDimension => by("`/v2/query`, the metric by its entity id", PORTABLE),
        Capability::FilterByValue => by("`=`, `<` and others", PORTABLE),
        Capability::FilterByText => by("`contains` and others, `case-sensitive` false", PORTABLE),
        Capability::FilterByDatePart => by("`get-year` and others; weekdays with `iso`", PORTABLE),
        Capability::Segments => by("`segment`, by its entity id", PORTABLE),
        Capability::Measures => by("`measure`, by its entity id", PORTABLE),
        Capability::TableQuery => by("`/v2/query`, names on the path to the table", PORTABLE),
        Capability::Paging | Capability::Values | Capability::WholeTotals | Capability::Scopes => {
            by_whole_pages(capability)
        }
        Capability::Cards => ABSENT,
    }
}

/// What programs and portable queries have in common.
fn by_whole_pages(capability: Capability) -> HowServed {
    match capability {
        Capability::Paging => by("whole pages of 200, at most 2000 rows", PAGES),
        Capability::WholeTotals => by("up to 2000 rows; beyond that the result is said to be cut", PAGES),
        Capability::Scopes => by("`agent:query`", PAGES),
        _ => assumed("`/api/field/:id/values`"),
    }
}
