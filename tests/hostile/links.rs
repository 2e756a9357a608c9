use cardinal::text::LinkRules;
use proptest::prelude::*;
use url::Url;

fn rules() -> LinkRules {
    LinkRules::to(&Url::parse("https://mb.example/bi/").unwrap())
}

fn ruled(text: &str) -> (String, u32) {
    let done = rules().apply(text);
    (done.text, done.removed)
}

/// Whether a renderer could make a link or an image of anything in `text` that is not a page of `metabase`. Written
/// from the outside: everything that could begin one counts.
pub(super) fn leads_out(text: &str, metabase: &str) -> bool {
    let mut text = text.to_lowercase();
    let base = format!("{}/", metabase.to_lowercase().trim_end_matches('/'));
    for kind in [
        "question/",
        "metric/",
        "model/",
        "dashboard/",
        "collection/",
        "table/",
        "question#?table=",
    ] {
        let page = format!("{base}{kind}");
        while let Some(at) = text.find(&page) {
            let end = at + page.len();
            let digits = text[end..].bytes().take_while(u8::is_ascii_digit).count();
            let rest = &text[end + digits..];
            let more = rest
                .strip_prefix('?')
                .is_some_and(|rest| rest.starts_with(char::is_alphanumeric));
            if digits == 0 || more || rest.starts_with(['/', '#', '&', '@']) {
                return true;
            }
            text.replace_range(at..end + digits, "page");
        }
    }
    let text = text.replace("](page)", "");
    let marks = ["](", "][", "]:", "<img", "<a ", "<a>"];
    let begins = |mark: &str, follows: fn(char) -> bool| {
        text.match_indices(mark)
            .any(|(at, _)| text[at + mark.len()..].starts_with(follows))
    };
    let bare = |mark: &str| {
        text.match_indices(mark)
            .any(|(at, _)| !text[..at].ends_with(char::is_alphanumeric))
    };
    let seen = |c: char| !c.is_whitespace();
    marks.iter().any(|mark| text.contains(mark))
        || begins("collector.test/", char::is_alphanumeric)
        || begins("://", char::is_alphanumeric)
        || begins(":\\\\", char::is_alphanumeric)
        || ["javascript:", "vbscript:", "mailto:", "xmpp:", "data:text/"]
            .iter()
            .any(|mark| begins(mark, seen))
        || bare("www.c")
        || bare("//c")
}

#[test]
fn pages_of_the_metabase_stay() {
    for text in [
        "See [the card](https://mb.example/bi/question/5).",
        "https://mb.example/bi/metric/12, and <https://mb.example/bi/dashboard/3>",
        "(https://mb.example/bi/question#?table=7)",
        "| a | https://mb.example/bi/question/5 |",
        "| a | b |\n|---|---:|\n| **x** | 1.5 % |",
        "Revenue rose from 1,200.50 to 1,300 (Q1/Q2), 5 < 7, mail bob@corp.com, Node.js/React, 12:30, km/h.",
        "Umsatz: 12 €; note [1], array[0] and (a) ❤\u{fe0f}",
        "Booking.com and Amazon.co.uk sold most, by public.orders.id; v1.2.rc, St. Gallen, i.e. U.S. orders.",
        "ask ann.lee@mail.corp.com, not mail.corp.com@ann.lee",
        "- **No-shows:** 7 %\n- *Reviews:* 4\n- **Hotel:**`x`\n| **Profile:**| __Mechanisms:__ |",
        "Rows:12, News:none, Gossip:x, **File:** 3, **Tel:** 4, ~~SMS:~~ 2, _HTTP:_ 5, On-file:3",
    ] {
        assert_eq!(ruled(text), (text.to_owned(), 0));
    }
}

