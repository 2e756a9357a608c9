//! What the catalog says of each entry.

use ColumnKind::{Datetime, Integer, Text};
use cardinal::catalog::{
    AllowedValues, CardEntry, CardId, Entry, MetricEntry, MetricId, ParameterTarget, TableEntry, TableId,
};
use cardinal::catalog::{CatalogSettings, ContentRule, TableRule};
use cardinal::result::ColumnKind;
use serde_json::{Value, json};

use super::curation::card;
use super::scripted::{Scripted, json_reply, text};

async fn load(server: &Scripted, rules: &CatalogSettings) -> (Vec<Entry>, Vec<String>) {
    let loaded = server.client().load_catalog(rules).await.unwrap();
    (loaded.catalog.entries().to_vec(), loaded.warnings)
}

async fn load_card(server: &Scripted, body: &Value) -> (CardEntry, Vec<String>) {
    server.on("GET /api/collection/tree", json_reply(200, &json!([])));
    server.on("GET /api/card/7", json_reply(200, body));
    let rules = CatalogSettings {
        cards: ContentRule {
            ids: vec![CardId(7)],
            ..ContentRule::default()
        },
        ..CatalogSettings::default()
    };
    match load(server, &rules).await {
        (entries, warnings) if entries.len() == 1 => match &entries[0] {
            Entry::Card(card) => ((**card).clone(), warnings),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_card_has_its_place_columns_and_verification() {
    let server = Scripted::version("v0.60.2").await;
    let mut body = card(7);
    body["moderation_reviews"] = json!([{ "status": "verified", "most_recent": true }]);
    body["description"] = json!("Orders by month");
    body["result_metadata"] = json!([
        { "name": "month", "display_name": "Month", "base_type": "type/Date", "unit": "month" },
        { "name": "total", "display_name": "Total", "base_type": "type/Float", "description": "gross" },
    ]);
    let (card, warnings) = load_card(&server, &body).await;
    assert!(warnings.is_empty() && card.verified);
    assert_eq!(card.collection, ["Sales"]);
    assert_eq!(card.description.as_deref(), Some("Orders by month"));
    let columns: Vec<_> = card
        .columns
        .iter()
        .map(|column| (column.label.as_str(), column.kind))
        .collect();
    assert_eq!(
        columns,
        [("Month", ColumnKind::Date), ("Total", ColumnKind::Number)]
    );
    assert_eq!(card.columns[1].description.as_deref(), Some("gross"));
}

fn tag(name: &str, kind: &str) -> Value {
    json!({ "id": format!("id-{name}"), "name": name, "display-name": name.to_uppercase(), "type": kind })
}

#[tokio::test]
async fn template_tags_become_parameters_in_every_shape() {
    let mut state = tag("state", "dimension");
    state["widget-type"] = json!("string/=");
    let mut since = tag("since", "date");
    since["required"] = json!(true);
    since["default"] = json!("2024-01-01");
    let tags = [
        state,
        since,
        tag("least", "number"),
        tag("unit", "temporal-unit"),
        tag("other", "snippet"),
    ];
    let by_name: Value = tags
        .iter()
        .map(|tag| (tag["name"].as_str().unwrap().to_owned(), tag.clone()))
        .collect();
    let shapes = [
        json!({ "type": "native", "native": { "template-tags": by_name } }),
        json!({ "lib/type": "mbql/query", "stages": [{ "native": "…", "template-tags": by_name }] }),
        json!({ "lib/type": "mbql/query", "stages": [{ "native": "…", "template-tags": tags }] }),
    ];
    for query in shapes {
        let server = Scripted::version("v0.60.2").await;
        let listing = json!({ "values": [["TX", "Texas"], ["CA"]], "has_more_values": false });
        server.on(
            "GET /api/card/7/params/id-state/values",
            json_reply(200, &listing),
        );
        let mut body = card(7);
        body["dataset_query"] = query;
        let (card, warnings) = load_card(&server, &body).await;
        assert!(warnings.is_empty(), "{warnings:?}");
        let find = |slug: &str| {
            card.parameters
                .iter()
                .find(|parameter| parameter.slug == slug)
                .unwrap()
        };
        assert_eq!(card.parameters.len(), 4);
        let state = find("state");
        assert_eq!(
            (state.kind.as_str(), state.target.clone(), state.multiple),
            ("string/=", ParameterTarget::Dimension, true)
        );
        let listed = AllowedValues::listed(vec![json!(["TX", "Texas"]), json!("CA")], true);
        assert_eq!(state.allowed, Some(listed));
        let since = find("since");
        assert_eq!(
            (since.kind.as_str(), since.target.clone(), since.required),
            ("date/single", ParameterTarget::Variable, true)
        );
        assert_eq!(
            (since.default.as_ref(), since.name.as_str()),
            (Some(&json!("2024-01-01")), "SINCE")
        );
        assert_eq!(
            (find("least").kind.as_str(), find("least").multiple),
            ("number/=", false)
        );
        assert_eq!(find("unit").target, ParameterTarget::Dimension);
    }
}

#[tokio::test]
async fn declared_parameters_win_and_name_their_tag() {
    let server = Scripted::version("v0.60.2").await;
    let mut body = card(7);
    body["dataset_query"]["native"]["template-tags"] =
        json!({ "plan": tag("plan", "text"), "q": tag("q", "text") });
    body["parameters"] = json!([
        {
            "id": "p1", "name": "Plan", "slug": "the_plan", "type": "string/=", "isMultiSelect": false,
            "target": ["variable", ["template-tag", "plan"]], "values_source_type": "static-list",
            "values_source_config": { "values": [["basic", "Basic"], ["pro", "Pro"]] }, "default": ["basic"],
        },
        {
            "id": "p2", "name": "Search", "slug": "q", "type": "string/contains",
            "target": ["dimension", ["template-tag", "q"], { "stage-number": 0 }],
        },
        { "id": "p3", "name": "Field", "slug": "f", "type": "string/=", "target": ["dimension", ["field", 3, null]] },
        { "no": "id" },
    ]);
    let (card, warnings) = load_card(&server, &body).await;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let [plan, search] = card.parameters.as_slice() else {
        panic!("{:?}", card.parameters)
    };
    assert_eq!(
        (plan.id.as_str(), plan.slug.as_str(), plan.name.as_str()),
        ("p1", "plan", "Plan")
    );
    assert_eq!(
        plan.allowed,
        Some(AllowedValues::listed(
            vec![json!(["basic", "Basic"]), json!(["pro", "Pro"])],
            true
        ))
    );
    assert_eq!(
        (plan.multiple, plan.default.clone()),
        (false, Some(json!(["basic"])))
    );
    assert_eq!(
        (search.kind.as_str(), search.allowed.as_ref()),
        ("string/contains", None)
    );
    assert!(server.asked("/params/").is_empty());
}

/// A card whose SQL has these tags, loaded with these declared parameters.
async fn with_tags(tags: Value, declared: Value) -> (CardEntry, Vec<String>) {
    let server = Scripted::version("v0.60.2").await;
    let mut body = card(7);
    body["dataset_query"] =
        json!({ "lib/type": "mbql/query", "stages": [{ "native": "…", "template-tags": tags }] });
    body["parameters"] = declared;
    load_card(&server, &body).await
}

#[tokio::test]
async fn a_parameter_without_a_variable_behind_it_is_left_out_and_told() {
    let ghost = json!({ "id": "p9", "name": "Ghost", "slug": "ghost", "type": "string/=",
        "target": ["dimension", ["template-tag", "ghost"]] });
    let (card, warnings) = with_tags(json!({}), json!([ghost])).await;
    assert!(card.parameters.is_empty());
    assert_eq!(
        warnings,
        [
            "card 7 declares the parameter \"Ghost\", but its query has no variable that takes it; it is left out"
        ]
    );
    // A snippet of that name does not take a value either, nor does a field filter whose widget is none.
    for (kind, widget) in [("snippet", json!(null)), ("dimension", json!("none"))] {
        let mut left = tag("ghost", kind);
        left["widget-type"] = widget;
        let (card, warnings) = with_tags(json!({ "ghost": left }), json!([ghost])).await;
        assert_eq!((card.parameters.len(), warnings.len()), (0, 1), "{kind}");
    }
}

#[tokio::test]
async fn a_field_filter_without_a_widget_is_not_offered() {
    let mut filter = tag("f", "dimension");
    filter["widget-type"] = json!("none");
    let (card, warnings) = with_tags(json!({ "f": filter }), json!([])).await;
    assert!(card.parameters.is_empty() && warnings.is_empty(), "{warnings:?}");
}

#[tokio::test]
async fn a_tag_without_an_id_goes_by_its_name() {
    let bare = json!({ "x": { "name": "x", "display-name": "X", "type": "text" } });
    let (card, _) = with_tags(bare.clone(), json!([])).await;
    assert_eq!(card.parameters[0].id, "x");
    let declared = json!([{ "name": "X", "slug": "x", "type": "string/=", "target": ["variable", ["template-tag", "x"]] }]);
    let (card, _) = with_tags(bare, declared).await;
    assert_eq!(card.parameters[0].id, "x");
}

#[tokio::test]
async fn a_target_names_its_tag_by_id_too_and_tags_lie_in_nested_queries() {
    let server = Scripted::version("v0.60.2").await;
    let mut body = card(7);
    body["dataset_query"] = json!({ "type": "query", "query": {
        "source-query": { "native": "…", "template-tags": { "plan": tag("plan", "text") } },
    }});
    body["parameters"] = json!([{ "id": "p1", "name": "Plan", "slug": "the_plan", "type": "string/=",
        "target": ["variable", ["template-tag", { "id": "id-plan" }]] }]);
    let (card, warnings) = load_card(&server, &body).await;
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(card.parameters[0].slug, "plan");
}

#[tokio::test]
async fn parameters_of_other_types_on_one_field_have_their_own_values() {
    let server = Scripted::version("v0.60.2").await;
    for (id, listed) in [
        ("p2", json!([[2, "Clock"]])),
        ("p3", json!([["C1", "Toys & Games"]])),
    ] {
        let body = json!({ "values": listed, "has_more_values": false });
        server.on(
            &format!("GET /api/card/7/params/{id}/values"),
            json_reply(200, &body),
        );
    }
    let on_field = |name: &str, widget: &str| {
        let mut tag = tag(name, "dimension");
        tag["widget-type"] = json!(widget);
        tag["dimension"] = json!(["field", {}, 14]);
        tag
    };
    let declared = |id: &str, slug: &str, kind: &str| json!({ "id": id, "name": slug, "slug": slug, "type": kind, "target": ["dimension", ["template-tag", slug]] });
    let mut body = card(7);
    body["dataset_query"] = json!({ "stages": [{ "native": "…", "template-tags": {
        "product": on_field("product", "id"), "cat": on_field("cat", "string/="),
    }}]});
    body["parameters"] = json!([declared("p2", "product", "id"), declared("p3", "cat", "string/=")]);
    let (card, _) = load_card(&server, &body).await;
    let allowed = |at: usize| card.parameters[at].allowed.clone().unwrap();
    assert_eq!(allowed(0).labelled(&json!("clock")), Some(&json!(2)));
    assert_eq!(allowed(1).labelled(&json!("Toys & Games")), Some(&json!("C1")));
}

#[tokio::test]
async fn formats_of_columns_come_from_the_field_and_then_from_the_card() {
    let server = Scripted::version("v0.60.2").await;
    let mut body = card(7);
    body["result_metadata"] = json!([
        { "name": "revenue", "display_name": "Revenue", "base_type": "type/Decimal", "semantic_type": "type/Currency",
          "settings": { "number_style": "currency", "currency": "USD" } },
        { "name": "margin", "display_name": "Margin", "base_type": "type/Float", "settings": { "number_style": "percent" } },
        { "name": "kusd", "display_name": "Revenue", "base_type": "type/Float", "id": 42,
          "settings": { "scale": 0.001, "suffix": " k" } },
        { "name": "sum", "display_name": "Sum of Total", "base_type": "type/Float" },
    ]);
    body["visualization_settings"] = json!({ "column_settings": {
        "[\"name\",\"revenue\"]": { "currency": "EUR", "decimals": 2 },
        "[\"ref\",[\"field\",42,null]]": { "suffix": " T" },
        "broken": { "suffix": "!" },
    }});
    let (card, _) = load_card(&server, &body).await;
    let words: Vec<Option<String>> = card
        .columns
        .iter()
        .map(|column| column.format.unit_words())
        .collect();
    let expected = [
        Some("EUR"),
        Some("fraction: 0.5 is 50 %"),
        Some("people see it times 0.001, as \"… T\""),
        None,
    ];
    assert_eq!(words, expected.map(|words| words.map(str::to_owned)));
    assert_eq!(card.columns[0].format.decimals, Some(2));
    assert_eq!(card.columns[3].name, "sum_of_total");
}

#[tokio::test]
async fn a_listing_that_fails_lets_any_value_through_and_is_told() {
    let server = Scripted::version("v0.60.2").await;
    server.on("GET /api/card/7/params/id-state/values", text(500, "boom"));
    let mut state = tag("state", "dimension");
    state["widget-type"] = json!("category");
    let mut body = card(7);
    body["dataset_query"]["native"]["template-tags"] = json!([state]);
    let (card, warnings) = load_card(&server, &body).await;
    assert_eq!(card.parameters[0].allowed, None);
    assert!(
        warnings.len() == 1 && warnings[0].contains("card 7"),
        "{warnings:?}"
    );
}

fn table_metadata(id: u32, fields: &Value) -> Value {
    json!({ "id": id, "fields": fields, "segments": [{ "id": 4, "name": "Paid" }], "measures": [] })
}

async fn load_metric(query: &Value) -> (MetricEntry, Vec<String>, Scripted) {
    let server = Scripted::version("v0.60.2").await;
    server.on(
        "GET /api/collection/tree",
        json_reply(200, &json!([{ "id": 5, "name": "Sales", "children": [] }])),
    );
    let mut body = card(9);
    body["type"] = json!("metric");
    body["table_id"] = json!(2);
    body["dataset_query"] = query.clone();
    server.on("GET /api/card/9", json_reply(200, &body));
    let metric = json!({
        "id": 9, "type": "metric", "name": "Revenue", "description": "Paid totals", "verified": true,
        "default_time_dimension_field_id": "c9-0",
        "queryable_dimensions": [
            { "field_id": "c9-0", "name": "CREATED_AT", "display_name": "Created At", "type": "datetime", "base_type": "type/DateTime" },
            { "field_id": "c9-1", "name": "STATUS", "type": "string", "base_type": "type/Text" },
            { "field_id": "c9-2", "name": "NAME", "type": "string", "semantic_type": "type/Name", "table_reference": "User" },
            { "field_id": "c9-3", "name": "STATUS", "type": "string", "table_reference": "User" },
            { "field_id": "c9-4", "name": "AGE", "type": "number", "base_type": "type/Integer" },
            { "field_id": "c9-5", "name": "CITY", "type": "string" },
        ],
        "segments": [{ "id": 4, "name": "Paid", "description": "" }],
    });
    server.on("GET /api/agent/v1/metric/9", json_reply(200, &metric));
    let values = |distinct: u32, values: &[&str]| {
        let rows: Vec<_> = values.iter().map(|value| json!([value])).collect();
        json_reply(
            200,
            &json!({ "value_metadata": { "statistics": { "distinct-count": distinct }, "field_values": rows } }),
        )
    };
    server.on(
        "GET /api/agent/v1/metric/9/field/c9-1/values",
        values(2, &["paid", "refunded"]),
    );
    server.on(
        "GET /api/agent/v1/metric/9/field/c9-3/values",
        values(3, &["new", "old"]),
    );
    server.on(
        "GET /api/agent/v1/metric/9/field/c9-5/values",
        values(800, &["Ulm", "Zug"]),
    );
    let orders = json!([
        { "id": 5, "name": "TOTAL", "display_name": "Total" },
        { "id": 6, "name": "STATUS", "display_name": "Status" },
        { "id": 7, "name": "USER_ID", "display_name": "User ID", "target": { "id": 30, "table_id": 3 } },
        { "id": 8, "name": "CREATED_AT", "display_name": "Created At" },
    ]);
    server.on(
        "GET /api/table/2/query_metadata",
        json_reply(200, &table_metadata(2, &orders)),
    );
    let people = json!([{ "id": 31, "name": "STATE", "display_name": "State" }]);
    server.on(
        "GET /api/table/3/query_metadata",
        json_reply(200, &table_metadata(3, &people)),
    );
    let rules = CatalogSettings {
        metrics: ContentRule {
            ids: vec![MetricId(9)],
            ..ContentRule::default()
        },
        ..CatalogSettings::default()
    };
    let (entries, warnings) = load(&server, &rules).await;
    match &entries[0] {
        Entry::Metric(metric) => ((**metric).clone(), warnings, server),
        other => panic!("{other:?}"),
    }
}

fn old_query() -> Value {
    json!({ "type": "query", "query": {
        "source-table": 2, "aggregation": [["sum", ["field", 5, null]]],
        "filter": ["and",
            ["!=", ["field", 6, { "base-type": "type/Text" }], "refunded", "lost"],
            ["time-interval", ["field", 8, null], -12, "quarter"],
            ["or", ["=", ["field", 31, { "source-field": 7 }], "TX"], ["is-null", ["field", 31, null]]],
            ["segment", 4]],
    }})
}

#[tokio::test]
async fn a_metric_has_its_dimensions_by_unique_names_and_samples_of_the_categorical_ones() {
    let (metric, warnings, server) = load_metric(&old_query()).await;
    assert!(warnings.is_empty(), "{warnings:?}");
    let names: Vec<_> = metric
        .dimensions
        .iter()
        .map(|dimension| dimension.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["CREATED_AT", "STATUS", "User.NAME", "User.STATUS", "AGE", "CITY"]
    );
    assert_eq!(metric.default_time_dimension.as_deref(), Some("CREATED_AT"));
    let kinds: Vec<_> = metric.dimensions.iter().map(|dimension| dimension.kind).collect();
    assert_eq!(kinds, [Datetime, Text, Text, Text, Integer, Text]);
    assert_eq!(metric.dimensions[0].label, "Created At");
    let values = |at: usize| {
        metric.dimensions[at]
            .values
            .as_ref()
            .map(|values| (values.values.len(), values.complete))
    };
    assert_eq!((values(1), values(3)), (Some((2, true)), Some((2, false))));
    assert_eq!((values(2), values(5)), (None, None));
    assert!(server.asked("c9-2").is_empty() && server.asked("c9-4").is_empty());
    assert_eq!(
        (metric.verified, metric.segments[0].description.as_ref()),
        (true, None)
    );
    assert_eq!(metric.collection, ["Sales"]);
}

#[tokio::test]
async fn a_definition_is_put_into_words_from_both_shapes() {
    let options = |extra: &Value| {
        let mut options = json!({ "lib/uuid": "x" });
        options
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        options
    };
    let none = options(&json!({}));
    let field = |id: u32| json!(["field", none, id]);
    let new_query = json!({ "lib/type": "mbql/query", "database": 1, "stages": [{
        "source-table": 2, "aggregation": [["sum", none, field(5)]],
        "filters": [
            ["!=", none, field(6), "refunded", "lost"],
            ["time-interval", none, field(8), -12, "quarter"],
            ["or", none, ["=", none, field(31), "TX"], ["is-null", none, field(31)]],
            ["segment", none, 4],
        ],
    }]});
    for query in [old_query(), new_query] {
        let (metric, warnings, _) = load_metric(&query).await;
        assert!(warnings.is_empty(), "{warnings:?}");
        assert_eq!(metric.definition.as_deref(), Some("sum of Total"));
        assert_eq!(
            metric.built_in_filters,
            [
                "Status is not refunded or lost",
                "Created At is in the last 12 quarters",
                "(State is TX or State has no value)",
                "segment Paid",
            ]
        );
    }
}

#[tokio::test]
async fn a_filter_without_words_is_still_said_to_be_there() {
    let query = json!({ "type": "query", "query": {
        "source-table": 2, "aggregation": [["count"]], "filter": ["inside", ["field", 5, null], 1, 2, 3, 4],
    }});
    let (metric, warnings, _) = load_metric(&query).await;
    assert_eq!(metric.definition.as_deref(), Some("count of rows"));
    assert_eq!(
        metric.built_in_filters,
        ["a further condition that Metabase shows"]
    );
    assert_eq!(warnings.len(), 1, "{warnings:?}");
}

#[tokio::test]
async fn a_table_has_its_fields_measures_and_segments() {
    let server = Scripted::version("v0.60.2").await;
    let databases = json!({ "data": [{ "id": 1, "name": "Sample", "tables": [
        { "id": 2, "name": "ORDERS", "active": true, "visibility_type": null },
        { "id": 3, "name": "ORDERS_OLD", "visibility_type": "hidden" },
        { "id": 4, "name": "PEOPLE" },
    ]}], "total": 1 });
    server.on("GET /api/database", json_reply(200, &databases));
    let table = json!({
        "id": 2, "type": "table", "name": "ORDERS", "display_name": "Orders", "database_id": 1,
        "database_schema": "PUBLIC", "fields": [{ "field_id": "t2-0", "name": "ID", "type": "number" }],
        "related_tables": [
            { "name": "PEOPLE", "related_by": "USER_ID", "fields": [{ "field_id": "t2-1", "name": "ID", "type": "number" }] },
            { "name": "PEOPLE", "fields": [{ "field_id": "t2-2", "name": "ID", "type": "number", "table_reference": "Buyer" }] },
        ],
        "measures": [{ "id": 5, "name": "Net", "description": "after tax" }],
        "segments": [{ "id": 4, "name": "Paid" }],
    });
    server.on("GET /api/agent/v1/table/2", json_reply(200, &table));
    let rules = CatalogSettings {
        tables: TableRule {
            ids: vec![TableId(99)],
            name_prefix: Some("ORD".into()),
        },
        ..CatalogSettings::default()
    };
    let (entries, warnings) = load(&server, &rules).await;
    let [Entry::Table(table)] = entries.as_slice() else {
        panic!("{entries:?}")
    };
    let table: &TableEntry = table;
    let names: Vec<_> = table
        .dimensions
        .iter()
        .map(|dimension| dimension.name.as_str())
        .collect();
    assert_eq!(names, ["ID", "USER_ID.ID", "Buyer.ID"]);
    assert_eq!((table.name.as_str(), table.label.as_str()), ("ORDERS", "Orders"));
    assert_eq!(table.collection, ["Sample", "PUBLIC"]);
    assert_eq!(
        (table.measures[0].name.as_str(), table.segments[0].name.as_str()),
        ("Net", "Paid")
    );
    assert!(
        warnings.len() == 1 && warnings[0].contains("table 99"),
        "{warnings:?}"
    );
}

fn dimension(prefix: &str, at: u32, name: &str, listed: Option<Value>) -> Value {
    let mut dimension = json!({ "field_id": format!("{prefix}-{at}"), "name": name, "type": "string" });
    if let Some(values) = listed {
        dimension["field_values"] = values;
    }
    dimension
}

#[tokio::test]
async fn a_field_is_asked_for_its_values_once_and_not_where_they_are_listed() {
    let server = Scripted::version("v0.60.2").await;
    server.on("GET /api/collection/tree", json_reply(200, &json!([])));
    let orders = table_metadata(2, &json!([]));
    server.on("GET /api/table/2/query_metadata", json_reply(200, &orders));
    for id in [8_u32, 9, 10] {
        let mut body = card(id);
        body["type"] = json!("metric");
        body["table_id"] = json!(2);
        body["dataset_query"] =
            json!({ "type": "query", "query": { "source-table": 2, "aggregation": [["count"]] } });
        if id == 10 {
            // Its columns are those of a join, whatever their names are.
            body["dataset_query"]["query"]["joins"] = json!([{ "source-table": 3 }]);
        }
        server.on(&format!("GET /api/card/{id}"), json_reply(200, &body));
        let prefix = format!("c{id}");
        let many: Vec<_> = (0..30).map(|at| format!("v{at}")).collect();
        let metric = json!({
            "id": id, "type": "metric", "name": format!("Metric {id}"),
            "queryable_dimensions": [
                dimension(&prefix, 0, "STATUS", Some(json!(["paid", null, "lost"]))),
                dimension(&prefix, 1, "CHANNEL", None),
                dimension(&prefix, 2, "CITY", Some(json!(many))),
            ],
        });
        server.on(
            &format!("GET /api/agent/v1/metric/{id}"),
            json_reply(200, &metric),
        );
        for (at, distinct, values) in [(1, 2, json!([["web"], ["shop"]])), (2, 800, json!([["Ulm"]]))] {
            server.on(
                &format!("GET /api/agent/v1/metric/{id}/field/{prefix}-{at}/values"),
                json_reply(
                    200,
                    &json!({ "value_metadata": { "statistics": { "distinct-count": distinct }, "field_values": values } }),
                ),
            );
        }
    }
    let rules = CatalogSettings {
        metrics: ContentRule {
            ids: vec![MetricId(8), MetricId(9), MetricId(10)],
            ..ContentRule::default()
        },
        ..CatalogSettings::default()
    };
    let (entries, warnings) = load(&server, &rules).await;
    assert!(warnings.is_empty(), "{warnings:?}");
    for entry in &entries {
        let Entry::Metric(metric) = entry else {
            panic!("{entry:?}")
        };
        let values: Vec<_> = metric
            .dimensions
            .iter()
            .map(|dimension| {
                let values = dimension.values.as_ref();
                values.map(|values| (values.values.clone(), values.complete))
            })
            .collect();
        let listed = |values: &[&str]| Some((values.iter().map(|value| json!(value)).collect(), true));
        assert_eq!(
            values,
            [listed(&["paid", "lost"]), listed(&["web", "shop"]), None]
        );
    }
    // CHANNEL and CITY of the table once, and those of the join.
    assert_eq!(server.asked("/values").len(), 4);
    assert_eq!(server.asked("/query_metadata").len(), 1);
}
