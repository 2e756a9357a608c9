//! What to do when there is nothing at a model's address. Most often the address lacks `/v1`, has it twice, or is that of one
//! route.

use http::StatusCode;
use url::Url;

use super::Provider;

/// Words of an answer 404 that speaks of the model, of what it can do or of what was sent, and not of the address.
const OF_THE_MODEL: [&str; 6] = [
    "model",
    "deployment",
    "engine",
    "endpoints found",
    "api key",
    "item with id",
];
/// What servers say of an address that they do not know, inside an answer 200 too.
const OF_THE_ADDRESS: [&str; 3] = ["unexpected endpoint", "unknown request url", "invalid url"];
/// Routes that people take for the base of all.
const ROUTES: [&str; 4] = ["/chat/completions", "/completions", "/responses", "/messages"];

/// Whether a refusal says that there is nothing at the address.
pub(super) fn is_missing(status: StatusCode, message: &str) -> bool {
    let message = message.to_lowercase();
    says_so(&message)
        || (matches!(status.as_u16(), 404 | 405) && !OF_THE_MODEL.iter().any(|words| message.contains(words)))
}

/// Whether a server's words say that it does not know the address.
pub(super) fn says_so(message: &str) -> bool {
    let message = message.to_lowercase();
    OF_THE_ADDRESS.iter().any(|words| message.contains(words))
}

/// What to change about the base address, which `variable` holds.
pub(super) fn hint(provider: Provider, base: &Url, variable: &str) -> String {
    let path = base.path().trim_end_matches('/');
    let at = |path: &str| {
        let mut url = base.clone();
        url.set_path(path);
        url.to_string().trim_end_matches('/').to_owned()
    };
    let above = without_route(path, provider);
    if above != path {
        return format!("{variable} is the address of one route: set it to {}", at(above));
    }
    match (provider, path.strip_suffix("/v1")) {
        (Provider::Anthropic, Some(above)) => {
            format!(
                "{variable} has a /v1, which is added to it: set it to {}",
                at(above)
            )
        }
        (Provider::Openai | Provider::OpenaiResponses, None) if !is_versioned(path) => format!(
            "{variable} has no /v1, which most servers want: try {}",
            at(&format!("{path}/v1"))
        ),
        _ => format!("check {variable}, which is {}", at(path)),
    }
}

/// A path without the route that it ends in: the base that is set.
pub(super) fn without_route(path: &str, provider: Provider) -> &str {
    let path = path.trim_end_matches('/');
    match (ROUTES.iter().find_map(|route| path.strip_suffix(route)), provider) {
        (None, _) => path,
        (Some(above), Provider::Anthropic) => above.trim_end_matches("/v1"),
        (Some(above), _) => above,
    }
}

/// Whether a path names a version, or a deployment, which has none.
fn is_versioned(path: &str) -> bool {
    path.split('/').any(|part| {
        let digits = part.strip_prefix('v').unwrap_or_default();
        part == "deployments" || digits.starts_with(|c: char| c.is_ascii_digit())
    })
}
