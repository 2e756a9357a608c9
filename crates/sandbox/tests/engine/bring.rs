//! Other people's data: SQLite files, folders of CSVs, model files with mistakes in them.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use cardinal_sandbox::World;
use cardinal_sandbox::semantic::TableMetadata;
use serde_json::json;

use super::kit::{native, rows};

fn written(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn types(table: &TableMetadata) -> Vec<(&str, &str)> {
    table
        .fields
        .iter()
        .map(|field| (field.name.as_str(), field.base_type.as_str()))
        .collect()
}

#[test]
fn types_are_told_from_cells() {
    let csv = "\u{feff}id,price,code,day,at,ok,note\n1,2.5,007,2024-05-01,2024-05-01 10:00:00,true,\n2,3,008,2024-05-02,\
               2024-05-02,false,\"a, b\"\n";
    let folder = written(&[("things.csv", csv)]);
    let world = World::from_csv(folder.path(), None).unwrap();
    let wanted = [
        ("id", "type/Integer"),
        ("price", "type/Float"),
        ("code", "type/Text"),
        ("day", "type/Date"),
        ("at", "type/DateTime"),
        ("ok", "type/Boolean"),
        ("note", "type/Text"),
    ];
    assert_eq!(types(world.model().table_named("things").unwrap()), wanted);
    let all = native(&world, "SELECT * FROM things");
    let first = json!([
        1,
        2.5,
        "007",
        "2024-05-01T00:00:00Z",
        "2024-05-01T10:00:00Z",
        true,
        null
    ]);
    assert_eq!(json!(all[0]), first);
    assert_eq!(all[1][6], json!("a, b"));
}

#[test]
fn keys_are_told_from_names_when_there_is_no_schema() {
    let folder = written(&[
        ("people.csv", "id,name\n1,Zoë\n2,Bo\n"),
        ("categories.csv", "ID,name\na,Toys\nb,Tools\n"),
        ("tags.csv", "id,name\n1,x\n1,y\n"),
        (
            "sales.csv",
            "id,user_id,category_id,tag_id,shop_id\n1,1,a,1,1\n2,1,b,1,1\n3,,a,1,1\n",
        ),
    ]);
    let world = World::from_csv(folder.path(), None).unwrap();
    let model = world.model();
    let table = |name: &str| model.table_named(name).unwrap();
    let key = |name: &str| table(name).primary_key().map(|key| key.id);
    let target = |column: &str| table("sales").field_named(column).unwrap().fk_target_field_id;
    assert_eq!(key("tags"), None, "a repeated id is no key");
    assert!(key("people").is_some() && key("sales").is_some());
    assert_eq!(target("user_id"), key("people"));
    assert_eq!(target("category_id"), key("categories"));
    assert_eq!((target("tag_id"), target("shop_id")), (None, None));
    let name = table("people").field_named("name").unwrap().id;
    let user = table("sales").field_named("user_id").unwrap().id;
    let query = json!({"stages": [{"source-table": table("sales").id, "aggregation": [["count", {}]],
        "breakout": [["field", {"source-field": user}, name]]}]});
    assert_eq!(json!(rows(&world, &query)), json!([[null, 1], ["Zoë", 2]]));
}

#[test]
fn a_key_may_bear_the_name_of_its_table() {
    let folder = written(&[
        ("vessels.csv", "vessel_id,name\n1,Aurora\n2,Sula\n"),
        ("ferries.csv", "ferry_id,vessel_id\n10,1\n11,1\n"),
        ("routes.csv", "route_id,name\n1,Kiel\n1,Oslo\n"),
        (
            "sailings.csv",
            "sailing_id,vessel_id,ferry_id,route_id\n7,1,10,1\n8,2,11,1\n",
        ),
    ]);
    let world = World::from_csv(folder.path(), None).unwrap();
    let table = |name: &str| world.model().table_named(name).unwrap();
    let key = |name: &str| table(name).primary_key().map(|key| key.id);
    let target = |table: &TableMetadata, column: &str| table.field_named(column).unwrap().fk_target_field_id;
    assert!(key("vessels").is_some() && key("ferries").is_some() && key("sailings").is_some());
    assert_eq!(target(table("sailings"), "vessel_id"), key("vessels"));
    assert_eq!(target(table("ferries"), "vessel_id"), key("vessels"));
    assert_eq!(target(table("sailings"), "ferry_id"), key("ferries"));
    assert_eq!(
        (key("routes"), target(table("sailings"), "route_id")),
        (None, None),
        "a repeated id is no key"
    );
    let draft = world.draft_model();
    assert!(
        draft.contains("vessel_id: { references: \"vessels.vessel_id\" }"),
        "{draft}"
    );
    assert!(!draft.contains("[[sum, sailing_id]]"), "{draft}");
}

#[test]
fn a_schema_beside_the_files_wins_and_metadata_describes() {
    let folder = written(&[
        (
            "schema.sqlite.sql",
            "CREATE TABLE a (id TEXT PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY, a_id TEXT REFERENCES a (id));",
        ),
        ("a.csv", "id\n1\n2\n"),
        ("b.csv", "a_id,id\n1,10\n1,11\n2,12\n"),
        (
            "metadata.json",
            r#"{"table_metadata": {"b": [{"column_name": "a_id", "column_description": "The A"}]}}"#,
        ),
    ]);
    let world = World::from_csv(folder.path(), None).unwrap();
    let (a, b) = (
        world.model().table_named("a").unwrap(),
        world.model().table_named("b").unwrap(),
    );
    let key = b.field_named("a_id").unwrap();
    assert_eq!(a.fields[0].semantic_type.as_deref(), Some("type/PK"));
    assert_eq!(key.fk_target_field_id, Some(a.fields[0].id));
    assert_eq!(key.description.as_deref(), Some("The A"));
    let query = json!({"stages": [{"source-table": b.id, "aggregation": [["count", {}]],
        "breakout": [["field", {"source-field": key.id}, a.fields[0].id]]}]});
    assert_eq!(json!(rows(&world, &query)), json!([["1", 2], ["2", 1]]));
}

#[test]
fn a_sqlite_file_is_read_and_never_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my shop.sqlite");
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute_batch(
        "CREATE TABLE owner (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE pet (id INTEGER PRIMARY KEY, \
         owner_id INT REFERENCES owner, untyped); CREATE VIEW names AS SELECT name FROM owner; \
         INSERT INTO owner VALUES (1, 'José'); INSERT INTO pet VALUES (1, 1, 2.5);",
    )
    .unwrap();
    drop(file);
    let world = World::from_sqlite(&path, None).unwrap();
    let model = world.model();
    assert_eq!(model.database.name, "my shop");
    let names: Vec<&str> = model.tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["names", "owner", "pet"]);
    let pet = model.table_named("pet").unwrap();
    assert_eq!(
        pet.fields[1].fk_target_field_id,
        Some(model.table_named("owner").unwrap().fields[0].id)
    );
    assert_eq!(
        pet.fields[2].base_type, "type/Float",
        "an undeclared type is told from the values"
    );
    assert_eq!((model.cards.len(), model.collections.len()), (0, 1));
    assert!(model.curated_collection_id.is_some() && !model.users.is_empty() && !model.api_keys.is_empty());
    let write = json!({"stages": [{"native": "INSERT INTO pet VALUES (2, 1, 1)"}]});
    assert!(
        world
            .run(&write, cardinal_sandbox::query::RowLimits::AGENT)
            .is_err()
    );
    assert!(World::from_sqlite(Path::new("/nowhere/at.all"), None).is_err());
}

