use std::sync::Arc;

use super::report::Check;
use crate::app::{self, CatalogCache, Server};
use crate::catalog::Catalog;
use crate::config::Settings;
use crate::metabase::{Generation, MetabaseClient};
use crate::principal::Principal;

const GROUP: &str = "make an API key for a group that may only view the curated collections and query their data \
                     (Admin > Settings > Authentication > API keys), and use that one";

/// Checks server, catalog and credential.
pub(super) async fn check(settings: &Settings, checks: &mut Vec<Check>) {
    let at = match Server::open(settings).await {
        Ok(at) => at,
        Err(error) => {
            checks.push(Check::error(
                "metabase",
                &error,
                "set METABASE_URL to ask a real one",
            ));
            return;
        }
    };
    let reach = app::Reach {
        metabase: Some(&at.metabase),
        ..app::Reach::default()
    };
    let wire = match app::wire(settings, reach) {
        Ok(wire) => wire,
        Err(error) => {
            checks.push(Check::error("metabase", &error, "check the addresses and keys"));
            return;
        }
    };
    let principal = Principal::default();
    let client = MetabaseClient::new(at.metabase.clone(), wire, principal.clone());
    if !server(&at, &client, checks).await {
        return;
    }
    let catalog = catalog(&at, &client, &principal, checks).await;
    credential(&at, &client, catalog.as_deref(), checks).await;
}

async fn server(at: &Server, client: &MetabaseClient, checks: &mut Vec<Check>) -> bool {
    let what = if at.is_demo() {
        "the demo sandbox".to_owned()
    } else {
        at.metabase.url.to_string()
    };
    match client.server().await {
        Ok(info) => {
            let generation = match info.generation {
                Some(Generation::V59) => "Agent API of v0.59",
                Some(Generation::V60) => "Agent API of v0.60",
                None => "no Agent API",
            };
            let message = format!("{what}, version {}, {generation}", info.version);
            let why_none = client.why_no_agent_api().await.ok().flatten();
            checks.push(match why_none {
                None => Check::ok("metabase", message),
                Some(reason) => Check::warning("metabase", message, &reason),
            });
            true
        }
        Err(error) => {
            checks.push(Check::error(
                "metabase",
                &error,
                "check METABASE_URL and the credential, and that this machine can reach it",
            ));
            false
        }
    }
}

async fn catalog(
    at: &Server,
    client: &MetabaseClient,
    principal: &Principal,
    checks: &mut Vec<Check>,
) -> Option<Arc<Catalog>> {
    match CatalogCache::of(at, principal).compare(at, client, &|_| {}).await {
        Ok(opened) => {
            let entries = opened.catalog.entries();
            checks.push(Check::ok("catalog", crate::cli::turn::entries(entries.len())));
            for note in &opened.unreadable {
                checks.push(Check::warning(
                    "catalog",
                    note,
                    "repair the entry in Metabase, or take it out of the rules",
                ));
            }
            let silent = entries
                .iter()
                .filter(|entry| entry.description().is_none())
                .count();
            if silent > 0 {
                checks.push(Check::warning(
                    "catalog",
                    if silent == 1 {
                        "1 entry has no description".to_owned()
                    } else {
                        format!("{silent} entries have no description")
                    },
                    "describe them in Metabase: descriptions decide how well the right one is found",
                ));
            }
            Some(opened.catalog)
        }
        Err(error) => {
            checks.push(Check::error(
                "catalog",
                &error,
                "check the rules under [catalog], and what the credential's group may see",
            ));
            None
        }
    }
}

/// The least a credential needs is to read. More is a risk without a use.
async fn credential(
    at: &Server,
    client: &MetabaseClient,
    catalog: Option<&Catalog>,
    checks: &mut Vec<Check>,
) {
    match client.credential(catalog).await {
        Ok(credential) if credential.superuser => checks.push(Check::warning(
            "credential",
            format!(
                "{} is an administrator: it can read and change everything",
                credential.name
            ),
            GROUP,
        )),
        Ok(credential) if !credential.can_write.is_empty() => checks.push(Check::warning(
            "credential",
            format!(
                "{} may change what it only needs to read: {}",
                credential.name,
                credential.can_write.join(", ")
            ),
            GROUP,
        )),
        Ok(credential) => checks.push(Check::ok(
            "credential",
            format!("{} may read only", credential.name),
        )),
        Err(error) => {
            let message = format!(
                "what it may do on {} cannot be found out: {error}",
                at.metabase.url
            );
            checks.push(Check::warning("credential", message, GROUP));
        }
    }
}
