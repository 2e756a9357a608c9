use rust_decimal::Decimal;

use super::kit::{METABASE, load_env};

fn refusal(name: &str, value: &str) -> String {
    load_env(&[(name, value)]).unwrap_err().to_string()
}

#[test]
fn values_are_read_as_the_setting_wants_them() {
    let mut pairs = METABASE[..2].to_vec();
    pairs.extend([
        ("CARDINAL_CATALOG_CARDS_IDS", "1, 2,3"),
        ("CARDINAL_CATALOG_METRICS_IDS", "[4]"),
        ("CARDINAL_CATALOG_CARDS_NAME_PREFIX", "2025"),
        ("CARDINAL_CATALOG_CARDS_RECURSIVE", "false"),
        ("CARDINAL_BUDGET_MAX_COST_USD", "0.25"),
        ("CARDINAL_SHAPING_MAX_ROWS", "50"),
        ("CARDINAL_CATALOG_CACHE_DIR", "/tmp/kept"),
        ("CARDINAL_GUARD_MAX_CYCLES", ""),
    ]);
    let settings = load_env(&pairs).unwrap().settings;
    assert_eq!(settings.catalog.cards.ids.len(), 3);
    assert_eq!(settings.catalog.metrics.ids.len(), 1);
    assert_eq!(settings.catalog.cards.name_prefix.as_deref(), Some("2025"));
    assert!(!settings.catalog.cards.recursive);
    assert_eq!(settings.budget.max_cost_usd, Some(Decimal::new(25, 2)));
    assert_eq!(settings.shaping.max_rows, 50);
    assert_eq!(settings.catalog.cache_dir, Some("/tmp/kept".into()));
    assert_eq!(settings.guard.max_cycles, 3);
}

#[test]
fn lists_of_texts_need_no_quotes() {
    let hosts = |written: &str| {
        let pairs = [
            ("CARDINAL_SERVER_HOSTS", written),
            ("CARDINAL_SERVER_ADMINS", "ana@example.com"),
        ];
        let server = load_env(&pairs).unwrap().settings.server;
        assert_eq!(server.admins, ["ana@example.com"]);
        server.hosts
    };
    assert_eq!(hosts("localhost:8600"), ["localhost:8600"]);
    for several in [
        "localhost:8600, cardinal.example.com",
        "\"localhost:8600\", \"cardinal.example.com\"",
    ] {
        assert_eq!(hosts(several), ["localhost:8600", "cardinal.example.com"]);
    }
}

/// What `deploy/compose.yaml` gives the program where nobody sets more than its comment says.
#[test]
fn the_variables_of_the_compose_file_are_taken() {
    let compose = include_str!("../../deploy/compose.yaml");
    let service = compose.split("  cardinal-database:\n").next().unwrap();
    let section = service.split("    environment:\n").nth(1).unwrap();
    let lines = section.lines().take_while(|line| line.starts_with("      "));
    let given = |value: &str| match value.split_once("${") {
        Some((_, rest)) if value.starts_with("${") => rest
            .split_once(":-")
            .map_or("", |(_, rest)| rest.trim_end_matches('}'))
            .to_owned(),
        Some((before, rest)) => format!("{before}sesame{}", rest.split_once('}').unwrap().1),
        None => value.to_owned(),
    };
    let mut pairs: Vec<(String, String)> = lines
        .map(|line| {
            let (name, value) = line.trim().split_once(": ").unwrap();
            (name.to_owned(), given(value))
        })
        .collect();
    assert!(pairs.len() > 5, "{pairs:?}");
    pairs.extend(
        [
            ("METABASE_API_KEY", "mb_secret"),
            ("CARDINAL_CATALOG_COLLECTIONS", "7"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let pairs: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let loaded = load_env(&pairs).unwrap();
    assert_eq!(loaded.settings.server.hosts, ["localhost:8600"]);
    assert_eq!(loaded.notes, Vec::<String>::new());
}

#[test]
fn faults_name_the_variable() {
    insta::assert_snapshot!(
        refusal("CARDINAL_BUDGET_MAX_STEPS", "many"),
        @r#"CARDINAL_BUDGET_MAX_STEPS: invalid type: string "many", expected u32"#
    );
    insta::assert_snapshot!(
        refusal("CARDINAL_BUDGET_MAX_STEPS", "0"),
        @"CARDINAL_BUDGET_MAX_STEPS: 0 is out of range: 1 to 1000 are allowed"
    );
    insta::assert_snapshot!(
        refusal("CARDINAL_SHAPING_ROWS", "5"),
        @"CARDINAL_SHAPING_ROWS: unknown field `rows`, expected `max_rows` or `max_bytes`"
    );
    insta::assert_snapshot!(
        refusal("CARDINAL_MODEL", "gpt"),
        @"CARDINAL_MODEL: `gpt` is not openai:NAME, openai-responses:NAME, anthropic:NAME or offline"
    );
}

#[test]
fn a_variable_of_no_section_is_noted() {
    let loaded = load_env(&[("CARDINAL_BUGDET_MAX_STEPS", "5")]).unwrap();
    assert_eq!(
        loaded.notes,
        ["CARDINAL_BUGDET_MAX_STEPS is not a setting of Cardinal and does nothing"]
    );
}

#[test]
fn a_key_without_an_address_is_noted() {
    let loaded = load_env(&[("METABASE_API_KEY", "mb_x")]).unwrap();
    assert!(loaded.settings.metabase.is_none());
    assert!(loaded.notes[0].contains("METABASE_URL is not"));
}

#[test]
fn prices_may_come_one_variable_each_but_only_together() {
    let both = [
        ("CARDINAL_MODEL_PRICES_INPUT", "1"),
        ("CARDINAL_MODEL_PRICES_OUTPUT", "2.5"),
    ];
    let prices = load_env(&both).unwrap().settings.model.prices.unwrap();
    assert_eq!((prices.input, prices.output), (Decimal::ONE, Decimal::new(25, 1)));
    assert!(
        load_env(&both[..1])
            .unwrap_err()
            .to_string()
            .contains("missing field `output`")
    );
}
