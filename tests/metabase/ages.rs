//! Saved questions and models as servers of different ages describe them, from v0.35 to v0.64.

use cardinal::catalog::{CardEntry, CardId, CollectionId, Entry, ParameterTarget};
use cardinal::catalog::{CatalogSettings, ContentRule};
use cardinal::metabase::{CardArgument, CardRun, FailureClass};
use cardinal::result::ColumnKind;
use serde_json::{Value, json};

use super::scripted::{Scripted, completed, json_reply, one_card, text};

async fn load(tag: &str, body: &Value) -> (CardEntry, Vec<String>) {
    let server = Scripted::version(tag).await;
    server.on("GET /api/collection/tree", json_reply(200, &json!([])));
    server.on("GET /api/card/7", json_reply(200, body));
    let rules = CatalogSettings {
        cards: ContentRule {
            ids: vec![CardId(7)],
            ..ContentRule::default()
        },
        ..CatalogSettings::default()
    };
    let loaded = server.client().load_catalog(&rules).await.unwrap();
    match loaded.catalog.entries() {
        [Entry::Card(card)] => ((**card).clone(), loaded.warnings),
        other => panic!("{other:?} {:?}", loaded.warnings),
    }
}

/// Members that the card has in every version.
fn card(members: &Value) -> Value {
    let mut body =
        json!({ "id": 7, "name": "Orders", "archived": false, "collection_id": 5, "creator_id": 1 });
    for (key, value) in members.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

#[tokio::test]
async fn a_card_of_v0_35_has_its_variables() {
    let body = card(&json!({
        "dataset_query": {
            "database": 1, "type": "native",
            "native": {
                "query": "select * from orders where state = {{state}} [[and {{since}}]]", "collection": "orders",
                "template-tags": {
                    "state": { "id": "6b8b10ef", "name": "state", "display_name": "State", "type": "text",
                        "required": true, "default": "TX" },
                    "since": { "id": "7c9c", "name": "since", "display_name": "Since", "type": "dimension",
                        "dimension": ["field-id", 31], "widget_type": "date/all-options" },
                },
            },
        },
        "result_metadata": [
            { "name": "ID", "display_name": "ID", "base_type": "type/BigInteger", "special_type": "type/PK", "fingerprint": null },
            { "base_type": "type/Float", "display_name": "Total", "name": "TOTAL", "unit": null },
        ],
        "made_public_by_id": null, "enable_embedding": false, "embedding_params": null, "favorite": false,
        "visualization_settings": {}, "query_type": "native", "cache_ttl": null, "dashboard_count": 0,
    }));
    let (entry, warnings) = load("v0.35.4", &body).await;
    assert_eq!(warnings, Vec::<String>::new());
    let slugs: Vec<_> = entry
        .parameters
        .iter()
        .map(|parameter| {
            (
                parameter.slug.as_str(),
                parameter.kind.as_str(),
                parameter.required,
            )
        })
        .collect();
    assert_eq!(
        slugs,
        [("since", "date/all-options", false), ("state", "string/=", true)]
    );
    assert_eq!(entry.parameters[1].name, "State");
    assert_eq!(entry.parameters[1].default, Some(json!("TX")));
    let kinds: Vec<_> = entry.columns.iter().map(|column| column.kind).collect();
    assert_eq!(kinds, [ColumnKind::Integer, ColumnKind::Number]);
}

#[tokio::test]
async fn a_model_is_a_card_whatever_says_that_it_is_one() {
    let query = json!({ "database": 1, "type": "query", "query": { "source-table": "card__12", "filter": ["=", ["field", 3, null], 1] } });
    for members in [
        json!({ "dataset": true, "dataset_query": query }),
        json!({ "type": "model", "dataset_query": query, "entity_id": "x" }),
        json!({ "type": "model", "dataset_query": { "lib/type": "mbql/query", "database": 1,
            "stages": [{ "lib/type": "mbql.stage/mbql", "source-card": 12 }] } }),
    ] {
        let (entry, warnings) = load("v0.46.1", &card(&members)).await;
        assert_eq!(
            (entry.name.as_str(), entry.parameters.len(), warnings.len()),
            ("Orders", 0, 0)
        );
    }
}

#[tokio::test]
async fn members_in_a_form_that_nobody_knows_yet_do_not_hide_a_card() {
    let body = card(&json!({
        "description": { "text": "in a form of tomorrow" }, "moderation_reviews": "none", "parameters": {},
        "result_metadata": [{ "name": 7 }, { "name": "TOTAL", "base_type": "type/Float" }, null],
        "collection": [], "table_id": "card__3", "dataset_query": { "type": "native", "native": { "query": "select 1" } },
    }));
    let (entry, _) = load("v0.64.3", &body).await;
    assert_eq!(entry.description, None);
    assert_eq!(entry.columns.len(), 1);
}

#[tokio::test]
async fn variables_are_found_by_name_and_by_id_in_stages_too() {
    let tag = json!({ "id": "t-1", "name": "state", "display-name": "State", "type": "dimension", "widget-type": "string/=",
        "dimension": ["field", { "lib/uuid": "u" }, 31] });
    for (tags, target) in [
        (
            json!({ "state": tag }),
            json!(["dimension", ["template-tag", "state"], { "stage-number": 0 }]),
        ),
        (
            json!([tag]),
            json!(["dimension", ["template-tag", { "id": "t-1" }]]),
        ),
    ] {
        let body = card(&json!({
            "type": "question",
            "dataset_query": { "lib/type": "mbql/query", "database": 1,
                "stages": [{ "lib/type": "mbql.stage/native", "native": "select {{state}}", "template-tags": tags }] },
            "parameters": [{ "id": "p-1", "slug": "state", "name": "State", "type": "string/=", "target": target,
                "isMultiSelect": false, "required": true, "default": ["TX"], "values_query_type": "none",
                "filteringParameters": ["p-0"] }],
        }));
        let (entry, warnings) = load("v0.63.1", &body).await;
        assert_eq!(warnings, Vec::<String>::new());
        let parameter = &entry.parameters[0];
        assert_eq!((parameter.id.as_str(), parameter.slug.as_str()), ("p-1", "state"));
        assert_eq!(
            (&parameter.target, parameter.multiple, parameter.required),
            (&ParameterTarget::Dimension, false, true)
        );
        assert_eq!(parameter.default, Some(json!(["TX"])));
    }
}

#[tokio::test]
async fn parameters_of_the_query_builder_are_not_taken_by_the_route_and_are_no_parameters() {
    let body = card(&json!({
        "dataset_query": { "database": 1, "type": "query", "query": { "source-table": 2 } },
        "parameters": [{ "id": "p", "slug": "state", "name": "State", "type": "string/=",
            "target": ["dimension", ["field", 31, null], { "stage-number": 0 }] }],
    }));
    let (entry, warnings) = load("v0.60.1", &body).await;
    assert_eq!((entry.parameters.len(), warnings.len()), (0, 0));
}

#[tokio::test]
async fn a_collection_of_an_old_server_is_listed_without_metrics() {
    for (tag, listing) in [
        ("v0.38.2", json!([{ "id": 7, "name": "Orders", "model": "card" }])),
        (
            "v0.48.2",
            json!({ "total": 1, "data": [{ "id": 7, "name": "Orders", "model": "card" }] }),
        ),
    ] {
        let server = Scripted::claiming(tag).await;
        server.instead(
            "GET /api/agent/v1/ping",
            text(404, "API endpoint does not exist."),
        );
        server.on(
            "GET /api/collection/tree",
            json_reply(200, &json!([{ "id": 5, "name": "Sales", "children": [] }])),
        );
        let refused =
            json!({ "errors": { "models": "value must be one of: card, collection, dashboard, dataset" } });
        server.on("GET /api/collection/5/items", json_reply(400, &refused));
        server.on("GET /api/collection/5/items", json_reply(200, &listing));
        let query = json!({ "dataset_query": { "type": "native", "native": { "query": "select 1" } } });
        server.on("GET /api/card/7", json_reply(200, &card(&query)));
        let rules = CatalogSettings {
            cards: ContentRule {
                collections: vec![CollectionId(5)],
                ..ContentRule::default()
            },
            metrics: ContentRule {
                collections: vec![CollectionId(5)],
                ..ContentRule::default()
            },
            ..CatalogSettings::default()
        };
        let loaded = server.client().load_catalog(&rules).await.unwrap();
        assert_eq!(loaded.catalog.entries().len(), 1, "{tag}");
        assert_eq!(loaded.warnings, Vec::<String>::new());
        let [limit] = loaded.limits.as_slice() else {
            panic!("{:?}", loaded.limits)
        };
        assert!(limit.starts_with("no metrics") && limit.contains(tag), "{limit}");
        let asked = server.asked("/items");
        assert!(asked[0].query.contains("models=metric") && !asked[1].query.contains("models=metric"));
    }
}

#[tokio::test]
async fn archived_and_moved_cards_are_named_as_such() {
    let server = Scripted::version("v0.60.2").await;
    server.on("GET /api/collection/tree", json_reply(200, &json!([])));
    let body = card(&json!({ "archived": true, "dataset_query": {} }));
    server.on("GET /api/card/7", json_reply(200, &body));
    let body = card(&json!({ "collection": { "name": "Old", "archived": true }, "dataset_query": {} }));
    server.on("GET /api/card/8", json_reply(200, &body));
    let rules = CatalogSettings {
        cards: ContentRule {
            ids: vec![CardId(7), CardId(8)],
            ..ContentRule::default()
        },
        ..CatalogSettings::default()
    };
    let loaded = server.client().load_catalog(&rules).await.unwrap();
    assert_eq!(
        loaded.warnings,
        [
            "card 7 is archived; left out",
            "card 8 lies in an archived collection; left out"
        ]
    );

    server.on(
        "POST /api/card/7/query",
        text(403, "You don't have permissions to do that."),
    );
    let card = one_card(&json!([])).allow_card(CardId(7)).unwrap();
    let error = server
        .client()
        .run_card(&CardRun {
            card,
            arguments: vec![],
        })
        .await
        .unwrap_err();
    assert_eq!(error.class, FailureClass::Forbidden);
    assert!(error.message.contains("it was moved"), "{error}");
}

#[tokio::test]
async fn pivoted_and_nested_results_keep_their_values() {
    let server = Scripted::version("v0.60.2").await;
    let columns = json!([
        { "name": "pivot-grouping", "display_name": "pivot-grouping", "base_type": "type/Integer", "source": "breakout" },
        { "name": "tags", "display_name": "Tags", "base_type": "type/Array" },
        { "name": "meta", "display_name": "Meta", "base_type": "type/Dictionary" },
    ]);
    let rows = json!([[0, ["a", "b"], { "city": "Berlin", "zip": null }], [1, [], {}]]);
    server.on(
        "POST /api/card/7/query",
        json_reply(202, &completed(&columns, &rows)),
    );
    let card = one_card(&json!([])).allow_card(CardId(7)).unwrap();
    let arguments: Vec<CardArgument> = vec![];
    let fetched = server
        .client()
        .run_card(&CardRun { card, arguments })
        .await
        .unwrap();
    let shown: Vec<String> = fetched.table.rows[0]
        .iter()
        .map(|cell| format!("{cell:?}"))
        .collect();
    assert!(shown[1].contains('a'), "{shown:?}");
    assert!(shown[2].contains("Berlin"), "{shown:?}");
}

#[tokio::test]
async fn servers_without_a_tree_tell_where_collections_and_cards_lie() {
    let server = Scripted::claiming("v0.35.4").await;
    let absent = || text(404, "API endpoint does not exist.");
    server.instead("GET /api/agent/v1/ping", absent());
    server.on("GET /api/collection/tree", absent());
    let collections = json!([
        { "id": "root", "name": "Our analytics" },
        { "id": 12, "name": "Monthly", "location": "/5/", "archived": false, "personal_owner_id": null },
        { "id": 5, "name": "Sales", "location": "/", "archived": false, "personal_owner_id": null },
        { "id": 9, "name": "Ann's", "location": "/", "archived": false, "personal_owner_id": 3 },
        { "id": 6, "name": "Old", "location": "/5/", "archived": true, "personal_owner_id": null },
    ]);
    server.on("GET /api/collection", json_reply(200, &collections));
    server.on("GET /api/collection/5/items", absent());
    server.on("GET /api/collection/12/items", absent());
    let listed = json!([
        { "id": 7, "name": "Orders", "collection_id": 12, "archived": false },
        { "id": 8, "name": "Elsewhere", "collection_id": 9, "archived": false },
        { "id": 3, "name": "In the root", "collection_id": null, "archived": false },
    ]);
    server.on("GET /api/card", json_reply(200, &listed));
    let query = json!({ "collection_id": 12, "dataset_query": { "type": "native", "native": { "query": "select 1" } } });
    server.on("GET /api/card/7", json_reply(200, &card(&query)));
    let rules = CatalogSettings {
        cards: ContentRule {
            collections: vec![CollectionId(5)],
            recursive: true,
            ..ContentRule::default()
        },
        ..CatalogSettings::default()
    };
    let loaded = server.client().load_catalog(&rules).await.unwrap();
    assert_eq!(loaded.warnings, Vec::<String>::new());
    let [Entry::Card(card)] = loaded.catalog.entries() else {
        panic!("{:?}", loaded.catalog.entries());
    };
    assert_eq!(
        (card.id, card.collection.as_slice()),
        (CardId(7), &["Sales".to_owned(), "Monthly".to_owned()][..])
    );
}

#[tokio::test]
async fn a_linked_filter_keeps_all_values_that_any_choice_of_the_other_leaves() {
    let tag = |name: &str, field: u32| {
        json!({ "id": format!("t-{name}"), "name": name, "display-name": name, "type": "dimension", "widget-type": "string/=",
            "dimension": ["field", field, null] })
    };
    let parameter = |name: &str, linked: &Value| {
        json!({ "id": format!("p-{name}"), "slug": name, "name": name, "type": "string/=",
            "target": ["dimension", ["template-tag", name]], "filteringParameters": linked })
    };
    let body = card(&json!({
        "dataset_query": { "type": "native", "native": { "query": "select {{state}} {{city}}",
            "template-tags": { "state": tag("state", 31), "city": tag("city", 32) } } },
        "parameters": [parameter("state", &json!([])), parameter("city", &json!(["p-state"]))],
    }));
    let server = Scripted::version("v0.63.1").await;
    server.on("GET /api/collection/tree", json_reply(200, &json!([])));
    server.on("GET /api/card/7", json_reply(200, &body));
    let values = |values: &Value| json_reply(200, &json!({ "values": values, "has_more_values": false }));
    server.on(
        "GET /api/card/7/params/p-state/values",
        values(&json!([["TX"], ["NY"]])),
    );
    server.on(
        "GET /api/card/7/params/p-city/values",
        values(&json!([["Austin"], ["Albany"]])),
    );
    let rules = CatalogSettings {
        cards: ContentRule {
            ids: vec![CardId(7)],
            ..ContentRule::default()
        },
        ..CatalogSettings::default()
    };
    let loaded = server.client().load_catalog(&rules).await.unwrap();
    let [Entry::Card(entry)] = loaded.catalog.entries() else {
        panic!("{:?}", loaded.warnings)
    };
    let city = entry.parameters.iter().find(|one| one.slug == "city").unwrap();
    let allowed = city.allowed.as_ref().unwrap();
    assert!(
        allowed.complete && allowed.values == [json!("Austin"), json!("Albany")],
        "{allowed:?}"
    );
    assert!(
        server.asked("/params/p-city/values")[0].query.is_empty(),
        "no choice of the other narrows it"
    );
}
