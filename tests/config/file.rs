use std::time::Duration;

use cardinal::catalog::{CardId, CollectionId, MetricId, TableId};
use cardinal::config::{ConfigError, Overrides};

use super::kit::{METABASE, load_file, load_in, refusal};

#[test]
fn nothing_at_all_is_the_offline_planner_on_the_sandbox() {
    let directory = tempfile::tempdir().unwrap();
    let loaded = load_in(directory.path(), &[], &Overrides::default()).unwrap();
    assert!(loaded.settings.metabase.is_none());
    assert_eq!(loaded.settings.model.id.to_string(), "offline");
    assert_eq!(loaded.settings.budget.max_steps, 12);
    assert_eq!(loaded.settings.shaping.max_bytes, 30_000);
    assert!(loaded.file.is_none());
    assert!(loaded.notes.is_empty());
}

#[test]
fn the_environment_goes_before_the_file_and_the_file_before_defaults() {
    let text = "version = 1\n[budget]\nmax_steps = 5\nmax_tool_calls = 6\nmax_seconds = 30\n";
    let loaded = load_file(text, &[("CARDINAL_BUDGET_MAX_STEPS", "3")]).unwrap();
    let budget = loaded.settings.budget;
    assert_eq!(budget.max_steps, 3);
    assert_eq!(budget.max_tool_calls, 6);
    assert_eq!(budget.max_time, Duration::from_secs(30));
    assert_eq!(budget.max_tokens, 400_000);
}

#[test]
fn rules_are_read_and_the_short_form_adds_to_both() {
    let text = "version = 1\n[catalog]\ncollections = [9]\n[catalog.cards]\ncollections = [7, 9]\nids = [1]\nrecursive = false\n\
                name_prefix = \"KPI\"\nverified_only = true\n[catalog.metrics]\nids = [2]\nroot_collection = true\n\
                [catalog.tables]\nids = [3]\nname_prefix = \"mart_\"\n";
    let rules = load_file(text, &METABASE[..2]).unwrap().settings.catalog;
    assert_eq!(rules.cards.collections, [CollectionId(7), CollectionId(9)]);
    assert_eq!(rules.cards.ids, [CardId(1)]);
    assert!(!rules.cards.recursive && rules.cards.verified_only && !rules.cards.root_collection);
    assert_eq!(rules.cards.name_prefix.as_deref(), Some("KPI"));
    assert_eq!(rules.metrics.collections, [CollectionId(9)]);
    assert_eq!(rules.metrics.ids, [MetricId(2)]);
    assert!(rules.metrics.recursive && rules.metrics.root_collection);
    assert_eq!(rules.tables.ids, [TableId(3)]);
    assert_eq!(rules.tables.name_prefix.as_deref(), Some("mart_"));
}

