//! A web page where an answer of an API was looked for: the page of a proxy, of a login, or of a server's front.

use std::ops::Range;

use http::StatusCode;

/// Most of its first words that are repeated, in characters.
const WORDS: usize = 120;
/// Most of a page that is looked at for its title, in bytes.
const MOST: usize = 16 << 10;
/// What proxies call the pages that they show while the server behind them is away.
const FAILURES: [(&str, StatusCode); 5] = [
    ("bad gateway", StatusCode::BAD_GATEWAY),
    ("service unavailable", StatusCode::SERVICE_UNAVAILABLE),
    ("service temporarily unavailable", StatusCode::SERVICE_UNAVAILABLE),
    ("gateway timeout", StatusCode::GATEWAY_TIMEOUT),
    ("gateway time-out", StatusCode::GATEWAY_TIMEOUT),
];

/// The page in a few words: its title, else the first words on it.
pub(super) fn described(page: &str) -> String {
    let said = title(page).map(str::to_owned).or_else(|| first_words(page));
    format!(
        "a web page{}",
        said.map(|said| format!(" ({said})")).unwrap_or_default()
    )
}

/// The failure that a page tells in its title, where it is one that passes: `503 Service Unavailable`, `host | 502: Bad gateway`.
pub(super) fn failure(page: &str) -> Option<StatusCode> {
    let said = match title(page) {
        Some(title) => title.to_owned(),
        None if has_told(page) => first_words(page)?,
        None => return None,
    };
    let said = said.to_ascii_lowercase();
    let told = said.rsplit('|').next().unwrap_or_default().trim_start();
    let told = ["error ", "http "]
        .iter()
        .fold(told, |told, word| told.strip_prefix(word).unwrap_or(told));
    let digits = told.chars().take_while(char::is_ascii_digit).count();
    let number = told.get(..digits).and_then(|number| number.parse::<u16>().ok());
    let numbered = number.filter(|number| matches!(number, 502..=504 | 520..=524));
    if let Some(status) = numbered.and_then(|number| StatusCode::from_u16(number).ok()) {
        return Some(status);
    }
    let mut named = FAILURES.iter().filter(|(words, _)| told.starts_with(words));
    named.next().map(|(_, status)| *status)
}

/// Whether enough of a page has come to tell what it is.
pub(super) fn has_told(page: &str) -> bool {
    let lower = page.to_ascii_lowercase();
    let ends = ["</title>", "</h1>", "</html>"].iter();
    page.len() > MOST || ends.into_iter().any(|end| lower.contains(end))
}

fn title(page: &str) -> Option<&str> {
    let element = page.get(element(page, "title")?)?;
    let (_, inside) = element.split_once('>')?;
    let title = inside.get(..inside.rfind('<')?)?.trim();
    (!title.is_empty()).then_some(title)
}

/// Where the first element of this name stands, with its tags.
fn element(page: &str, name: &str) -> Option<Range<usize>> {
    let lower = page.to_ascii_lowercase();
    let from = lower.find(&format!("<{name}"))?;
    let close = format!("</{name}>");
    let length = lower.get(from..)?.find(&close)?.saturating_add(close.len());
    Some(from..from.saturating_add(length))
}

/// The first words that a reader would see.
fn first_words(page: &str) -> Option<String> {
    let mut text = page.to_owned();
    for hidden in ["script", "style", "head"] {
        while let Some(place) = element(&text, hidden) {
            text.replace_range(place, "");
        }
    }
    let mut words = String::new();
    let mut in_tag = false;
    for c in text.chars() {
        match c {
            '<' => {
                in_tag = true;
                words.push(' ');
            }
            '>' if in_tag => in_tag = false,
            c if !in_tag => words.push(c),
            _ => {}
        }
    }
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let words: String = words.chars().take(WORDS).collect();
    (!words.is_empty()).then_some(words)
}
