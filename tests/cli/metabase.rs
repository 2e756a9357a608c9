use super::kit::Sandbox;

const REVENUE: &str = "How did revenue develop by month in 2025?";

#[test]
fn a_served_sandbox_is_asked_like_any_metabase_in_both_generations() {
    let mut texts = Vec::new();
    for generation in ["v59", "v60"] {
        let sandbox = Sandbox::serve(&["--generation", generation]);
        let run = sandbox.client().run(&["ask", REVENUE]);
        assert_eq!(run.code, Some(0), "{run:#?}");
        assert!(run.stderr.contains(&sandbox.text("url")), "{run:#?}");
        assert!(!run.stderr.contains(&sandbox.text("api_key")));
        texts.push(run.stdout);
    }
    assert_eq!(texts[0], texts[1]);
}

#[test]
fn a_person_can_sign_in_instead_of_a_key() {
    let sandbox = Sandbox::serve(&[]);
    let program = sandbox
        .client()
        .with("METABASE_API_KEY", "")
        .with("METABASE_USERNAME", &sandbox.text("user"))
        .with("METABASE_PASSWORD", &sandbox.text("password"));
    let run = program.run(&["ask", REVENUE]);
    assert_eq!(run.code, Some(0), "{run:#?}");
}

#[test]
fn tokens_can_be_signed_instead_of_a_key() {
    let sandbox = Sandbox::serve(&[]);
    let program = sandbox
        .client()
        .with("METABASE_API_KEY", "")
        .with("METABASE_JWT_SECRET", &sandbox.text("jwt_secret"))
        .with("METABASE_JWT_EMAIL", &sandbox.text("user"));
    let run = program.run(&["ask", REVENUE]);
    assert_eq!(run.code, Some(0), "{run:#?}");
}

#[test]
fn the_kept_catalog_is_used_until_it_is_refreshed() {
    let sandbox = Sandbox::serve(&[]);
    let program = sandbox.client();
    assert_eq!(program.run(&["catalog", "list"]).code, Some(0));
    let (url, elsewhere) = (sandbox.text("url"), "http://127.0.0.1:1");
    assert_ne!(url, elsewhere);
    drop(sandbox);
    let kept = program.run(&["catalog", "list"]);
    assert_eq!(kept.code, Some(0), "{kept:#?}");
    assert_eq!(program.run(&["catalog", "list", "--refresh"]).code, Some(1));
}

#[test]
fn a_kept_catalog_is_not_used_once_something_else_may_be_asked() {
    let sandbox = Sandbox::serve(&["--generation", "v57"]);
    let program = sandbox.client();
    let tables = |more: &str| {
        let settings = format!("version = 1\n[catalog.tables]\nname_prefix = \"orders\"\n{more}");
        std::fs::write(program.folder().join("cardinal.toml"), settings).unwrap();
        let run = program.run(&["catalog", "list", "--json"]);
        let entries = run.json()["entries"].as_array().unwrap().clone();
        entries.iter().filter(|entry| entry["kind"] == "table").count()
    };
    let route = "[metabase]\ndataset_route = \"fallback\"\n";
    assert_eq!(tables(""), 0);
    assert_eq!(tables(route), 1);
    assert_eq!(tables(""), 0);
    let pinned = "[metabase]\ngeneration = \"classic\"\ndataset_route = \"fallback\"\n";
    assert_eq!(tables(pinned), 1);
    let newer = Sandbox::serve(&[]);
    let program = newer.client();
    let cards = |more: &str| {
        std::fs::write(
            program.folder().join("cardinal.toml"),
            format!("version = 1\n{more}"),
        )
        .unwrap();
        let entries = program.run(&["catalog", "list", "--json"]).json()["entries"].clone();
        let entries = entries.as_array().unwrap();
        entries.iter().filter(|entry| entry["kind"] == "card").count()
    };
    let all = cards("");
    let off = "[[grants.rules]]\nareas = [\"metabase.cards\"]\nlevel = \"off\"\n";
    assert!(all > 20);
    assert_eq!(cards(off), 0);
    assert_eq!(cards(""), all);
}

#[test]
fn a_gap_from_an_outage_is_filled_the_next_time_and_nothing_else_is_read_again() {
    let sandbox = Sandbox::serve(&["--faults", "GET /api/card/*=500:1"]);
    let program = sandbox.client();
    let entries = || program.run(&["catalog", "list", "--json"]).json()["entries"].clone();
    let count = |entries: &serde_json::Value| entries.as_array().unwrap().len();
    let first = count(&entries());
    let refreshed = program.run(&["catalog", "refresh", "--json"]).json();
    assert_eq!(
        (refreshed["entries"].as_u64(), refreshed["read"].as_u64()),
        (Some(first as u64 + 1), Some(1)),
        "{refreshed}"
    );
    assert_eq!(count(&entries()), first + 1);
}

#[test]
fn a_catalog_is_kept_for_the_credential_that_loaded_it() {
    let sandbox = Sandbox::serve(&[]);
    let program = sandbox.client();
    assert_eq!(program.run(&["catalog", "list"]).code, Some(0));
    let other = program
        .command(&["catalog", "list"])
        .env("METABASE_API_KEY", "mb_a_key_of_nobody")
        .output()
        .unwrap();
    assert_eq!(other.status.code(), Some(1), "{other:?}");
    for file in walk(program.folder()) {
        let name = file.to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(
            !name.contains("mb_") && !text.contains(&sandbox.text("api_key")),
            "{name}"
        );
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(walk(&path));
        } else {
            files.push(path);
        }
    }
    files
}
