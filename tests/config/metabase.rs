use cardinal::metabase::AuthSettings;
use secrecy::ExposeSecret;

use super::kit::{METABASE, load_env, load_file, refusal};

#[test]
fn nothing_is_curated_by_default() {
    insta::assert_snapshot!(
        load_env(&METABASE[..2]).unwrap_err(),
        @"catalog: nothing is curated, so no question could be answered: name the collections people may ask about, with CARDINAL_CATALOG_COLLECTIONS=7 or, in cardinal.toml, `[catalog]` and `collections = [7]` (a collection's number is in its address in Metabase)"
    );
}

#[test]
fn rules_without_a_metabase_are_an_error() {
    let error = load_env(&METABASE[2..]).unwrap_err().to_string();
    assert!(error.contains("set METABASE_URL"), "{error}");
}

#[test]
fn an_address_without_a_credential_is_an_error() {
    let error = load_env(&METABASE[..1]).unwrap_err().to_string();
    assert!(error.contains("METABASE_API_KEY"), "{error}");
}

#[test]
fn every_way_to_sign_in() {
    let sign_in = |pairs: &[(&str, &str)]| {
        let mut all = vec![METABASE[0], METABASE[2]];
        all.extend(pairs);
        load_env(&all).unwrap().settings.metabase.unwrap().auth
    };
    assert!(
        matches!(sign_in(&[("METABASE_API_KEY", " mb_x\n")]), AuthSettings::ApiKey(key) if key.expose_secret() == "mb_x")
    );
    assert!(matches!(
        sign_in(&[("METABASE_SESSION", "s")]),
        AuthSettings::Session(_)
    ));
    assert!(matches!(
        sign_in(&[("METABASE_USERNAME", "a@b.c"), ("METABASE_PASSWORD", "p")]),
        AuthSettings::Password { username, .. } if username == "a@b.c"
    ));
    assert!(matches!(
        sign_in(&[("METABASE_JWT_SECRET", "s"), ("METABASE_JWT_EMAIL", "a@b.c")]),
        AuthSettings::Jwt { exchange: true, .. }
    ));
}

#[test]
fn the_file_may_choose_among_credentials() {
    let text =
        "version = 1\n[metabase]\nauth = \"password\"\nusername = \"a@b.c\"\npassword_env = \"MB_PASS\"\n";
    let mut pairs = METABASE.to_vec();
    pairs.push(("MB_PASS", "p"));
    let auth = load_file(text, &pairs).unwrap().settings.metabase.unwrap().auth;
    assert!(matches!(auth, AuthSettings::Password { .. }));
    insta::assert_snapshot!(
        refusal(text, &METABASE),
        @"cardinal.toml: metabase.password_env: names the variable MB_PASS, which is not set"
    );
    insta::assert_snapshot!(
        refusal("version = 1\n[metabase]\nauth = \"session\"\n", &METABASE),
        @"cardinal.toml: metabase.auth: the credential is missing: set METABASE_SESSION"
    );
}

#[test]
fn addresses_end_in_a_slash_and_hold_no_secrets() {
    let with = |url| {
        let mut pairs = METABASE.to_vec();
        pairs[0] = ("METABASE_URL", url);
        load_env(&pairs).map(|loaded| loaded.settings.metabase.unwrap().url.to_string())
    };
    assert_eq!(with("https://h/metabase").unwrap(), "https://h/metabase/");
    for bad in [
        "h",
        "ftp://h",
        "https://h/api",
        "https://h/api/",
        "https://u:SECRET@h",
        "https://h?k=SECRET",
    ] {
        let error = with(bad).unwrap_err().to_string();
        assert!(
            error.starts_with("METABASE_URL: ") && !error.contains("SECRET"),
            "{error}"
        );
    }
}