#[test]
fn collections_may_be_written_as_people_know_them() {
    let curated = |text: &str| {
        let text = format!("version = 1\n[catalog]\ncollections = {text}\n");
        load_file(&text, &METABASE[..2]).map(|loaded| loaded.settings.catalog.cards)
    };
    let rule = curated(
        "[7, \"9-finance\", \"Sales / Monthly\", \"https://mb.example.com/collection/11-shop?tab=1\", \"/collection/12\"]",
    )
    .unwrap();
    let ids = [7, 11, 12].map(CollectionId);
    assert_eq!(rule.collections, ids);
    assert_eq!(rule.named_collections, ["9-finance", "Sales / Monthly"]);
    assert_eq!(curated("7").unwrap().collections, [CollectionId(7)]);
    assert_eq!(curated("\"Finance\"").unwrap().named_collections, ["Finance"]);

    for (written, numbers, names) in [
        ("7,9", vec![7, 9], vec![]),
        ("7-finance", vec![], vec!["7-finance"]),
        ("Finance, 9", vec![9], vec!["Finance"]),
        ("https://mb.example.com/collection/7-finance", vec![7], vec![]),
    ] {
        let variables = [
            METABASE[0],
            METABASE[1],
            ("CARDINAL_CATALOG_COLLECTIONS", written),
        ];
        let rule = load_file("version = 1\n", &variables)
            .unwrap()
            .settings
            .catalog
            .metrics;
        let ids: Vec<_> = numbers.into_iter().map(CollectionId).collect();
        assert_eq!(
            (rule.collections, rule.named_collections),
            (ids, names.into_iter().map(str::to_owned).collect())
        );
    }

    for (written, part) in [
        (
            "\"https://mb.example.com/question/7-orders\"",
            "not the address of a collection",
        ),
        (
            "\"https://mb.example.com/collection/root\"",
            "root_collection = true",
        ),
        ("[-1]", "by number, name or address"),
    ] {
        let error = curated(written).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_file_that_was_asked_for_has_to_exist() {
    let directory = tempfile::tempdir().unwrap();
    let overrides = Overrides {
        config: Some("other.toml".into()),
        model: None,
    };
    let error = load_in(directory.path(), &[], &overrides).unwrap_err();
    assert!(matches!(
        error,
        ConfigError::NoSuchFile {
            asked_by: "--config",
            ..
        }
    ));
    let error = load_in(
        directory.path(),
        &[("CARDINAL_CONFIG", "x.toml")],
        &Overrides::default(),
    );
    assert!(error.unwrap_err().to_string().contains("CARDINAL_CONFIG"));

    std::fs::write(
        directory.path().join("other.toml"),
        "version = 1\n[budget]\nmax_steps = 2\n",
    )
    .unwrap();
    let loaded = load_in(directory.path(), &[], &overrides).unwrap();
    assert_eq!(loaded.settings.budget.max_steps, 2);
    assert!(loaded.file.unwrap().ends_with("other.toml"));
}

#[test]
fn unknown_keys_are_named_with_their_line_and_what_is_allowed() {
    insta::assert_snapshot!(
        refusal("version = 1\n\n[guard]\nmax_sames = 3\n", &[]),
        @"cardinal.toml, line 4 (max_sames): unknown field `max_sames`, expected one of `max_same_call`, `max_cycles`, `max_error_streak`, `max_errors`, `max_closed_tools`, `max_empty_results`, `max_stale_results`, `max_cut_results`, `max_pages`, `max_clarifications`, `max_text_bytes`, `max_unheard_bytes`"
    );
}

#[test]
fn wrong_types_ranges_and_versions_are_refused() {
    insta::assert_snapshot!(
        refusal("version = 1\n[budget]\nmax_steps = \"many\"\n", &[]),
        @r#"cardinal.toml, line 3 (max_steps): invalid type: string "many", expected u32"#
    );
    insta::assert_snapshot!(
        refusal("version = 1\n[budget]\nmax_steps = 0\n", &[]),
        @"cardinal.toml: budget.max_steps: 0 is out of range: 1 to 1000 are allowed"
    );
    insta::assert_snapshot!(
        refusal("[budget]\nmax_steps = 2\n", &[]),
        @"cardinal.toml: the file's format version is missing: begin it with `version = 1`"
    );
    insta::assert_snapshot!(
        refusal("version = 2\n", &[]),
        @"cardinal.toml: version: this program reads version 1 of the format only"
    );
    assert!(refusal("version = 1\n[budget\n", &[]).starts_with("cardinal.toml, line 2: is not valid TOML"));
}

#[test]
fn secrets_in_the_file_are_refused_and_never_repeated() {
    for (section, line) in [
        ("metabase", "api_key = \"mb_SECRET\""),
        ("metabase", "password = \"mb_SECRET\""),
        ("metabase", "api_key_env = \"mb-SECRET+key\""),
        ("model", "api_key = \"sk-SECRET\""),
        ("model", "headers = { \"api-key\" = \"SECRET\" }"),
        ("model", "api_key = sk-SECRET"),
    ] {
        let text = format!("version = 1\n[{section}]\n{line}\n");
        let message = refusal(&text, &METABASE);
        assert!(
            message.contains(line.split(' ').next().unwrap()),
            "{line}: {message}"
        );
        assert!(!message.contains("SECRET"), "{message}");
    }
}

#[test]
fn the_debug_form_of_settings_holds_no_secret() {
    let loaded = load_file("version = 1\n", &METABASE).unwrap();
    assert!(!format!("{loaded:?}").contains("mb_secret"));
    let environment = super::kit::environment(&METABASE);
    assert!(!format!("{environment:?}").contains("mb_secret"));
}

#[test]
fn notes_are_read_with_the_entry_they_are_on() {
    let file = |notes: &str| {
        let text = format!(
            "version = 1\n[metabase]\nurl = \"https://m.example.com\"\n[catalog]\ncollections = [7]\n{notes}"
        );
        load_file(&text, &[("METABASE_API_KEY", "k")])
    };
    let right = "glossary = { GMV = \"Revenue before refunds\" }\n[[catalog.notes]]\nentry = \"metric 12\"\n\
                 synonyms = [\"turnover\"]\nneeds_period = true\n";
    let notes = file(right).unwrap().settings.catalog.notes;
    assert_eq!(notes.glossary["GMV"], "Revenue before refunds");
    let noted = notes.of(cardinal::catalog::EntryKind::Metric, 12).unwrap();
    assert!(noted.needs_period && noted.synonyms == ["turnover"] && noted.ask.is_none());
    for wrong in ["Revenue", "metric twelve", "dashboard 3"] {
        let error = file(&format!("[[catalog.notes]]\nentry = \"{wrong}\"\n"))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("catalog.notes") && error.contains("metric 12"),
            "{error}"
        );
    }
    let twice = "[[catalog.notes]]\nentry = \"card 1\"\n[[catalog.notes]]\nentry = \"card 1\"\n";
    assert!(file(twice).unwrap_err().to_string().contains("put them together"));
}
