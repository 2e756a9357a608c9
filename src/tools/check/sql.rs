//! Text that is code for a database rather than a value.
//!
//! Metabase binds values, but a card's author may have put a tag inside quotes or built text around it, so code is
//! not passed on at all. A value that the catalog itself lists is exempt.

/// Fragments that only code has.
const FRAGMENTS: &[&str] = &[
    "union select",
    "union all select",
    "(select ",
    "( select ",
    "drop table",
    "drop database",
    "drop schema",
    "drop view",
    "delete from",
    "insert into",
    "truncate table",
    "alter table",
    "create table",
    "into outfile",
    "information_schema",
    "sqlite_master",
    "pg_catalog",
    "pg_sleep",
    "xp_cmdshell",
    "load_file(",
    "waitfor delay",
    "or 1=1",
    "or 1 = 1",
    "or true--",
    "{{",
    "}}",
    "[[",
    "/*",
];

const STATEMENTS: &[&str] = &[
    "select", "insert", "update", "delete", "drop", "alter", "create", "truncate", "grant", "revoke", "exec",
    "execute", "union", "with", "attach", "pragma", "copy", "call", "merge", "replace", "vacuum", "shutdown",
];

/// Whether `text` reads as SQL or as Metabase's template syntax.
pub(super) fn is_code(text: &str) -> bool {
    let folded = text.to_lowercase();
    let folded = folded.split_whitespace().collect::<Vec<_>>().join(" ");
    FRAGMENTS.iter().any(|fragment| folded.contains(fragment))
        || statement_after_semicolon(&folded)
        || breaks_out_of_quotes(&folded)
        || (folded.starts_with("select ") && (folded.contains(" from ") || folded.contains('*')))
        || (folded.starts_with("update ") && folded.contains(" set "))
}

fn statement_after_semicolon(folded: &str) -> bool {
    folded.split(';').skip(1).any(|rest| {
        let word: String = rest
            .trim_start()
            .chars()
            .take_while(char::is_ascii_alphabetic)
            .collect();
        STATEMENTS.contains(&word.as_str()) || rest.trim_start().starts_with("--")
    })
}

/// A quote followed by what continues a condition or comments out the rest.
fn breaks_out_of_quotes(folded: &str) -> bool {
    folded.split(['\'', '"']).skip(1).any(|rest| {
        let rest = rest.trim_start_matches([' ', ')']);
        rest.starts_with("--")
            || rest.starts_with('#')
            || rest.starts_with("||")
            || (["or ", "and ", "or(", "having "]
                .iter()
                .any(|word| rest.starts_with(word))
                && folded.contains(['=', '<', '>']))
            || (rest.starts_with("or ") && folded.ends_with("--"))
    })
}
