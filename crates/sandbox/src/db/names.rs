/// A physical name as people read it: `created_at` becomes `Created At`, `product_id` becomes `Product ID`.
pub(crate) fn humanize(name: &str) -> String {
    let words = name
        .split(|c: char| c == '_' || c == '-' || c.is_whitespace())
        .filter(|word| !word.is_empty());
    let pretty: Vec<String> = words.map(humanize_word).collect();
    if pretty.is_empty() {
        name.to_owned()
    } else {
        pretty.join(" ")
    }
}

fn humanize_word(word: &str) -> String {
    if ["id", "url", "ip", "uid", "uuid", "ean", "sku"].contains(&word.to_ascii_lowercase().as_str()) {
        return word.to_ascii_uppercase();
    }
    let shouting = word.chars().all(|c| !c.is_lowercase());
    let mut chars = word.chars();
    let Some(first) = chars.next() else {
        return String::new();
    };
    let rest: String = if shouting {
        chars.as_str().to_lowercase()
    } else {
        chars.as_str().to_owned()
    };
    first.to_uppercase().chain(rest.chars()).collect()
}
