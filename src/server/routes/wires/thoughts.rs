//! What chat front ends put before an assistant's text when they send it back: reasoning and calls that they showed folded. Cardinal
//! wrote none of it into its text, so that it is left out where messages are compared.

/// How such a part begins and ends, in small letters.
const WRAPPERS: [(&str, &str); 8] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reason>", "</reason>"),
    ("<reasoning>", "</reasoning>"),
    ("<details type=", "</details>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    (":::thinking", ":::"),
];

/// The text of an answer without what a front end put before it.
pub(super) fn without_thoughts(text: &str) -> &str {
    let mut rest = text.trim_start();
    'next: loop {
        for (begin, end) in WRAPPERS {
            let Some(inner) = after_prefix(rest, begin) else {
                continue;
            };
            let Some(at) = find(inner, end) else { return rest };
            rest = inner.get(at + end.len()..).unwrap_or_default().trim_start();
            continue 'next;
        }
        return rest;
    }
}

/// What is behind a prefix in letters of any size.
fn after_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let start = text.get(..prefix.len())?;
    start
        .eq_ignore_ascii_case(prefix)
        .then(|| text.get(prefix.len()..))?
}

fn find(text: &str, part: &str) -> Option<usize> {
    text.to_ascii_lowercase().find(part)
}
