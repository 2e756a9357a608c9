//! What a tape says of dbt, in the form of now and in the one before it.

use cardinal::agent::TurnSettings;
use cardinal::model::CompletionSettings;
use serde_json::{Value, json};

use crate::support::scripted_model::ScriptedModel;

async fn setup(parts: &[(&str, Value)]) -> Value {
    let model = ScriptedModel::openai(Vec::new()).await;
    let settings = TurnSettings::new(CompletionSettings::of(&model.settings(), None));
    let mut setup = json!(settings);
    for (name, value) in parts {
        setup[*name] = value.clone();
    }
    setup
}

fn account() -> Value {
    json!({
        "administrative": "https://ab1.us1.dbt.com/", "discovery": "https://ab1.metadata.us1.dbt.com/",
        "semantic_layer": "https://ab1.semantic-layer.us1.dbt.com/", "account_id": 7, "environment_id": 3,
        "offers": { "nodes": true, "jobs": false, "runs": true, "run_job": false },
    })
}

fn layer() -> Value {
    json!({
        "url": "https://ab1.semantic-layer.us1.dbt.com/", "account_id": 7, "environment_id": 3,
        "timeout": { "secs": 90, "nanos": 0 },
    })
}

#[tokio::test]
async fn tapes_that_kept_the_semantic_layer_apart_are_read() {
    let both =
        TurnSettings::of_setup(&setup(&[("dbt", account()), ("semantic_layer", layer())]).await).unwrap();
    let dbt = both.dbt.clone().unwrap();
    assert!(dbt.metrics && dbt.offers.nodes && !dbt.offers.jobs);
    assert_eq!(dbt.timeout.as_secs(), 90);
    assert_eq!(dbt.administrative.host_str(), Some("ab1.us1.dbt.com"));

    let layer_alone = TurnSettings::of_setup(&setup(&[("semantic_layer", layer())]).await).unwrap();
    let dbt = layer_alone.dbt.unwrap();
    assert!(dbt.metrics && !dbt.offers.nodes);
    assert_eq!((dbt.account_id, dbt.environment_id), (7, Some(3)));

    let tools_alone = TurnSettings::of_setup(&setup(&[("dbt", account())]).await).unwrap();
    let dbt = tools_alone.dbt.unwrap();
    assert!(!dbt.metrics && dbt.offers.runs);
    assert_eq!(dbt.timeout.as_secs(), 60);

    let neither = TurnSettings::of_setup(&setup(&[]).await).unwrap();
    assert_eq!(neither.dbt, None);

    // What is written now is read as it was written.
    assert_eq!(TurnSettings::of_setup(&json!(both)).unwrap(), both);
    let unknown = setup(&[("semantic_layers", layer())]).await;
    assert!(TurnSettings::of_setup(&unknown).is_err());
}
