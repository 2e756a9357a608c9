//! What the words of a model's failure may name although it reads like a link: the name of the model, and pages of whoever runs
//! its server, which say where to change something. They are the server's words and not the model's.

use url::{Host, Url};

/// Longest path of a page that is named, in bytes.
const LONGEST_PATH: usize = 80;

/// The words of a failure that may stay.
pub(super) fn named_in(message: &str, model: &str, server: Option<&Url>) -> Vec<String> {
    let words = message.split(|c: char| c.is_whitespace() || "<>\"`|()[]".contains(c));
    let words = words.map(|word| word.trim_end_matches(['.', ',', ';', '!', '}', '\'', '*', '_', ':', '/']));
    let is_named =
        |word: &&str| names_model(word, model) || server.is_some_and(|server| is_page(word, server));
    let mut named: Vec<&str> = words.clone().filter(is_named).collect();
    // A resource of Amazon's reads like an address from its fourth letter on.
    named.extend(
        words
            .filter(is_resource)
            .filter_map(|word| word.get("arn:a".len()..)),
    );
    named.into_iter().map(str::to_owned).collect()
}

/// Whether a word is the name of a resource, such as `arn:aws:bedrock:…`.
fn is_resource(word: &&str) -> bool {
    word.starts_with("arn:aws") && !word.contains("//") && !word.contains(['?', '#'])
}

/// Whether a word is the model, with the registry or folder that it comes from.
fn names_model(word: &str, model: &str) -> bool {
    /// A shorter name could end any address.
    const SHORTEST: usize = 3;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@".contains(c);
    model.len() >= SHORTEST && word.ends_with(model) && word.chars().all(is_plain) && !word.contains("//")
}

/// Whether a word is the address of a page of those who run a server, and carries nothing.
fn is_page(word: &str, server: &Url) -> bool {
    let Ok(page) = Url::parse(word) else { return false };
    let carries = page.query().is_some() || page.fragment().is_some() || !page.username().is_empty();
    let carries = carries || page.password().is_some() || page.path().len() > LONGEST_PATH;
    let (Some(Host::Domain(page_host)), Some(Host::Domain(host))) = (page.host(), server.host()) else {
        return false;
    };
    !carries && page.scheme() == "https" && host.contains('.') && domain(page_host) == domain(host)
}

/// The end of a host that belongs to one holder.
fn domain(host: &str) -> &str {
    let dots: Vec<usize> = host.rmatch_indices('.').map(|(at, _)| at).collect();
    let of_country = |first: &usize, second: &usize| host.len() - first == 3 && first - second <= 4;
    let dot = match dots.as_slice() {
        // `.co.uk`
        [first, second, third, ..] if of_country(first, second) => Some(third),
        [first, second] if of_country(first, second) => return host,
        [_, second, ..] => Some(second),
        _ => None,
    };
    dot.and_then(|dot| host.get(dot + 1..)).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_and_pages_of_the_one_who_runs_its_server_are_named() {
        let server = Url::parse("https://api.groq.com/openai/v1").unwrap();
        let message = "registry.ollama.ai/library/gemma:2b failed (see https://console.groq.com/settings/limits.), not \
                       https://evil.com/gemma:2b, https://console.groq.com/x?d=42 or http://console.groq.com/a";
        assert_eq!(
            named_in(message, "gemma:2b", Some(&server)),
            [
                "registry.ollama.ai/library/gemma:2b",
                "https://console.groq.com/settings/limits"
            ]
        );
        assert_eq!(
            named_in(
                "Invocation of arn:aws:bedrock:eu:1:profile/us.amazon.nova-pro failed",
                "m",
                None
            ),
            ["ws:bedrock:eu:1:profile/us.amazon.nova-pro"]
        );
        let server = Url::parse("https://llm.firm.co.uk/v1").unwrap();
        let named = |word: &str| !named_in(word, "gemma:2b", Some(&server)).is_empty();
        assert!(named("https://help.firm.co.uk/keys") && !named("https://evil.co.uk/keys"));
    }
}
