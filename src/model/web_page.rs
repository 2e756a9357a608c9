//! A web page where an answer of an API was looked for: the page of a proxy, of a login, or of a server's front.

use std::ops::Range;

/// Most of its first words that are repeated, in characters.
const WORDS: usize = 120;

/// The page in a few words: its title, else the first words on it.
pub(super) fn described(page: &str) -> String {
    let said = title(page).map(str::to_owned).or_else(|| first_words(page));
    format!(
        "a web page{}",
        said.map(|said| format!(" ({said})")).unwrap_or_default()
    )
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
