use std::collections::BTreeSet;

use serde_json::Value;

use crate::project::DbtProject;

/// The nodes that the commands of a run build; `None` means all. Of dbt's selectors `NAME`, `+NAME`, `NAME+` and
/// `+NAME+` are understood; any other selects everything.
pub(crate) fn selected(project: &DbtProject, commands: &[String]) -> Option<BTreeSet<String>> {
    let mut chosen = BTreeSet::new();
    for command in commands
        .iter()
        .filter(|command| command.starts_with("dbt build") || command.starts_with("dbt run"))
    {
        let mut words = command.split_whitespace();
        let selector = words
            .find(|word| matches!(*word, "--select" | "-s"))
            .and(words.next())?;
        let name = selector.trim_matches('+');
        let start = node_named(project, name)?;
        chosen.insert(start.clone());
        if selector.ends_with('+') {
            follow(project, "child_map", &start, &mut chosen);
        }
        if selector.starts_with('+') {
            follow(project, "parent_map", &start, &mut chosen);
        }
    }
    // Tests go with what they test.
    let nodes = project.manifest().get("nodes").and_then(Value::as_object)?;
    let tests: Vec<String> = nodes
        .iter()
        .filter(|(id, node)| {
            let of = node.pointer("/depends_on/nodes").and_then(Value::as_array);
            id.starts_with("test.")
                && of.is_some_and(|of| {
                    of.iter()
                        .all(|id| chosen.contains(id.as_str().unwrap_or_default()))
                })
        })
        .map(|(id, _)| id.clone())
        .collect();
    chosen.extend(tests);
    (!chosen.is_empty()).then_some(chosen)
}

fn node_named(project: &DbtProject, name: &str) -> Option<String> {
    let nodes = project.manifest().get("nodes")?.as_object()?;
    let found = nodes.iter().find(|(id, node)| {
        !id.starts_with("test.") && node.get("name").and_then(Value::as_str) == Some(name)
    });
    found.map(|(id, _)| id.clone())
}

/// Adds everything above or below a node.
pub(crate) fn follow(project: &DbtProject, map: &str, from: &str, into: &mut BTreeSet<String>) {
    let mut open = vec![from.to_owned()];
    while let Some(id) = open.pop() {
        let next = project
            .manifest()
            .get(map)
            .and_then(|map| map.get(&id))
            .and_then(Value::as_array);
        for id in next.into_iter().flatten().filter_map(Value::as_str) {
            if into.insert(id.to_owned()) {
                open.push(id.to_owned());
            }
        }
    }
}
