use std::collections::{BTreeMap, BTreeSet};

use cardinal::operations::{
    ADMINISTRATIVE, Api, Area, BodyForm, OperationAccess, Risk, all, build_path, parameter_names,
    path_parameters,
};

use super::listed;

#[test]
fn the_administrative_api_has_exactly_its_32_operations() {
    let listed: Vec<Vec<&str>> = listed().collect();
    assert_eq!(listed.len(), 32);
    assert_eq!(ADMINISTRATIVE.len(), 32);
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    for (line, operation) in listed.iter().zip(&ADMINISTRATIVE) {
        let [group, name, method, path, access, permission] = line[..] else {
            panic!("{line:?}")
        };
        *groups.entry(group).or_default() += 1;
        assert_eq!(operation.name, name);
        assert_eq!(operation.area.name(), format!("dbt.{group}"), "{name}");
        assert_eq!(operation.verb.method().as_str(), method, "{name}");
        // A file of an artifact may lie in a folder.
        assert_eq!(operation.path.replace("...", ""), path, "{name}");
        assert_eq!(serde_json::to_value(operation.access).unwrap(), access, "{name}");
        assert_eq!(operation.permission.unwrap().slug(), permission, "{name}");
        let version = if path.starts_with("/api/v2/") { "v2" } else { "v3" };
        assert_eq!(operation.version, version, "{name}");
    }
    let sizes: Vec<usize> = [
        "jobs",
        "runs",
        "projects",
        "environments",
        "connections",
        "access",
        "webhooks",
    ]
    .map(|group| groups[group])
    .to_vec();
    assert_eq!(sizes, [5, 7, 4, 3, 4, 5, 4]);
    let writes = ADMINISTRATIVE
        .iter()
        .filter(|one| one.access == OperationAccess::Write);
    assert_eq!(writes.count(), 17);
    let permissions: BTreeSet<_> = ADMINISTRATIVE.iter().map(|one| one.permission).collect();
    assert_eq!(permissions.len(), 8);
}

#[test]
fn what_changes_code_money_or_access_needs_an_approval() {
    let high: BTreeSet<&str> = all()
        .filter(|one| one.needs_approval())
        .map(|one| one.name)
        .collect();
    let wanted = [
        "create_connection",
        "create_group",
        "create_job",
        "create_repository",
        "create_service_token",
        "delete_job",
        "delete_project",
        "update_environment",
        "update_job",
    ];
    assert_eq!(high, BTreeSet::from(wanted));
    for operation in all() {
        let reads = operation.access == OperationAccess::Read;
        assert!(!(reads && operation.risk == Risk::High), "{}", operation.name);
        assert!(reads || operation.risk > Risk::Low, "{}", operation.name);
    }
}

#[test]
fn nothing_but_the_administrative_api_writes() {
    for operation in all().filter(|one| one.api != Api::DbtAdministrative) {
        assert_eq!(operation.access, OperationAccess::Read, "{}", operation.name);
    }
}

#[test]
fn every_operation_is_told_apart_and_said_in_words() {
    let mut names = BTreeSet::new();
    let mut sentences = BTreeSet::new();
    let mut addresses = BTreeSet::new();
    for operation in all() {
        assert!(names.insert(operation.name), "{} twice", operation.name);
        assert!(!operation.words.is_empty(), "{}", operation.name);
        sentences.insert((operation.api, operation.words));
        let document = match operation.body {
            BodyForm::Document(document) => document,
            _ => "",
        };
        assert!(
            addresses.insert((operation.api, operation.verb, operation.path, document)),
            "{} is another operation",
            operation.name
        );
        // Its ids are in its words, so that a log says which thing it was.
        for parameter in parameter_names(operation.path) {
            let said = operation.words.contains(&format!("{{{parameter}}}"));
            let project_of_a_list = operation.area == Area::DbtConnections && parameter == "project_id";
            assert!(
                said || parameter == "account_id" || project_of_a_list,
                "{} does not say its {parameter}",
                operation.name
            );
        }
    }
    assert_eq!(sentences.len(), names.len());
}

#[test]
fn areas_are_all_used_and_named_once() {
    let used: BTreeSet<Area> = all().map(|one| one.area).collect();
    assert_eq!(used, BTreeSet::from(Area::ALL));
    for area in Area::ALL {
        assert_eq!(area.name().parse(), Ok(area));
        assert_eq!(serde_json::to_value(area).unwrap(), area.name());
    }
    assert!("dbt.everything".parse::<Area>().unwrap_err().contains("dbt.runs"));
}

#[test]
fn a_path_is_made_as_it_is_read() {
    for operation in all() {
        let values: Vec<(&str, &str)> = parameter_names(operation.path)
            .into_iter()
            .map(|name| (name, if name == "path" { "logs/dbt.log" } else { "x7-_" }))
            .collect();
        let path = build_path(operation.path, &values).unwrap();
        let read = path_parameters(operation.path, &path).unwrap();
        assert_eq!(read.len(), values.len());
        assert!(
            values.iter().all(|(name, value)| read[name] == *value),
            "{read:?}"
        );
        if let Some((first, _)) = values.first() {
            for bad in ["", "..", "a/b", "a b", "%2e", "a;b", "ä"] {
                let with_bad: Vec<(&str, &str)> = values
                    .iter()
                    .map(|(name, value)| (*name, if name == first { bad } else { *value }))
                    .collect();
                assert_eq!(
                    build_path(operation.path, &with_bad),
                    None,
                    "{} {bad:?}",
                    operation.name
                );
            }
        }
    }
}
