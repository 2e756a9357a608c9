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

#[test]
fn what_cannot_work_or_lets_anybody_in_is_refused_by_name() {
    let jwt = |more: &str| {
        format!("[server.jwt]\nissuer = \"https://id.example.com\"\naudience = \"cardinal\"\n{more}")
    };
    let keys = "jwks_url = \"https://id.example.com/keys\"\n";
    let proxy =
        |header: &str, from: &str| format!("[server.proxy]\nheader = \"{header}\"\nfrom = [\"{from}\"]\n");
    let cases = [
        ("[server]\nhosts = [\"*\"]\n".to_owned(), "server.hosts"),
        (
            "[server]\nhosts = [\"https://cardinal.example.com\"]\n".to_owned(),
            "server.hosts",
        ),
        (
            "[server]\nhosts = [\"cardinal:70000\"]\n".to_owned(),
            "server.hosts",
        ),
        ("[server]\nhosts = [\"cardinal:0\"]\n".to_owned(), "server.hosts"),
        ("[server]\nhosts = [\"cardinal:\"]\n".to_owned(), "server.hosts"),
        ("[server]\nhosts = [\":8600\"]\n".to_owned(), "server.hosts"),
        ("[server]\nhosts = [\"[::1]:99999\"]\n".to_owned(), "server.hosts"),
        ("[server]\nhosts = [\"::1\"]\n".to_owned(), "server.hosts"),
        ("[server]\nhosts = [\"[nothing]\"]\n".to_owned(), "server.hosts"),
        ("[server]\nadmins = [\" \"]\n".to_owned(), "server.admins"),
        ("[server]\nadmins = [\"ana \"]\n".to_owned(), "server.admins"),
        (jwt(&format!("{keys}algorithms = []\n")), "server.jwt.algorithms"),
        (
            jwt("jwks_url = \"http://id.example.com/keys\"\n"),
            "server.jwt.jwks_url",
        ),
        (proxy("Host", "10.0.0.7"), "server.proxy.header"),
        (proxy("Cookie", "10.0.0.7"), "server.proxy.header"),
        (proxy("authorization", "10.0.0.7"), "server.proxy.header"),
        (proxy("x-user", "0.0.0.0/0"), "server.proxy.from"),
        (proxy("x-user", "128.0.0.0/1"), "server.proxy.from"),
        (proxy("x-user", "::/0"), "server.proxy.from"),
        (proxy("x-user", "::ffff:0:0/96"), "server.proxy.from"),
        (proxy("x-user", "::ffff:0.0.0.0/100"), "server.proxy.from"),
        (proxy("X-Forwarded-Host", "10.0.0.7"), "server.proxy.header"),
        (proxy("x-forwarded-for", "10.0.0.7"), "server.proxy.header"),
        (proxy("X-Real-IP", "10.0.0.7"), "server.proxy.header"),
        (proxy("sec-fetch-site", "10.0.0.7"), "server.proxy.header"),
        (proxy("If-None-Match", "10.0.0.7"), "server.proxy.header"),
        (proxy("X-Cardinal-Session", "10.0.0.7"), "server.proxy.header"),
        (proxy("X-Metabase-Session", "10.0.0.7"), "server.proxy.header"),
        (proxy("x-request-id", "10.0.0.7"), "server.proxy.header"),
        (
            "[store]\nurl = \"sqlite:~/cardinal.sqlite\"\n".to_owned(),
            "store.url",
        ),
        (
            "[store]\nurl = \"sqlite://~/cardinal.sqlite\"\n".to_owned(),
            "store.url",
        ),
        ("[store]\nurl = \"sqlite::memory:\"\n".to_owned(), "store.url"),
        (
            "[store]\nurl = \"sqlite:file:a?mode=memory\"\n".to_owned(),
            "store.url",
        ),
        (
            "[store]\nurl = \"sqlite:a.sqlite?mode=ro\"\n".to_owned(),
            "store.url",
        ),
    ];
    for (text, setting) in cases {
        let message = refusal(&format!("version = 1\n{text}"), &METABASE);
        assert!(message.contains(setting), "{text}: {message}");
    }
    for text in [
        jwt("jwks_url = \"http://127.0.0.1:9/keys\"\n"),
        proxy("x-user", "10.0.0.0/8"),
        proxy("x-user", "fd00::/16"),
        proxy("x-user", "::ffff:10.0.0.0/120"),
        proxy("X-Forwarded-Email", "10.0.0.7"),
        proxy("X-Forwarded-User", "10.0.0.7"),
        proxy("Remote-User", "10.0.0.7"),
        proxy("Cf-Access-Authenticated-User-Email", "10.0.0.7"),
        "[store]\nurl = \"sqlite:a~b/~c.sqlite\"\n".to_owned(),
        "[server]\nhosts = [\"cardinal\", \"10.0.0.7:65535\", \"[fd00::7]\"]\n".to_owned(),
        "[server]\nhosts = [\"Cardinal.example.com\", \"[::1]:8600\"]\n".to_owned(),
    ] {
        assert!(
            load_file(&format!("version = 1\n{text}"), &METABASE).is_ok(),
            "{text}"
        );
    }
}
