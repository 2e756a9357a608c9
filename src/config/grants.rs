use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::grants::GrantLevel;
use crate::operations::Area;

/// What this process may ask of Metabase and dbt. Without any rule Metabase is read and dbt is off.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantsConfig {
    /// The name that rules know this process by (default `cardinal`).
    pub agent: Option<String>,
    /// Grants: each gives areas a level, perhaps with conditions. They add up, and `off` goes before all others.
    #[serde(default)]
    pub rules: Vec<GrantRuleConfig>,
}

/// One grant.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantRuleConfig {
    /// The agent it is for (default: every one).
    pub agent: Option<String>,
    /// What it is about: areas as `cardinal grants` lists them.
    pub areas: Vec<Area>,
    /// `off`, `read` or `full`.
    pub level: GrantLevel,
    /// Ids that it is limited to, by the parameter of the path: `{ job_id = [5, 7] }`. A call that names no such id is not
    /// covered.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Vec<IdConfig>>")]
    pub ids: BTreeMap<String, IdList>,
    /// Most calls in a minute, of all sessions of a process together.
    #[schemars(range(min = 1))]
    pub max_calls_per_minute: Option<u32>,
    /// Most calls in a session.
    #[schemars(range(min = 1))]
    pub max_calls_per_session: Option<u32>,
    /// When it ends: `2026-12-31T18:00:00Z`.
    #[serde(default, deserialize_with = "moment")]
    #[schemars(with = "Option<String>")]
    pub expires: Option<String>,
    /// Who gave it.
    pub granted_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// An id as people write it.
#[derive(Debug, Clone, JsonSchema)]
#[serde(untagged)]
pub(crate) enum IdConfig {
    /// A number.
    Number(u64),
    /// A name, such as that of a webhook subscription.
    Text(String),
}

/// Ids of one parameter. One alone needs no brackets.
#[derive(Debug, Clone, Default)]
pub(crate) struct IdList(pub Vec<IdConfig>);

/// What a wrong value of `ids` or `expires` is told.
const IDS: &str = "ids in brackets, each a whole number or a text: { job_id = [5, 7] }";
const MOMENT: &str = "a time with its zone, like \"2026-12-31T18:00:00Z\"";

impl<'de> Deserialize<'de> for IdConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdVisitor)
    }
}

impl<'de> Deserialize<'de> for IdList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdListVisitor)
    }
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = IdConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(IDS)
    }

    fn visit_u64<E>(self, number: u64) -> Result<IdConfig, E> {
        Ok(IdConfig::Number(number))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<IdConfig, E> {
        let whole = u64::try_from(number);
        whole
            .map(IdConfig::Number)
            .map_err(|_| E::custom(format!("{number} is not an id: write {IDS}")))
    }

    fn visit_str<E>(self, text: &str) -> Result<IdConfig, E> {
        Ok(IdConfig::Text(text.to_owned()))
    }
}

struct IdListVisitor;

impl<'de> Visitor<'de> for IdListVisitor {
    type Value = IdList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(IDS)
    }

    fn visit_u64<E>(self, number: u64) -> Result<IdList, E> {
        Ok(IdList(vec![IdConfig::Number(number)]))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<IdList, E> {
        IdVisitor.visit_i64(number).map(|id| IdList(vec![id]))
    }

    fn visit_str<E>(self, text: &str) -> Result<IdList, E> {
        Ok(IdList(vec![IdConfig::Text(text.to_owned())]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<IdList, A::Error> {
        let mut ids = Vec::new();
        while let Some(id) = items.next_element()? {
            ids.push(id);
        }
        Ok(IdList(ids))
    }
}

/// A moment as a text or as TOML writes it.
fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(MomentVisitor).map(Some)
}

struct MomentVisitor;

impl<'de> Visitor<'de> for MomentVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MOMENT)
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    /// TOML hands its own moments over as a map of one text.
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<String, A::Error> {
        match fields.next_entry::<String, String>() {
            Ok(Some((_, moment))) => Ok(moment),
            _ => Err(de::Error::custom(format!("it is not a time: write {MOMENT}"))),
        }
    }
}

/// The log of all calls to Metabase and dbt. It is written when dbt is asked, or when a folder is named here.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallLogConfig {
    /// Where it is kept (default: `cardinal/log` in the user's state folder).
    pub dir: Option<PathBuf>,
    /// Most size of one file of it, in MB (default 16).
    #[schemars(range(min = 1, max = 1024))]
    pub segment_mb: Option<u64>,
    /// A file, best on another machine, that the head of the log is appended to, so that its end cannot be cut off unseen.
    pub anchor_file: Option<PathBuf>,
    /// Records between two such heads (default 100).
    #[schemars(range(min = 1, max = 1_000_000))]
    pub anchor_every: Option<u64>,
}
