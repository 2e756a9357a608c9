//! Where the store of a test is: a SQLite file in the test's folder, or a schema of its own in the PostgreSQL that
//! CARDINAL_TEST_DATABASE_URL names. So every test of the server runs over both. `psql` makes the schemas.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use cardinal::config::StorePlace;
use secrecy::SecretString;

/// The PostgreSQL that tests may use.
pub(super) fn postgres() -> Option<String> {
    let url = std::env::var("CARDINAL_TEST_DATABASE_URL").ok();
    url.filter(|url| cfg!(feature = "postgres") && !url.is_empty())
}

/// The same, for a test that is about PostgreSQL alone. Without one it says that it is skipped.
pub(super) fn postgres_or_skip(test: &str) -> Option<String> {
    let url = postgres();
    if url.is_none() {
        skipped(&format!(
            "{test}: it needs `--features postgres` and CARDINAL_TEST_DATABASE_URL, the address of an empty database"
        ));
    }
    url
}

/// Says that a test is skipped, where it is seen also when the test passes.
pub(super) fn skipped(what: &str) {
    // A line that cannot be written is missed by nobody.
    let _ = writeln!(std::io::stderr(), "skipped {what}");
}

/// A schema of its own in a database; its address.
pub(super) fn schema(url: &str) -> String {
    let name = format!(
        "test_{}",
        blake3::hash(&fastrand::u128(..).to_le_bytes())
            .to_hex()
            .split_at(16)
            .0
    );
    psql(url, &format!("CREATE SCHEMA {name}"));
    let sign = if url.contains('?') { '&' } else { '?' };
    format!("{url}{sign}options=-csearch_path%3D{name}")
}

/// What a statement gives, as text.
pub(super) fn psql(url: &str, sql: &str) -> String {
    let output = Command::new("psql")
        .args([
            url,
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--command",
            sql,
        ])
        .output()
        .expect("psql runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The store of a test, as settings name it.
pub(super) fn store_url(folder: &Path) -> String {
    postgres().map_or_else(
        || format!("sqlite:{}", folder.join("store.sqlite").display()),
        |url| schema(&url),
    )
}

/// The same, as settings hold it.
pub(super) fn place(url: &str) -> StorePlace {
    url.strip_prefix("sqlite:").map_or_else(
        || StorePlace::Postgres(SecretString::from(url)),
        |path| StorePlace::Sqlite(path.into()),
    )
}

/// Whole lines on the tape of an answer, while it is written too.
pub(super) fn tape_lines(store: &str, answer: &str) -> usize {
    let Some(path) = store.strip_prefix("sqlite:") else {
        let sql = format!("SELECT count(*) FROM tape_parts WHERE answer = '{answer}'");
        return psql(store, &sql).parse().unwrap();
    };
    let file = Path::new(&format!("{path}.tapes")).join(format!("{answer}.jsonl"));
    std::fs::read_to_string(file)
        .unwrap_or_default()
        .matches('\n')
        .count()
}

/// All that a store keeps of tokens.
pub(super) fn kept_of_tokens(store: &str) -> Vec<u8> {
    store.strip_prefix("sqlite:").map_or_else(
        || psql(store, "SELECT * FROM tokens").into_bytes(),
        |path| std::fs::read(path).unwrap(),
    )
}