#[test]
fn everything_else_loses_its_target_and_says_so() {
    for (text, left) in [
        ("[x](https://evil.test)", "x ‹link removed›"),
        ("![x](https://evil.test/a.png)", "x ‹image removed›"),
        ("![x](https://mb.example/bi/question/5)", "x ‹image removed›"),
        (
            "[a][r]\n\n[r]: https://evil.test",
            "[a] [r]\n\n[r] : ‹link removed›",
        ),
        ("<https://evil.test>", "‹link removed›"),
        (
            "<a href=\"https://evil.test\">x</a>",
            "‹a href=\"‹link removed›\">x‹/a>",
        ),
        ("see https://evil.test/p.", "see ‹link removed›."),
        ("[x](https://mb.example/bi/question/5?q=1)", "x ‹link removed›"),
        ("[x](https://mb.example/bi/api/card/5)", "x ‹link removed›"),
        (
            "[x](https://mb.example/bi/question/5/../../api)",
            "x ‹link removed›",
        ),
        ("[x](https://mb.example/question/5)", "x ‹link removed›"),
        ("[x](/bi/question/5)", "x ‹link removed›"),
        ("https://mb.example@evil.test/bi/question/5", "‹link removed›"),
        ("https://mb.example.evil.test/bi/question/5", "‹link removed›"),
        ("https://mb.examp\u{13bc}e/bi/question/5", "‹link removed›"),
        ("HTTPS://MB.EXAMPLE/bi/question/5", "‹link removed›"),
        ("https://mb%2eexample/bi/question/5", "‹link removed›"),
        ("//evil.test/x", "‹link removed›"),
        ("https:\\\\evil.test", "‹link removed›"),
        ("www.evil.test", "‹link removed›"),
        ("evil.test/x?y", "‹link removed›"),
        ("evil.test:8080", "‹link removed›"),
        ("evil.museum/x", "‹link removed›"),
        ("evil.рф/x", "‹link removed›"),
        ("evil.test./x", "‹link removed›"),
        ("evil。com/x", "‹link removed›"),
        ("s3cret-12.evil.com", "‹link removed›"),
        ("12.evil.com, then", "‹link removed›, then"),
        ("12.evil.co.uk.", "‹link removed›."),
        ("evil.example", "‹link removed›"),
        ("sip:a@evil.test", "‹link removed›"),
        ("xmpp:a@evil.test", "‹link removed›"),
        (
            "**tel:+491234** (ws:evil, file:c)",
            "** ‹link removed›** (‹link removed›, ‹link removed›)",
        ),
        ("xmpp:a@evil.test/room now", "‹link removed› now"),
        ("[x](javascript:alert(1))", "x ‹link removed›"),
        ("data:text/html,x", "‹link removed›"),
        ("htt[ps](x)://evil.test", "https ‹link removed›: ‹link removed›"),
        ("ww[w.evil.test](x)", "ww ‹link removed› ‹link removed›"),
        ("https://evil\u{200b}.test/x", "‹link removed›"),
    ] {
        let (done, removed) = ruled(text);
        assert_eq!(done, left, "{text}");
        assert!(removed > 0, "{text}");
    }
    assert_eq!(
        ruled("\u{1b}[31mred\u{202e}"),
        ("[U+001B] [31mred[U+202E]".to_owned(), 0)
    );
}

#[test]
fn our_own_words_name_the_configured_servers_and_nothing_more() {
    let servers = [
        Url::parse("http://llm.corp.example:8080/v1").unwrap(),
        Url::parse("https://mb.example/bi/").unwrap(),
    ];
    let own = rules().naming(&servers);
    for text in [
        "the connection to llm.corp.example:8080 broke",
        "failed to connect to llm.corp.example:8080: refused",
        "no response from mb.example within 10s (llm.corp.example).",
        "set it to http://llm.corp.example:8080/v1; or to http://llm.corp.example:8080.",
        "try https://mb.example/bi/v1",
    ] {
        assert_eq!(own.apply(text).text, text);
        assert_ne!(ruled(text).0, text);
    }
    for text in [
        "http://llm.corp.example:8080/v1/x",
        "http://llm.corp.example:8080/v1?q=42",
        "http://llm.corp.example:80/v1",
        "x.llm.corp.example:8080",
        "http://llm.corp.example:8080@evil.test/v1",
        "[x](http://llm.corp.example:8080/v1)",
        "![x](http://llm.corp.example:8080/v1)",
        "https://evil.test",
    ] {
        let done = own.apply(text);
        assert!(
            done.removed > 0 && done.text.contains("removed"),
            "{text}: {done:?}"
        );
    }
}

fn crafted() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "[",
        "]",
        "(",
        ")",
        "!",
        "<",
        ">",
        "http",
        "https:",
        "xmpp:",
        ":",
        "//",
        "/",
        "\\",
        "collector.test",
        "/x",
        "?",
        "www.",
        "mb.example",
        "/bi/",
        "question/",
        "5",
        "@",
        "#?table=",
        "javascript",
        "java",
        "script",
        "data:",
        "text/html,",
        ".",
        "‹",
        "›",
        "\u{200b}",
        "\u{1b}",
        "https://mb.example/bi/question/5",
        "ht",
        "tps",
        "|",
        "`",
        "[x](",
        "&",
        "%2e",
        "a",
        " ",
        "\n",
        "'",
        "\"",
        "*",
        "<a ",
        "<img",
        "mailto:",
        "ftp",
    ]);
    prop::collection::vec(pieces, 0..16).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn no_text_leads_out(text in crafted()) {
        let (done, _) = ruled(&text);
        prop_assert!(!leads_out(&done, "https://mb.example/bi"), "{text:?} -> {done:?}");
    }

    #[test]
    fn doing_it_twice_changes_nothing(text in crafted()) {
        let (once, _) = ruled(&text);
        prop_assert_eq!(ruled(&once), (once.clone(), 0));
    }

    #[test]
    fn words_and_figures_stay(words in "[a-zA-ZäöüÄÖÜß0-9 .,%€$\n-]{0,120}") {
        prop_assume!(!words.to_lowercase().contains("www."));
        // `a.b.de` is a host inside of somebody's domain.
        prop_assume!(words.split_whitespace().all(|word| word.matches('.').count() < 2));
        prop_assert_eq!(ruled(&words), (words, 0));
    }
}
