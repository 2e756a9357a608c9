use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::applied::{commands_of, rows_of};
use super::node::{self, kind_of};
use crate::account::{AdminObjectKind, DEMO_ENVIRONMENT};
use crate::artifacts::follow;
use crate::graphql::{FieldCall, FieldResolver, GraphqlFault};
use crate::project::ArtifactFile;
use crate::state::DbtState;

/// Nodes of a page at most, and when nothing is asked for.
const MOST: i64 = 500;
const USUAL: usize = 500;
/// Runs that the history of a model goes back at most.
const RUNS: usize = 20;

pub(super) struct DiscoveryResolver {
    pub(super) app: Arc<DbtState>,
}

impl FieldResolver for DiscoveryResolver {
    fn resolve(&self, call: &FieldCall<'_>) -> Result<Option<Value>, GraphqlFault> {
        Ok(match (call.on, call.field) {
            ("Query", "environment") => Some(self.environment(call)),
            ("Query", "job") => Some(self.job(call)),
            ("AppliedState" | "DefinitionState", field) => self.state(call, field)?,
            (_, "executionInfo") => Some(self.execution(call)),
            (_, "catalog") => Some(node::catalog(&self.app.project, id_of(call))),
            (_, "freshness") => Some(node::freshness(&self.app.project, id_of(call))),
            (_, "lastKnownResult") => self
                .app
                .applied
                .node(&self.app.project, id_of(call))
                .map(|run| json!(run.status)),
            (_, "tests") if call.parent.get("uniqueId").is_some() && call.on != "ModelHistoricalRun" => {
                Some(self.tests(call))
            }
            (_, "parents") => Some(self.around(call, "parent_map", &[])),
            (_, "children") => Some(self.around(call, "child_map", &[])),
            (_, "ancestors") => Some(self.ancestors(call)),
            ("GroupDefinitionNode", "models") => Some(self.models_of_group(call)),
            _ => None,
        })
    }
}

impl DiscoveryResolver {
    fn environment(&self, call: &FieldCall<'_>) -> Value {
        if call.number("id") != Some(DEMO_ENVIRONMENT) {
            return Value::Null;
        }
        let metadata = self
            .app
            .project
            .manifest()
            .get("metadata")
            .cloned()
            .unwrap_or_default();
        let state = json!({ "lastUpdatedAt": metadata.get("generated_at") });
        json!({
            "id": DEMO_ENVIRONMENT,
            "environmentId": DEMO_ENVIRONMENT,
            "adapterType": metadata.get("adapter_type"),
            "dbtProjectName": metadata.get("project_name"),
            "applied": state,
            "definition": state,
        })
    }

    fn state(&self, call: &FieldCall<'_>, field: &str) -> Result<Option<Value>, GraphqlFault> {
        let kinds: &[&str] = match field {
            "models" => &["model"],
            "sources" => &["source"],
            "seeds" => &["seed"],
            "snapshots" => &["snapshot"],
            "tests" => &["test"],
            "exposures" => &["exposure"],
            "metrics" => &["metric"],
            "groups" => return self.groups(call).map(Some),
            "resources" => {
                let wanted = texts(call.argument("filter").get("types"));
                let all = node::all_ids(&self.app.project);
                let ids = all
                    .into_iter()
                    .filter(|id| wanted.iter().any(|of| of == node::resource_type(id)));
                return self.connection(call, ids.collect()).map(Some);
            }
            "lineage" => return Ok(Some(self.lineage(call))),
            "modelHistoricalRuns" => return Ok(Some(self.history(call))),
            "packages" => {
                let kind = call.text("resource").unwrap_or("model");
                let ids = node::ids(&self.app.project, kind);
                let packages: BTreeSet<String> = ids.iter().filter_map(|id| self.package(id)).collect();
                return Ok(Some(json!(packages)));
            }
            "resourceCounts" => {
                let mut counts = serde_json::Map::new();
                for id in node::all_ids(&self.app.project) {
                    let count = counts
                        .get(kind_of(&id))
                        .and_then(Value::as_i64)
                        .unwrap_or_default();
                    counts.insert(kind_of(&id).to_owned(), json!(count + 1));
                }
                return Ok(Some(Value::Object(counts)));
            }
            _ => return Ok(None),
        };
        let ids = kinds
            .iter()
            .flat_map(|kind| node::ids(&self.app.project, kind))
            .collect();
        self.connection(call, ids).map(Some)
    }

