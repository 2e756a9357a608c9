use cardinal::catalog::{CardId, Parameter};
use cardinal::metabase::{CardArgument, CardRun, FailureClass};
use cardinal::wire::ServedBy;
use serde_json::{Value, json};

use super::scripted::{Scripted, completed, json_reply, one_card, text};

fn parameter(slug: &str, kind: &str, target: &str) -> Value {
    json!({
        "id": format!("id-{slug}"), "slug": slug, "name": slug, "kind": kind, "target": target, "required": false,
        "default": null, "allowed": null, "multiple": true,
    })
}

async fn sent(kind: &str, target: &str, value: Value) -> Value {
    let server = Scripted::start().await;
    server.on(
        "POST /api/card/7/query",
        json_reply(202, &completed(&json!([]), &json!([]))),
    );
    let declared = parameter("state", kind, target);
    let card = one_card(&json!([declared])).allow_card(CardId(7)).unwrap();
    let parameter: Parameter = serde_json::from_value(declared).unwrap();
    let arguments = vec![CardArgument { parameter, value }];
    server
        .client()
        .run_card(&CardRun { card, arguments })
        .await
        .unwrap();
    server.asked("/api/card/7/query")[0].body["parameters"][0].clone()
}

#[tokio::test]
async fn a_parameter_goes_out_with_its_id_type_and_target() {
    assert_eq!(
        sent("string/=", "dimension", json!(["TX", "CA"])).await,
        json!({
            "id": "id-state", "type": "string/=", "target": ["dimension", ["template-tag", "state"]],
            "value": ["TX", "CA"],
        })
    );
    assert_eq!(
        sent("number/=", "variable", json!([5])).await,
        json!({
            "id": "id-state", "type": "number/=", "target": ["variable", ["template-tag", "state"]], "value": 5,
        })
    );
}

#[tokio::test]
async fn values_take_the_shape_of_their_type() {
    let value = async |kind, target, given| sent(kind, target, given).await["value"].clone();
    assert_eq!(value("string/=", "dimension", json!("TX")).await, json!(["TX"]));
    assert_eq!(value("string/=", "dimension", json!(7)).await, json!(["7"]));
    assert_eq!(
        value("number/between", "dimension", json!(["1", 2.5])).await,
        json!([1, 2.5])
    );
    assert_eq!(
        value("number/between", "dimension", json!([null, 3])).await,
        json!([null, 3])
    );
    assert_eq!(value("number/=", "variable", json!("12.5")).await, json!(12.5));
    assert_eq!(value("boolean/=", "variable", json!("true")).await, json!(true));
    assert_eq!(
        value("date/all-options", "dimension", json!("past30days")).await,
        json!("past30days")
    );
    assert_eq!(
        value("date/single", "variable", json!("2024-05-01")).await,
        json!("2024-05-01")
    );
    assert_eq!(
        value("temporal-unit", "dimension", json!("month")).await,
        json!("month")
    );
    assert_eq!(value("category", "dimension", Value::Null).await, Value::Null);
}

#[tokio::test]
async fn values_of_a_parameter_are_listed_with_their_labels() {
    let server = Scripted::start().await;
    let route = "GET /api/card/7/params/id-state/values";
    server.on(
        route,
        json_reply(
            200,
            &json!({ "values": [["TX", "Texas"], ["CA"], [null]], "has_more_values": false }),
        ),
    );
    let declared = parameter("state", "string/=", "dimension");
    let card = one_card(&json!([declared])).allow_card(CardId(7)).unwrap();
    let parameter: Parameter = serde_json::from_value(declared).unwrap();
    let values = server.client().parameter_values(&card, &parameter).await.unwrap();
    assert!(values.bytes_received > 50 && values.served_by == ServedBy::Live);
    let values = values.values;
    assert_eq!(
        (values.label(&json!("TX")), values.complete),
        (Some("Texas"), true)
    );
    assert_eq!(values.values, [json!("TX"), json!("CA")]);
}

#[tokio::test]
async fn a_list_that_has_more_is_not_complete() {
    let server = Scripted::start().await;
    let route = "GET /api/card/7/params/id-state/values";
    server.on(
        route,
        json_reply(200, &json!({ "values": [["TX"]], "has_more_values": true })),
    );
    server.on(
        route,
        text(400, "Card does not have a parameter with the ID \"id-state\"."),
    );
    let declared = parameter("state", "string/=", "dimension");
    let card = one_card(&json!([declared])).allow_card(CardId(7)).unwrap();
    let parameter: Parameter = serde_json::from_value(declared).unwrap();
    assert!(
        !server
            .client()
            .parameter_values(&card, &parameter)
            .await
            .unwrap()
            .values
            .complete
    );
    let error = server
        .client()
        .parameter_values(&card, &parameter)
        .await
        .unwrap_err();
    assert_eq!(error.class, FailureClass::InvalidQuery);
}
