use std::sync::Arc;

use super::report::Check;
use crate::app::{self, CatalogCache, CatalogClients, Server};
use crate::catalog::Catalog;
use crate::config::Settings;
use crate::metabase::{Capability, FoundBy, MetabaseClient, MetabaseError, ServerInfo, served};
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
    let reach = app::ReachedSystems {
        metabase: at.has_metabase().then_some(&at.metabase),
        dbt: at.dbt.as_ref(),
        ..app::ReachedSystems::default()
    };
    let wire = match app::wire(settings, reach) {
        Ok(wire) => wire,
        Err(error) => {
            checks.push(Check::error("metabase", &error, "check the addresses and keys"));
            return;
        }
    };
    let principal = Principal::default();
    let layer = app::semantic_layer(&at, &wire, &principal);
    let client = MetabaseClient::new(at.metabase.clone(), wire, principal.clone());
    let clients = CatalogClients {
        metabase: &client,
        semantic_layer: layer.as_ref(),
    };
    if !at.has_metabase() {
        let message = "none is configured: questions are answered from metrics of dbt alone";
        checks.push(Check::ok("metabase", message));
        catalog(&at, clients, &principal, checks).await;
        return;
    }
    if !server(&at, &client, checks).await {
        return;
    }
    let catalog = catalog(&at, clients, &principal, checks).await;
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
            generation(&what, &info, client, checks).await;
            checks.push(served_how(&info));
            scopes(client, checks).await;
            true
        }
        Err(error) => {
            let from = at.metabase.credential_from.as_ref();
            let from = from
                .map(|variable| format!(", which was read from {variable},"))
                .unwrap_or_default();
            let fix =
                format!("check METABASE_URL and the credential{from} and that this machine can reach it");
            checks.push(Check::error("metabase", &error, fix_of(&error, &fix)));
            false
        }
    }
}

/// Version, edition and generation, and whether they fit together.
async fn generation(what: &str, info: &ServerInfo, client: &MetabaseClient, checks: &mut Vec<Check>) {
    let edition = info.edition.as_deref().map(|edition| format!(" ({edition})"));
    let api = info.generation.map_or_else(
        || "no Agent API".to_owned(),
        |generation| format!("Agent API of {}", generation.versions()),
    );
    let found = match info.found_by {
        FoundBy::Asked => "found by asking",
        FoundBy::Version => "by its version, as its routes do not tell",
        FoundBy::Settings => "as the settings say",
    };
    let newer = if info.is_newer_than_known() {
        ", newer than those known here"
    } else {
        ""
    };
    let message = format!(
        "{what}, version {}{}{newer}, {api} ({found})",
        info.version,
        edition.unwrap_or_default()
    );
    let why_none = client.why_no_agent_api().await.ok().flatten();
    checks.push(match why_none {
        Some(reason) => {
            let way = if info.dataset_route {
                "saved questions and models work; metrics and tables are asked over the classic route, as the settings allow"
            } else {
                "saved questions and models work; metrics only as they are saved, unless `[metabase] dataset_route = \
                 \"fallback\"` lets them and tables be asked over the classic route"
            };
            Check::warning("metabase", message, &format!("{reason}; {way}"))
        }
        None if info.contradicts_version() => {
            let fix = "what it serves counts; check whether a proxy changes what the server says of itself";
            Check::warning(
                "metabase",
                format!("{message}: another than its version has"),
                fix,
            )
        }
        None if info.is_newer_than_known() => {
            let fix = "metrics and tables are asked as its routes say; compare one figure with Metabase, and see whether a newer \
                       Cardinal knows this version";
            Check::warning("metabase", message, fix)
        }
        None => Check::ok("metabase", message),
    });
}

/// What is served how, from the table of capabilities and what the settings allow.
fn served_how(info: &ServerInfo) -> Check {
    let shown = [
        ("metrics", Capability::MetricByDimension),
        ("tables", Capability::TableQuery),
        ("many rows", Capability::Paging),
        ("values", Capability::Values),
    ];
    let by_classic_alone = info.generation.is_none();
    let ways = shown.map(|(name, capability)| {
        let way = match (capability, by_classic_alone, info.dataset_route) {
            (Capability::MetricByDimension, true, false) => "only as saved",
            (Capability::TableQuery, true, false) => "not at all",
            (Capability::MetricByDimension | Capability::TableQuery, true, true) => "the classic route",
            _ => served(capability, info.generation).way,
        };
        format!("{name}: {way}")
    });
    let route = if info.dataset_route && !by_classic_alone {
        "; where that is not enough, the classic route"
    } else {
        ""
    };
    Check::ok("served", format!("{}{route}", ways.join("; ")))
}

async fn scopes(client: &MetabaseClient, checks: &mut Vec<Check>) {
    match client.missing_scopes().await {
        Ok(missing) if missing.is_empty() => {}
        Ok(missing) => checks.push(Check::warning(
            "scopes",
            format!("the credential lacks {}", missing.join(", ")),
            "metrics and tables need them: use a credential without scopes, or one that has these",
        )),
        Err(error) => checks.push(Check::warning(
            "scopes",
            format!("what they are cannot be found out: {error}"),
            fix_of(&error, "run `cardinal doctor` again"),
        )),
    }
}

async fn catalog(
    at: &Server,
    clients: CatalogClients<'_>,
    principal: &Principal,
    checks: &mut Vec<Check>,
) -> Option<Arc<Catalog>> {
    match CatalogCache::of(at, principal)
        .compare(at, clients, &|_| {})
        .await
    {
        Ok(opened) => {
            let entries = opened.catalog.entries();
            checks.push(Check::ok("catalog", crate::cli::turn::entries(entries.len())));
            for note in &opened.unreadable {
                let fix = if note.contains("lacks the scope") {
                    "nothing is wrong with the entry: give the credential the scope"
                } else {
                    "repair the entry in Metabase, or take it out of the rules"
                };
                checks.push(Check::warning("catalog", note, fix));
            }
            for limit in &opened.limits {
                checks.push(Check::warning(
                    "catalog",
                    limit,
                    "nothing in Metabase needs to be repaired: it is what this version can do",
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
            let fix = "check the rules under [catalog], and what the credential's group may see";
            let fix = match &error {
                app::Error::Metabase { source, .. } => fix_of(source, fix),
                _ => fix,
            };
            checks.push(Check::error("catalog", &error, fix));
            None
        }
    }
}

/// What to do about a failure: whatever the server or the credential may lack, our own grants are not theirs.
fn fix_of<'f>(error: &MetabaseError, otherwise: &'f str) -> &'f str {
    if error.is_denied_by_grants() {
        "it is a grant that is missing, not a right in Metabase: change [[grants.rules]] in the settings; `cardinal grants` \
         shows what holds"
    } else {
        otherwise
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
            checks.push(Check::warning("credential", message, fix_of(&error, GROUP)));
        }
    }
}
