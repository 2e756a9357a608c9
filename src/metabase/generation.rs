//! The generations of the Agent API that are spoken, and what is known of a server.
//!
//! Metabase changed the form of its Agent API with almost every version. Each form is a *generation*, named after the
//! first version that has it. Which one answers is found by asking (`probe.rs`); the version that a server claims only
//! decides where the answers do not.

use serde::{Deserialize, Serialize};

/// The newest version whose sources and documentation were read; later ones are asked all the same.
pub(super) const NEWEST_KNOWN: u32 = 65;
/// The first version whose Agent API needs no licence.
pub(super) const FIRST_FOR_ALL: u32 = 60;

/// A generation of the Agent API; see [`MetabaseClient::server`](super::MetabaseClient::server).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Generation {
    /// v0.59: construct-query and execute.
    V59,
    /// v0.60: the same and `/v1/query` with pages.
    V60,
    /// v0.61: programs for `/v2/query`.
    V61,
    /// v0.62: portable queries for `/v2/query`.
    V62,
    /// v0.63 and later: the same, and constructed queries by their handles.
    V63,
}

impl Generation {
    pub const ALL: [Self; 5] = [Self::V59, Self::V60, Self::V61, Self::V62, Self::V63];

    /// The first version that has it, such as `v0.60`.
    pub fn version(self) -> &'static str {
        match self {
            Self::V59 => "v0.59",
            Self::V60 => "v0.60",
            Self::V61 => "v0.61",
            Self::V62 => "v0.62",
            Self::V63 => "v0.63",
        }
    }

    /// The versions that have it, in words.
    pub fn versions(self) -> &'static str {
        match self {
            Self::V63 => "v0.63 to v0.65",
            other => other.version(),
        }
    }

    /// The generation of the version with this number, if it has one: later ones are taken for the newest known.
    pub(super) fn of_version(major: u32) -> Option<Self> {
        match major {
            ..59 => None,
            59 => Some(Self::V59),
            60 => Some(Self::V60),
            61 => Some(Self::V61),
            62 => Some(Self::V62),
            63.. => Some(Self::V63),
        }
    }

    /// Whether metrics and tables are described by routes of the Agent API, with field ids of its own.
    pub(super) fn has_field_ids(self) -> bool {
        matches!(self, Self::V59 | Self::V60)
    }
}

/// What answers at the configured address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInfo {
    /// The version tag, such as `v0.60.2`.
    pub version: String,
    /// The Agent API's generation; `None` when there is only the classic API.
    pub generation: Option<Generation>,
    /// The day that weeks begin on there, such as `sunday`.
    #[serde(default = "sunday")]
    pub week_starts_on: String,
    /// Which build it is, in words, where the server tells. It decides nothing, so no tape says it.
    #[serde(skip)]
    pub edition: Option<String>,
    /// How the generation was found.
    #[serde(default, skip_serializing_if = "FoundBy::is_asked")]
    pub found_by: FoundBy,
    /// Whether queries may go over the classic route `/api/dataset`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dataset_route: bool,
}

impl ServerInfo {
    /// What entries are read as: those that were read as something else are no longer what would be read.
    pub(super) fn reading(&self) -> String {
        let generation = self.generation.map_or("classic", Generation::version);
        let route = if self.dataset_route {
            " with the classic route"
        } else {
            ""
        };
        format!("{} as {generation}{route}", self.version)
    }

    /// Whether the version is newer than every one that is known here: what it serves is taken from what it answers alone.
    pub fn is_newer_than_known(&self) -> bool {
        major(&self.version).is_some_and(|claimed| claimed > NEWEST_KNOWN)
    }

    /// Whether the generation that was found by asking is not the one of the version that is claimed.
    pub fn contradicts_version(&self) -> bool {
        match (self.found_by, major(&self.version)) {
            (FoundBy::Asked, Some(claimed)) => Generation::of_version(claimed) != self.generation,
            _ => false,
        }
    }
}

/// How a generation was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FoundBy {
    #[default]
    Asked,
    /// By the version alone: a route that would tell it could not be asked.
    Version,
    Settings,
}

impl FoundBy {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    fn is_asked(&self) -> bool {
        *self == Self::Asked
    }
}

/// What a Metabase begins its weeks with unless somebody changed it.
pub(super) fn sunday() -> String {
    "sunday".to_owned()
}

/// `59` of `v0.59.2`, and of `v1.59.2` as the licensed builds call it.
pub(super) fn major(tag: &str) -> Option<u32> {
    let mut numbers = tag.strip_prefix('v')?.split('.');
    match numbers.next()? {
        "0" | "1" => numbers.next()?.split('-').next()?.parse().ok(),
        _ => None,
    }
}