    fn package(&self, id: &str) -> Option<String> {
        let of = node::in_manifest(&self.app.project, id)?;
        Some(of.get("package_name")?.as_str()?.to_owned())
    }

    /// A page of nodes that pass the filter.
    fn connection(&self, call: &FieldCall<'_>, ids: Vec<String>) -> Result<Value, GraphqlFault> {
        let filter = call.argument("filter");
        let mut nodes = Vec::new();
        for id in ids {
            if let Some(node) = node::node(&self.app, &id).filter(|node| self.passes(node, filter)) {
                nodes.push(node);
            }
        }
        if call.argument("sort").get("direction") == Some(&json!("desc"))
            && call.argument("sort").get("field") == Some(&json!("executionTime"))
        {
            let seconds = |node: &Value| {
                let id = node.get("uniqueId").and_then(Value::as_str).unwrap_or_default();
                self.app
                    .applied
                    .node(&self.app.project, id)
                    .map_or(0.0, |run| run.seconds)
            };
            nodes.sort_by(|a, b| seconds(b).total_cmp(&seconds(a)));
        }
        paged(call, nodes)
    }

    fn passes(&self, of: &Value, filter: &Value) -> bool {
        let Some(filter) = filter.as_object() else {
            return true;
        };
        let id = of.get("uniqueId").and_then(Value::as_str).unwrap_or_default();
        let run = || self.app.applied.node(&self.app.project, id);
        filter
            .iter()
            .filter(|(_, wanted)| !wanted.is_null())
            .all(|(name, wanted)| match name.as_str() {
                "types" => true,
                "uniqueIds" => texts(Some(wanted)).iter().any(|one| one == id),
                "sourceNames" => texts(Some(wanted))
                    .iter()
                    .any(|one| of.get("sourceName") == Some(&json!(one))),
                "tags" => {
                    let tags = texts(of.get("tags"));
                    texts(Some(wanted)).iter().any(|one| tags.contains(one))
                }
                // The name in the database.
                "identifier" => {
                    let name = of
                        .get("identifier")
                        .or(of.get("alias"))
                        .and_then(Value::as_str)
                        .unwrap_or_default();
                    wanted
                        .as_str()
                        .is_some_and(|wanted| wanted.eq_ignore_ascii_case(name))
                }
                "lastRunStatus" | "status" => run().is_some_and(|run| *wanted == json!(run.status)),
                "freshnessStatus" => {
                    node::freshness(&self.app.project, id).get("freshnessStatus") == Some(wanted)
                }
                "freshnessChecked" => json!(!node::freshness(&self.app.project, id).is_null()) == *wanted,
                "testTypes" => texts(Some(wanted))
                    .iter()
                    .any(|one| of.get("testType") == Some(&json!(one))),
                field => {
                    let value = of.get(field).and_then(Value::as_str).unwrap_or_default();
                    wanted
                        .as_str()
                        .is_some_and(|wanted| wanted.eq_ignore_ascii_case(value))
                }
            })
    }

    fn groups(&self, call: &FieldCall<'_>) -> Result<Value, GraphqlFault> {
        let all = self
            .app
            .project
            .manifest()
            .get("groups")
            .and_then(Value::as_object);
        let mut nodes = Vec::new();
        for (id, group) in all.into_iter().flatten() {
            let group = json!({
                "uniqueId": id,
                "name": group.get("name"),
                "description": group.get("description"),
                "resourceType": "group",
                "ownerName": group.pointer("/owner/name"),
                "ownerEmail": group.pointer("/owner/email"),
                "packageName": group.get("package_name"),
                "filePath": group.get("original_file_path"),
                "tags": [],
                "modelCount": self.members(group).len(),
            });
            if self.passes(&group, call.argument("filter")) {
                nodes.push(group);
            }
        }
        paged(call, nodes)
    }

    fn members(&self, group: &Value) -> Vec<String> {
        let name = group.get("name").and_then(Value::as_str).unwrap_or_default();
        let members = self
            .app
            .project
            .manifest()
            .get("group_map")
            .and_then(|map| map.get(name));
        let mut members = texts(members);
        members.retain(|id| kind_of(id) == "model");
        members
    }

    fn models_of_group(&self, call: &FieldCall<'_>) -> Value {
        self.members(call.parent)
            .iter()
            .filter_map(|id| node::nested(&self.app, id))
            .collect()
    }

