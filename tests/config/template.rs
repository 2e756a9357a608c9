use cardinal::config::TEMPLATE;
use toml::{Table, Value};

use super::kit::load_file;
use super::schema::settings;

/// The template with every setting switched on.
fn switched_on() -> String {
    TEMPLATE
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(setting) if !setting.starts_with(' ') && !setting.is_empty() => setting,
            _ => line,
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn as_it_is_written_it_changes_nothing() {
    let with = load_file(TEMPLATE, &[]).unwrap().settings;
    let without = load_file("version = 1\n", &[]).unwrap().settings;
    assert_eq!(format!("{with:?}"), format!("{without:?}"));
}

#[test]
fn every_setting_is_in_it() {
    let all: Table = switched_on().parse().unwrap();
    for (path, _) in settings() {
        let found = path
            .split('.')
            .try_fold(&Value::Table(all.clone()), |node, key| node.get(key))
            .is_some();
        assert!(found, "{path} is not in the template");
    }
}

#[test]
fn the_limits_it_shows_are_the_defaults() {
    let environment = [
        ("METABASE_API_KEY", "k"),
        ("DBT_WEBHOOK_SECRET", "s"),
        ("METABASE_SESSION", "k"),
        ("METABASE_PASSWORD", "k"),
        ("METABASE_JWT_SECRET", "k"),
        ("DBT_TOKEN", "k"),
        ("OPENAI_API_KEY", "k"),
        ("AZURE_OPENAI_API_KEY", "k"),
    ];
    let shown = load_file(&switched_on(), &environment).unwrap().settings;
    let mut minimal = environment.to_vec();
    minimal.push(("METABASE_URL", "https://metabase.example.com"));
    minimal.push(("CARDINAL_CATALOG_COLLECTIONS", "7"));
    let default = load_file("version = 1\n", &minimal).unwrap().settings;

    let mut budget = shown.budget;
    assert!(budget.max_cost_usd.take().is_some());
    let session = std::mem::take(&mut budget.session);
    let day = shown.day.allowance;
    for allowance in [session, day] {
        assert!(allowance.max_tokens.is_some() && allowance.max_cost_usd.is_some());
        assert!(allowance.max_queries.is_some());
    }
    assert_eq!(shown.day.time_zone, default.day.time_zone);
    assert_eq!(budget, default.budget);
    assert_eq!(shown.guard, default.guard);
    assert_eq!(shown.shaping, default.shaping);
    assert_eq!(shown.conversation, default.conversation);
    assert_eq!(shown.catalog.max_age, default.catalog.max_age);
    assert_eq!(shown.model.max_output_tokens, default.model.max_output_tokens);
    assert_eq!(shown.model.timeout, default.model.timeout);
    assert_eq!(shown.model.drive, default.model.drive);
    assert_eq!(format!("{:?}", shown.metabase), format!("{:?}", default.metabase));
}
