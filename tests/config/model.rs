use cardinal::config::Overrides;
use cardinal::model::{ModelDrive, ModelSettings};
use secrecy::ExposeSecret;

use super::kit::{load_env, load_file, load_in, refusal};

const FILE: &str = "version = 1\n[model]\nid = \"openai:qwen3:8b\"\nbase_url = \"http://localhost:1/v1\"\napi_key_env = \"LOCAL_KEY\"\n\
                    headers_env = { \"api-key\" = \"LOCAL_KEY\" }\nquery = { \"api-version\" = \"1\" }\ndrive = \"json_action\"\n";

fn model(pairs: &[(&str, &str)]) -> ModelSettings {
    load_env(pairs).unwrap().settings.model
}

#[test]
fn the_default_follows_the_keys_in_the_environment() {
    let id = |pairs: &[(&str, &str)]| model(pairs).id.to_string();
    assert_eq!(id(&[]), "offline");
    assert!(id(&[("OPENAI_API_KEY", "k"), ("ANTHROPIC_API_KEY", "k")]).starts_with("openai:"));
    assert!(id(&[("OPENAI_BASE_URL", "http://localhost:1/v1")]).starts_with("openai:"));
    assert!(id(&[("ANTHROPIC_API_KEY", "k")]).starts_with("anthropic:"));
    assert!(id(&[("ANTHROPIC_BASE_URL", "http://localhost:1")]).starts_with("anthropic:"));
    assert!(
        id(&[
            ("ANTHROPIC_BASE_URL", "http://localhost:1"),
            ("OPENAI_BASE_URL", "http://localhost:2/v1")
        ])
        .starts_with("openai:")
    );
    assert_eq!(
        id(&[("ANTHROPIC_API_KEY", "k"), ("CARDINAL_MODEL", "offline")]),
        "offline"
    );
}

#[test]
fn what_chose_the_model_is_known() {
    let from = |pairs: &[(&str, &str)]| load_env(pairs).unwrap().model_from;
    assert_eq!(from(&[]), None);
    assert_eq!(
        from(&[("ANTHROPIC_BASE_URL", "http://localhost:1")]),
        Some("ANTHROPIC_BASE_URL")
    );
    assert_eq!(
        from(&[("OPENAI_API_KEY", "k"), ("ANTHROPIC_API_KEY", "k")]),
        Some("OPENAI_API_KEY")
    );
    let named = [("OPENAI_API_KEY", "k"), ("CARDINAL_MODEL", "openai:a")];
    assert_eq!(from(&named), None);
}

#[test]
fn each_provider_gets_its_own_key_and_address() {
    let pairs = [
        ("OPENAI_API_KEY", "o"),
        ("ANTHROPIC_API_KEY", "a"),
        ("ANTHROPIC_BASE_URL", "http://localhost:2"),
        ("CARDINAL_MODEL", "anthropic:claude"),
    ];
    let settings = model(&pairs);
    assert_eq!(settings.api_key.unwrap().expose_secret(), "a");
    assert_eq!(settings.base_url.unwrap().port(), Some(2));
}

#[test]
fn the_file_says_everything_about_its_own_provider() {
    let settings = load_file(FILE, &[("LOCAL_KEY", "k"), ("OPENAI_API_KEY", "o")])
        .unwrap()
        .settings
        .model;
    assert_eq!(settings.id.name, "qwen3:8b");
    assert_eq!(settings.api_key.unwrap().expose_secret(), "k");
    assert_eq!(settings.headers.len(), 1);
    assert_eq!(settings.query, [("api-version".to_owned(), "1".to_owned())]);
    assert_eq!(settings.drive, ModelDrive::JsonAction);
    assert_eq!(settings.base_url.unwrap().port(), Some(1));
}

#[test]
fn another_provider_gets_nothing_of_it() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("cardinal.toml"), FILE).unwrap();
    let overrides = Overrides {
        config: None,
        model: Some("anthropic:claude".parse().unwrap()),
    };
    let settings = load_in(directory.path(), &[("ANTHROPIC_API_KEY", "a")], &overrides)
        .unwrap()
        .settings
        .model;
    assert_eq!(settings.api_key.unwrap().expose_secret(), "a");
    assert!(settings.base_url.is_none() && settings.headers.is_empty() && settings.query.is_empty());
}

#[test]
fn our_own_variable_goes_before_the_ecosystems() {
    let pairs = [
        ("OPENAI_BASE_URL", "http://localhost:1/v1"),
        ("CARDINAL_MODEL_BASE_URL", "http://localhost:2/v1"),
    ];
    assert_eq!(model(&pairs).base_url.unwrap().port(), Some(2));
}

#[test]
fn an_empty_address_is_not_taken_for_the_providers_own() {
    let text = "version = 1\n[model]\nid = \"openai:x\"\n";
    let said = refusal(text, &[("OPENAI_API_KEY", "secret"), ("OPENAI_BASE_URL", " ")]);
    assert!(said.starts_with("OPENAI_BASE_URL: is set but empty"), "{said}");
    let said = refusal("version = 1\n[model]\nid = \"openai:x\"\nbase_url = \"\"\n", &[]);
    assert!(said.contains("model.base_url: is not an address"), "{said}");
}

#[test]
fn faults_are_named() {
    insta::assert_snapshot!(
        refusal("version = 1\n[model]\nbase_url = \"http://localhost:1/v1\"\n", &[]),
        @"cardinal.toml: model.base_url: belongs to one provider, so `id` in [model] has to name the model (`openai:NAME` or `anthropic:NAME`)"
    );
    insta::assert_snapshot!(
        refusal("version = 1\n[model]\nid = \"offline\"\ntemperature = 3.5\n", &[]),
        @"cardinal.toml: model.temperature: 3.5 is out of range: 0 to 2 are allowed"
    );
    insta::assert_snapshot!(
        refusal("version = 1\n[model]\nid = \"offline\"\n[model.prices]\ninput = -1\noutput = 1\n", &[]),
        @"cardinal.toml: model.prices.input: -1 is out of range: it may not be negative"
    );
    insta::assert_snapshot!(
        refusal("version = 1\n[model]\nid = \"openai:x\"\nheaders_env = { \"api-key\" = \"NOT_SET\" }\n", &[]),
        @"cardinal.toml: model.headers_env (api-key): names the variable NOT_SET, which is not set"
    );
}