    fn execution(&self, call: &FieldCall<'_>) -> Value {
        let run = self.app.applied.node(&self.app.project, id_of(call));
        run.map(|run| run.json()).unwrap_or_default()
    }

    /// The tests of a node.
    fn tests(&self, call: &FieldCall<'_>) -> Value {
        let id = id_of(call);
        let mut found = Vec::new();
        for test in node::ids(&self.app.project, "test") {
            let Some(of) = node::in_manifest(&self.app.project, &test) else {
                continue;
            };
            let parents = texts(of.pointer("/depends_on/nodes"));
            let attached = of.get("attached_node").and_then(Value::as_str);
            if attached == Some(id) || (attached.is_none() && parents.iter().any(|parent| parent == id)) {
                found.extend(node::node(&self.app, &test));
            }
        }
        found.into()
    }

    fn around(&self, call: &FieldCall<'_>, map: &str, kinds: &[String]) -> Value {
        let next = self
            .app
            .project
            .manifest()
            .get(map)
            .and_then(|map| map.get(id_of(call)));
        texts(next)
            .iter()
            .filter(|id| kinds.is_empty() || kinds.iter().any(|kind| kind == node::resource_type(id)))
            .filter_map(|id| node::nested(&self.app, id))
            .collect()
    }

    fn ancestors(&self, call: &FieldCall<'_>) -> Value {
        let mut ids = BTreeSet::new();
        follow(&self.app.project, "parent_map", id_of(call), &mut ids);
        let kinds = texts(Some(call.argument("types")));
        ids.iter()
            .filter(|id| kinds.is_empty() || kinds.iter().any(|kind| kind == node::resource_type(id)))
            .filter_map(|id| node::nested(&self.app, id))
            .collect()
    }

    /// All nodes of the kinds that are asked for, with what they rest on.
    fn lineage(&self, call: &FieldCall<'_>) -> Value {
        let filter = call.argument("filter");
        let kinds = texts(filter.get("types"));
        let mut found = Vec::new();
        for id in node::all_ids(&self.app.project) {
            if !kinds.iter().any(|kind| kind == node::resource_type(&id)) {
                continue;
            }
            let Some(of) = node::node(&self.app, &id).filter(|of| self.passes(of, filter)) else {
                continue;
            };
            let parents = self
                .app
                .project
                .manifest()
                .get("parent_map")
                .and_then(|map| map.get(&id));
            found.push(json!({
                "__typename": "LineageNodeWithParents",
                "uniqueId": id,
                "name": of.get("name"),
                "resourceType": node::resource_type(&id),
                "filePath": of.get("filePath"),
                "parentIds": texts(parents),
                "publicParentIds": [],
            }));
        }
        found.into()
    }

    /// The last runs in which a model was, newest first.
    fn history(&self, call: &FieldCall<'_>) -> Value {
        let id = call.text("uniqueId").unwrap_or_default();
        let count = call
            .number("lastRunCount")
            .and_then(|count| usize::try_from(count).ok())
            .unwrap_or(1)
            .min(RUNS);
        let mut found: Vec<Value> = Vec::new();
        for run in self.app.account.list(AdminObjectKind::Run).iter().rev() {
            if found.len() == count {
                break;
            }
            let rows = rows_of(&self.app.project, run, &commands_of(run));
            let Some((_, of)) = rows.iter().find(|(known, _)| known == id) else {
                continue;
            };
            let tests: Vec<Value> = rows
                .iter()
                .filter(|(test, _)| {
                    let test = node::in_manifest(&self.app.project, test);
                    test.and_then(|test| test.get("attached_node")?.as_str()) == Some(id)
                })
                .map(|(test, of)| {
                    let name = node::in_manifest(&self.app.project, test).and_then(|test| test.get("name").cloned());
                    json!({ "uniqueId": test, "name": name, "status": of.status, "executionTime": of.seconds })
                })
                .collect();
            found.push(json!({
                "uniqueId": id,
                "name": node::in_manifest(&self.app.project, id).and_then(|of| of.get("name").cloned()),
                "runId": of.run_id,
                "jobId": of.job_id,
                "status": of.status,
                "error": if of.status == "error" { json!(of.message) } else { Value::Null },
                "executeStartedAt": of.started,
                "executeCompletedAt": of.completed,
                "runGeneratedAt": of.generated,
                "executionTime": of.seconds,
                "tests": tests,
            }));
        }
        found.into()
    }

