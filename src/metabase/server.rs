//! Which Metabase answers, which generation of its Agent API, and how metrics and tables are asked there.

use http::StatusCode;
use serde_json::Value;

use super::call::{ApiCall, Caller};
use super::generation::{FIRST_FOR_ALL, FoundBy, NEWEST_KNOWN, major, sunday};
use super::probe::{self, ProbedGeneration};
use super::{
    DatasetRoute, FailureClass, Generation, GenerationSetting, MetabaseError, ServerInfo, endpoints, failure,
};

/// What was found, with the reason when there is no Agent API.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(super) struct DetectedServer {
    #[serde(flatten)]
    pub(super) info: ServerInfo,
    reason: String,
}

impl DetectedServer {
    /// Why there is no Agent API, if there is none.
    pub(super) fn why_none(&self) -> Option<&str> {
        self.info.generation.is_none().then_some(self.reason.as_str())
    }

    /// The error of `action` that needs what this server does not have, with the ways out.
    pub(super) fn lacking(&self, action: &str, what: &str) -> MetabaseError {
        failure::local(action, FailureClass::InvalidQuery, &self.lacking_in_words(what))
    }

    pub(super) fn lacking_in_words(&self, what: &str) -> String {
        let here = match self.info.generation {
            Some(generation) => format!("the Agent API of {}", generation.version()),
            None => format!("a Metabase without an Agent API ({})", self.reason),
        };
        let way = if self.info.dataset_route {
            ""
        } else {
            "; an administrator can allow it with `[metabase] dataset_route = \"fallback\"`"
        };
        format!("{what}: {here} cannot do that{way}")
    }
}

/// Asks for the version, then what the Agent API's routes say; or takes what the settings say.
pub(super) async fn detect(caller: &Caller) -> Result<DetectedServer, MetabaseError> {
    let properties = properties(caller).await?;
    let tag = properties.pointer("/version/tag").and_then(Value::as_str);
    let version = tag.map_or_else(|| "an unknown version".to_owned(), failure::clean);
    let first = properties.get("start-of-week").and_then(Value::as_str);
    let mut info = ServerInfo {
        edition: edition(tag.unwrap_or_default(), &properties),
        version,
        generation: None,
        week_starts_on: first.map_or_else(sunday, failure::clean),
        found_by: FoundBy::Settings,
        dataset_route: caller.settings.dataset_route == DatasetRoute::Fallback,
    };
    let mut reason = String::new();
    match caller.settings.generation {
        GenerationSetting::Auto => reason = ask(caller, &mut info).await?,
        GenerationSetting::Classic => "the settings say so".clone_into(&mut reason),
        pinned => info.generation = generation_of(pinned),
    }
    Ok(DetectedServer { info, reason })
}

/// Asks which generation answers; comes to the reason why there is none, if there is none.
async fn ask(caller: &Caller, info: &mut ServerInfo) -> Result<String, MetabaseError> {
    info.found_by = FoundBy::Asked;
    if let Some(why) = agent_api_refused(caller, info).await? {
        return Ok(format!("{}{} {why}", info.version, newer(info)));
    }
    match probe::generation(caller, major(&info.version)).await? {
        ProbedGeneration::Asked(generation) => info.generation = Some(generation),
        ProbedGeneration::Version(generation) => {
            info.generation = Some(generation);
            info.found_by = FoundBy::Version;
        }
        ProbedGeneration::Unknown => {
            return Ok(format!(
                "{}{} speaks one that is not known here: it answers a ping, and its routes for queries are not there or do not \
                 tell what they take",
                info.version,
                newer(info)
            ));
        }
    }
    Ok(String::new())
}

/// That a version is newer than those that are known here, in words; nothing where it is not.
fn newer(info: &ServerInfo) -> String {
    if info.is_newer_than_known() {
        format!(" (newer than v0.{NEWEST_KNOWN}, the newest that is known here)")
    } else {
        String::new()
    }
}

/// The generation that the settings name.
fn generation_of(setting: GenerationSetting) -> Option<Generation> {
    match setting {
        GenerationSetting::Auto | GenerationSetting::Classic => None,
        GenerationSetting::V59 => Some(Generation::V59),
        GenerationSetting::V60 => Some(Generation::V60),
        GenerationSetting::V61 => Some(Generation::V61),
        GenerationSetting::V62 => Some(Generation::V62),
        GenerationSetting::V63 | GenerationSetting::V64 | GenerationSetting::V65 => Some(Generation::V63),
    }
}

async fn properties(caller: &Caller) -> Result<Value, MetabaseError> {
    let call = ApiCall {
        action: "read the version of Metabase".into(),
        ..ApiCall::default()
    };
    caller
        .send_public(endpoints::SESSION_PROPERTIES, call)
        .await?
        .json()
}

/// Which build it is: licensed builds call themselves `v1.…`, and tell which features their licence covers.
fn edition(tag: &str, properties: &Value) -> Option<String> {
    let features = properties.get("token-features").and_then(Value::as_object);
    let licensed = features.map(|features| features.values().any(|on| on.as_bool() == Some(true)));
    let words = match (tag.split('.').next()?, licensed) {
        ("v0", _) => "open source",
        ("v1", Some(true)) => "Enterprise build with a licence",
        ("v1", Some(false)) => "Enterprise build without a licence",
        ("v1", None) => "Enterprise build",
        _ => return None,
    };
    Some(words.to_owned())
}

/// Why the Agent API cannot be used, if it cannot although the server answers.
async fn agent_api_refused(caller: &Caller, info: &ServerInfo) -> Result<Option<String>, MetabaseError> {
    let call = ApiCall {
        action: "reach the Agent API".into(),
        ..ApiCall::default()
    };
    let reply = caller.send(endpoints::PING, call).await?;
    if reply.status.is_success() {
        return Ok(None);
    }
    let error = reply.failure();
    match reply.status {
        // Every such version has one: something between hides it, or it lies elsewhere by now.
        StatusCode::NOT_FOUND if major(&info.version).is_some_and(|major| major >= FIRST_FOR_ALL) => Ok(Some(
            "does not answer where one should be (`/api/agent/v1/ping` is not there; see whether a proxy lets it through)".into(),
        )),
        StatusCode::NOT_FOUND => Ok(Some(
            "has none (it came with v0.59 for licensed builds and with v0.60 for all)".into(),
        )),
        StatusCode::PAYMENT_REQUIRED => Ok(Some("is not licensed for it".into())),
        StatusCode::FORBIDDEN => Ok(Some(format!("refuses it: {}", error.message))),
        _ => Err(error),
    }
}
