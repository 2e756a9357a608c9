//! Addresses in running text, as eager renderers find them: with a scheme, from two slashes on, `www.`, a host with a
//! path or a port, or a host inside of somebody's domain.

/// Schemes that need no slashes, and that no word ends in.
const BARE_SCHEMES: [&str; 6] = ["javascript", "vbscript", "mailto", "callto", "sips", "xmpp"];
/// Schemes that need no slashes, and that words end in (`rows`, `profile`, `hotel`, `mechanisms`): an address has them as a word of
/// their own, and goes on behind the colon.
const WORD_SCHEMES: [&str; 11] = [
    "http", "https", "ftp", "ws", "wss", "file", "blob", "tel", "sms", "sip", "magnet",
];
/// Longest scheme that is looked for.
const MAX_SCHEME: usize = 32;
/// Longest host, in characters.
const MAX_HOST: usize = 255;
/// Ends of hosts that are known as such without a scheme, beside those of two letters.
const ENDS: [&str; 42] = [
    "com",
    "net",
    "org",
    "edu",
    "gov",
    "mil",
    "int",
    "info",
    "biz",
    "name",
    "pro",
    "dev",
    "app",
    "xyz",
    "site",
    "online",
    "cloud",
    "page",
    "link",
    "click",
    "top",
    "shop",
    "store",
    "live",
    "world",
    "tech",
    "space",
    "test",
    "example",
    "invalid",
    "internal",
    "local",
    "web",
    "zip",
    "museum",
    "aero",
    "asia",
    "coop",
    "xxx",
    "onion",
    "localhost",
    "рф",
];
/// Ends of file names that look like ends of hosts.
const FILES: [&str; 2] = ["js", "ts"];
/// Ends that words of a dotted name have as well: of a column, say. With nothing behind it such a name is not a host.
const WORDS: [&str; 22] = [
    "id", "no", "is", "at", "in", "by", "to", "int", "info", "name", "pro", "page", "link", "top", "shop",
    "store", "live", "world", "space", "local", "web", "zip",
];
/// What registries of countries put before their own end: a name under it is not yet inside of somebody's domain.
const SECOND: [&str; 10] = ["co", "com", "net", "org", "ac", "gov", "edu", "or", "ne", "go"];
/// Ends under which nobody's name is a brand that an answer may have to say.
const NAMELESS: [&str; 6] = ["example", "invalid", "localhost", "onion", "click", "xyz"];
/// Dots, as resolvers of names read them.
const DOTS: [char; 4] = ['.', '。', '．', '｡'];

/// How many bytes of `rest` are an address, when it begins with one; `before` is the character in front of it.
pub(super) fn address(rest: &str, before: Option<char>) -> Option<usize> {
    let fresh = before.is_none_or(|c| !c.is_alphanumeric());
    let begins = with_scheme(rest, before)
        || (fresh && (from_slashes(rest) || from_www(rest) || from_host(rest, before)));
    begins.then(|| length(rest)).filter(|length| *length > 0)
}

fn with_scheme(rest: &str, before: Option<char>) -> bool {
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
    let whole = scheme;
    let scheme = whole
        .rsplit(['+', '.', '-'])
        .next()
        .unwrap_or(whole)
        .to_ascii_lowercase();
    let follows = after.chars().next().is_some_and(|c| !c.is_whitespace());
    let mut media = after.chars().take(MAX_SCHEME).take_while(|c| !c.is_whitespace());
    let is_data = scheme == "data" && media.any(|c| matches!(c, '/' | ',' | ';'));
    // `No-shows:**` is a word that is printed bold.
    let begins_a_word =
        before.is_none_or(|c| !(c.is_alphanumeric() || c == '-')) && scheme.len() == whole.len();
    let is_word_scheme = begins_a_word && WORD_SCHEMES.contains(&scheme.as_str());
    (BARE_SCHEMES.contains(&scheme.as_str()) && follows)
        || is_data
        || (is_word_scheme && self::length(rest) > length.saturating_add(1))
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

/// A host with an end that is known: with a port, path or query behind it, or inside of somebody's domain.
fn from_host(rest: &str, before: Option<char>) -> bool {
    let mut chars = rest.char_indices();
    let end = chars.find(|(_, c)| !(c.is_alphanumeric() || DOTS.contains(c) || *c == '-'));
    let written = end.and_then(|(end, _)| rest.get(..end)).unwrap_or(rest);
    if written.len() > MAX_HOST {
        return false;
    }
    let host = written.replace(DOTS, ".");
    let after = rest.get(written.len()..).unwrap_or_default();
    let labels: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    let Some((end, front)) = labels.split_last() else {
        return false;
    };
    if front.is_empty() || labels.iter().any(|label| label.is_empty()) {
        return false;
    }
    if leads_on(after) {
        return is_end(end) || is_numbered(&host);
    }
    let in_an_address = before == Some('@') || after.starts_with('@');
    is_end(end) && !in_an_address && is_inside(front, end)
}

/// Whether a port, path or query follows.
fn leads_on(after: &str) -> bool {
    let port = after.strip_prefix(':').map(|port| {
        let path = port.trim_start_matches(|c: char| c.is_ascii_digit());
        (port.len() - path.len(), path)
    });
    if port.is_some_and(|(digits, _)| digits >= 2) {
        return true;
    }
    let mut next = port.map_or(after, |(_, path)| path).chars();
    matches!(next.next(), Some('/' | '?' | '#' | '\\')) && next.next().is_some_and(|c| !c.is_whitespace())
}

/// Whether a bare name is one inside of somebody's domain (`x.evil.com`, not `evil.com`, which may be a brand): whoever
/// holds the domain reads what is asked for in it.
fn is_inside(front: &[&str], end: &str) -> bool {
    let end = end.to_lowercase();
    let of_country = end.len() == 2;
    let last = front.last().copied().unwrap_or_default();
    // `v1.2.rc` is a version.
    if of_country && !last.contains(char::is_alphabetic) {
        return false;
    }
    let own = if of_country && SECOND.contains(&last.to_lowercase().as_str()) {
        3
    } else {
        2
    };
    NAMELESS.contains(&end.as_str()) || (front.len() >= own && !WORDS.contains(&end.as_str()))
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
        .trim_end_matches(['.', ',', ';', '!', ')', ']', '}', '\'', '*', '_', '~'])
        .len()
}
