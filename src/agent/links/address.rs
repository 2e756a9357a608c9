//! Addresses in running text, as eager renderers find them: with a scheme, from two slashes on, `www.`, or a host with
//! a path.

/// Schemes that need no slashes.
const BARE_SCHEMES: [&str; 13] = [
    "http",
    "https",
    "ftp",
    "ws",
    "wss",
    "file",
    "javascript",
    "vbscript",
    "blob",
    "mailto",
    "tel",
    "sms",
    "callto",
];
/// Longest scheme that is looked for.
const MAX_SCHEME: usize = 32;
/// Longest host, in characters.
const MAX_HOST: usize = 255;
/// Ends of hosts that are known as such without a scheme, beside those of two letters.
const ENDS: [&str; 34] = [
    "com", "net", "org", "edu", "gov", "mil", "int", "info", "biz", "name", "pro", "dev", "app", "xyz",
    "site", "online", "cloud", "page", "link", "click", "top", "shop", "store", "live", "world", "tech",
    "space", "test", "example", "invalid", "internal", "local", "web", "zip",
];
/// Ends of file names that look like ends of hosts.
const FILES: [&str; 2] = ["js", "ts"];

/// How many bytes of `rest` are an address, when it begins with one; `before` is the character in front of it.
pub(super) fn address(rest: &str, before: Option<char>) -> Option<usize> {
    let fresh = before.is_none_or(|c| !c.is_alphanumeric());
    let begins = with_scheme(rest) || (fresh && (from_slashes(rest) || from_www(rest) || from_host(rest)));
    begins.then(|| length(rest)).filter(|length| *length > 0)
}

fn with_scheme(rest: &str) -> bool {
    let length = rest
        .bytes()
        .take(MAX_SCHEME)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'.' | b'-'))
        .count();
    let Some((scheme, after)) = rest.split_at_checked(length) else {
        return false;
    };
    let Some(after) = after.strip_prefix(':') else {
        return false;
    };
    if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return false;
    }
    if from_slashes(after) || after.starts_with("//") {
        return true;
    }
    let scheme = scheme
        .rsplit(['+', '.', '-'])
        .next()
        .unwrap_or(scheme)
        .to_ascii_lowercase();
    let follows = after.chars().next().is_some_and(|c| !c.is_whitespace());
    let mut media = after.chars().take(MAX_SCHEME).take_while(|c| !c.is_whitespace());
    let is_data = scheme == "data" && media.any(|c| matches!(c, '/' | ',' | ';'));
    (BARE_SCHEMES.contains(&scheme.as_str()) && follows) || is_data
}

/// `//host`, also with the slashes that only some readers take for slashes.
fn from_slashes(rest: &str) -> bool {
    let mut chars = rest.chars();
    let slash = |c: Option<char>| matches!(c, Some('/' | '\\'));
    slash(chars.next())
        && slash(chars.next())
        && chars
            .next()
            .is_some_and(|c| c.is_alphanumeric() || matches!(c, '[' | '/' | '\\' | '@'))
}

fn from_www(rest: &str) -> bool {
    rest.get(..4).is_some_and(|www| www.eq_ignore_ascii_case("www."))
        && rest.chars().nth(4).is_some_and(char::is_alphanumeric)
}

/// A host with an end that is known, then a port, path or query.
fn from_host(rest: &str) -> bool {
    let length = rest
        .char_indices()
        .take(MAX_HOST)
        .find(|(_, c)| !(c.is_alphanumeric() || matches!(c, '.' | '-')))
        .map(|(at, _)| at);
    let Some(host) = length.and_then(|length| rest.get(..length)) else {
        return false;
    };
    let Some((front, end)) = host.rsplit_once('.') else {
        return false;
    };
    if front.is_empty() || front.starts_with('.') {
        return false;
    }
    let after = rest.get(host.len()..).unwrap_or_default();
    let port = after
        .strip_prefix(':')
        .map(|port| port.trim_start_matches(|c: char| c.is_ascii_digit()));
    let after = port.unwrap_or(after);
    let mut next = after.chars();
    let path = matches!(next.next(), Some('/' | '?' | '#' | '\\'))
        && next.next().is_some_and(|c| !c.is_whitespace());
    path && (is_end(end) || is_numbered(host))
}

fn is_end(end: &str) -> bool {
    let end = end.to_lowercase();
    let two =
        end.len() == 2 && end.bytes().all(|b| b.is_ascii_alphabetic()) && !FILES.contains(&end.as_str());
    two || end.starts_with("xn--") || ENDS.contains(&end.as_str())
}

fn is_numbered(host: &str) -> bool {
    host.split('.').count() == 4 && host.split('.').all(|part| part.parse::<u8>().is_ok())
}

/// To the end of the address, without the punctuation of the sentence around it.
fn length(rest: &str) -> usize {
    let whole = rest
        .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`' | '|' | '‹' | '›'))
        .and_then(|end| rest.get(..end))
        .unwrap_or(rest);
    whole
        .trim_end_matches(['.', ',', ';', '!', ')', ']', '}', '\'', '*', '_'])
        .len()
}