#[test]
fn mistakes_in_a_model_file_are_named() {
    let cases = [
        ("version: 2", "version 2 is not known"),
        ("version: 1\ncolour: red", "colour"),
        (
            "version: 1\ntables: {orderz: {}}",
            "no table \"orderz\"; the database has: items",
        ),
        (
            "version: 1\ntables: {items: {fields: {prize: {}}}}",
            "no column \"prize\" in table \"items\"; it has: id, price",
        ),
        ("version: 1\ncollections: [{path: A/B}]", "put \"A\" before it"),
        (
            "version: 1\ncards: [{name: X, sql: \"SELECT {{y}}\"}]",
            "card \"X\": the SQL uses {{y}}",
        ),
        (
            "version: 1\ncards: [{name: X}]",
            "card \"X\": it needs either sql or query",
        ),
        (
            "version: 1\ncards: [{name: X, collection: Nope, sql: SELECT 1}]",
            "no collection \"Nope\"",
        ),
        (
            "version: 1\ncards: [{name: X, type: metric, query: {table: items}}]",
            "exactly one aggregation, this one has 0",
        ),
        (
            "version: 1\ncards: [{name: X, query: {table: items, filters: [[\"=\", size, 1]]}}]",
            "no column \"size\"",
        ),
        (
            "version: 1\ncards: [{name: X, query: {table: items, filters: [[near, id, 1]]}}]",
            "unknown filter \"near\"",
        ),
        (
            "version: 1\ncards: [{name: X, query: {table: items, breakouts: [owner.name]}}]",
            "no foreign key \"owner\"",
        ),
        (
            "version: 1\nsegments: [{name: S, table: items, filters: [id]}]",
            "segment \"S\"",
        ),
        (
            "version: 1\npeople: {groups: [{name: G, collections: [Nope]}]}",
            "group \"G\": no collection \"Nope\"",
        ),
        (
            "version: 1\npeople: {groups: [{name: G}], api_keys: [{key: short, name: K, group: G}]}",
            "API key \"K\"",
        ),
        ("version: [", "line"),
    ];
    for (yaml, wanted) in cases {
        let folder = written(&[("items.csv", "id,price\n1,2\n"), ("model.yaml", yaml)]);
        let model = folder.path().join("model.yaml");
        let error = World::from_csv(folder.path(), Some(&model))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(wanted) && error.contains("model.yaml"),
            "{yaml}: {error}"
        );
        assert!(!error.contains("short"), "no key in an error: {error}");
    }
}