    /// One run of a job, or its last one.
    fn job(&self, call: &FieldCall<'_>) -> Value {
        let job = call.number("id");
        let wanted = call.number("runId");
        let runs = self.app.account.list(AdminObjectKind::Run);
        let run = runs.iter().rev().find(|run| {
            let number = |name: &str| run.get(name).and_then(Value::as_i64);
            number("job_definition_id") == job
                && wanted.is_none_or(|id| number("id") == Some(id))
                && crate::runs::is_over(run)
        });
        let Some(run) = run else {
            return Value::Null;
        };
        let rows = rows_of(&self.app.project, run, &commands_of(run));
        let of_kind = |kind: &str| -> Vec<Value> {
            rows.iter()
                .filter(|(id, _)| kind_of(id) == kind)
                .map(|(id, of)| {
                    json!({
                        "uniqueId": id,
                        "name": node::in_manifest(&self.app.project, id).and_then(|node| node.get("name").cloned()),
                        "status": of.status,
                        "error": if matches!(of.status.as_str(), "error" | "fail" | "warn") { json!(of.message) } else { Value::Null },
                        "executionTime": of.seconds,
                        "executeStartedAt": of.started,
                        "executeCompletedAt": of.completed,
                    })
                })
                .collect()
        };
        let sources = self
            .app
            .project
            .value(ArtifactFile::Sources)
            .get("results")
            .and_then(Value::as_array);
        let looked_at = commands_of(run)
            .iter()
            .any(|command| command.starts_with("dbt source freshness"));
        let sources: Vec<Value> = sources
            .into_iter()
            .flatten()
            .filter(|_| looked_at)
            .map(|row| {
                let id = row.get("unique_id").and_then(Value::as_str).unwrap_or_default();
                let of = node::in_manifest(&self.app.project, id);
                json!({
                    "uniqueId": id,
                    "name": of.and_then(|of| of.get("name")),
                    "sourceName": of.and_then(|of| of.get("source_name")),
                    "state": row.get("status"),
                    "maxLoadedAt": row.get("max_loaded_at"),
                    "snapshottedAt": row.get("snapshotted_at"),
                    "criteria": node::criteria(row),
                })
            })
            .collect();
        json!({ "id": job, "runId": run.get("id"), "models": of_kind("model"), "tests": of_kind("test"), "sources": sources })
    }
}

fn id_of<'a>(call: &FieldCall<'a>) -> &'a str {
    call.parent
        .get("uniqueId")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_array);
    items
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// A page of a list, by cursors.
fn paged(call: &FieldCall<'_>, nodes: Vec<Value>) -> Result<Value, GraphqlFault> {
    let first = match call.number("first") {
        None => USUAL,
        Some(first) if !(1..=MOST).contains(&first) => {
            return Err(
                GraphqlFault::new(format!("`first` must be between 1 and {MOST}.")).coded("BAD_USER_INPUT"),
            );
        }
        Some(first) => usize::try_from(first).unwrap_or(USUAL),
    };
    let after = match call.text("after") {
        None => 0,
        Some(cursor) => {
            let place = STANDARD
                .decode(cursor)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok());
            let place = place.and_then(|text| text.strip_prefix("cursor:")?.parse::<usize>().ok());
            place.ok_or_else(|| GraphqlFault::new("Invalid cursor.").coded("BAD_USER_INPUT"))?
        }
    };
    let cursor = |place: usize| STANDARD.encode(format!("cursor:{place}"));
    let total = nodes.len();
    let edges: Vec<Value> = nodes
        .into_iter()
        .enumerate()
        .skip(after)
        .take(first)
        .map(|(place, node)| json!({ "cursor": cursor(place + 1), "node": node }))
        .collect();
    let end = after.saturating_add(edges.len());
    let of = |edge: Option<&Value>| edge.and_then(|edge| edge.get("cursor").cloned());
    let (start_cursor, end_cursor) = (of(edges.first()), of(edges.last()));
    Ok(json!({
        "totalCount": total,
        "pageInfo": { "startCursor": start_cursor, "endCursor": end_cursor, "hasNextPage": end < total, "hasPreviousPage": after > 0 },
        "edges": edges,
    }))
}
