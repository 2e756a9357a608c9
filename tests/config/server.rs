use cardinal::config::{AuthPolicy, CredentialPolicy};

use super::kit::{METABASE, load_file, refusal};

#[test]
fn sessions_that_people_lend_need_a_metabase_and_let_nobody_in_without_one() {
    let lends = "version = 1\n[server]\ncredential = \"session\"\n";
    let server = load_file(lends, &METABASE).unwrap().settings.server;
    assert_eq!(
        (server.credential, server.auth),
        (CredentialPolicy::Session, AuthPolicy::Required)
    );
    let without = refusal(lends, &[]);
    assert!(
        without.contains("server.credential") && without.contains("[metabase]"),
        "{without}"
    );
    let open = refusal(&format!("{lends}auth = \"loopback\"\n"), &METABASE);
    assert!(
        open.contains("server.auth") && open.contains("required"),
        "{open}"
    );
    for who in [
        "[server.proxy]\nheader = \"x-forwarded-email\"\nfrom = [\"127.0.0.1\"]\n",
        "[server.jwt]\nissuer = \"https://id.example.com\"\naudience = \"cardinal\"\n\
         jwks_url = \"https://id.example.com/keys\"\n",
    ] {
        let closed = load_file(&format!("version = 1\n{who}"), &METABASE);
        assert_eq!(
            closed.unwrap().settings.server.auth,
            AuthPolicy::Required,
            "{who}"
        );
        let open = format!("version = 1\n[server]\nauth = \"loopback\"\n{who}");
        let open = load_file(&open, &METABASE);
        assert_eq!(open.unwrap().settings.server.auth, AuthPolicy::Loopback, "{who}");
    }
    let nothing = load_file("version = 1\n", &METABASE).unwrap().settings.server;
    assert_eq!(
        (nothing.credential, nothing.auth),
        (CredentialPolicy::Shared, AuthPolicy::Loopback)
    );
}