#[test]
fn keys_can_be_added_and_people_replaced() {
    let yaml = "version: 1\ntoday: 2020-02-29\ndatabase: {name: Zoo}\n\
                tables: {b: {fields: {a: {references: a.id, description: The A}}}}\n\
                collections: [{path: C, curated: true}, {path: D}]\n\
                people:\n  groups: [{name: G, collections: [C], tables: [a]}]\n\
                \x20 users: [{email: Me@Example.com, password: secret, name: Me Myself, groups: [G]}]\n";
    let folder = written(&[("a.csv", "id\n1\n"), ("b.csv", "id,a\n1,1\n"), ("m.yaml", yaml)]);
    let world = World::from_csv(folder.path(), Some(&folder.path().join("m.yaml"))).unwrap();
    let model = world.model();
    let key = model.table_named("b").unwrap().field_named("a").unwrap();
    assert_eq!(key.semantic_type.as_deref(), Some("type/FK"));
    assert_eq!(
        (world.today().to_string().as_str(), model.database.name.as_str()),
        ("2020-02-29", "Zoo")
    );
    let user = &model.users[0];
    assert_eq!(
        (user.email.as_str(), user.last_name.as_str()),
        ("me@example.com", "Myself")
    );
    let access = model.access(&user.groups, user.superuser);
    assert!(access.collections.contains(&Some(1)) && !access.collections.contains(&Some(2)));
    assert!(!access.collections.contains(&None) && !access.native);
    assert!(access.tables.contains(&model.table_named("a").unwrap().id));
    assert!(!access.tables.contains(&model.table_named("b").unwrap().id));
    assert!(
        !format!("{model:?}").contains("secret"),
        "passwords are not printed"
    );
}

/// The benchmark's folders, when they lie beside the repository or one of its worktrees.
fn bench() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = root
        .ancestors()
        .skip(1)
        .map(|above| above.join("shared/bench"))
        .find(|path| path.is_dir());
    if found.is_none() {
        // Not by a macro: what those print is shown only for tests that fail.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: no ../shared/bench beside the repository"
        );
    }
    found
}

#[test]
fn the_benchmarks_folders_load_as_they_are() {
    let Some(bench) = bench() else { return };
    let mut loaded = 0;
    for entry in fs::read_dir(bench.join("defog/data")).unwrap() {
        let folder = entry.unwrap().path();
        let world = World::from_csv(&folder, None).unwrap_or_else(|error| panic!("{error}"));
        let fields = || world.model().tables.iter().flat_map(|table| &table.fields);
        assert!(
            fields().any(|field| field.description.is_some()),
            "{}",
            folder.display()
        );
        assert!(
            fields().all(|field| field.description.as_deref() != Some("")),
            "{}",
            folder.display()
        );
        for table in &world.model().tables {
            let csv = fs::read_to_string(folder.join(format!("{}.csv", table.name))).unwrap();
            let mut reader = csv::Reader::from_reader(csv.as_bytes());
            let wanted = reader.records().count();
            let count = json!({"stages": [{"source-table": table.id, "aggregation": [["count", {}]]}]});
            assert_eq!(
                rows(&world, &count),
                vec![vec![json!(wanted)]],
                "{} {}",
                folder.display(),
                table.name
            );
            world.field_values(table.fields[0].id, 10).unwrap();
        }
        loaded += 1;
    }
    assert_eq!(loaded, 6);
}

#[test]
fn the_older_sample_loads_with_its_documented_totals() {
    let Some(bench) = bench() else { return };
    let world = World::from_csv(&bench.join("metabase_sample"), None).unwrap();
    let totals = native(
        &world,
        "SELECT COUNT(*), ROUND(SUM(total), 2), MAX(date(created_at)) FROM orders",
    );
    assert_eq!(json!(totals), json!([[18_760, 1_595_328.13, "2020-04-19"]]));
    let orders = world.model().table_named("orders").unwrap();
    assert_eq!(
        orders.field_named("created_at").unwrap().base_type,
        "type/DateTime"
    );
}
