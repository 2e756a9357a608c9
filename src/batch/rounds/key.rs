use std::fmt;
use std::str::FromStr;

/// What a completion is known by, here and at the provider: the session that asks and what it asks. A session asks nothing
/// twice, and asks the same again when it is gone on with from its tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CompletionKey {
    /// A hash of the session's name.
    pub session: u64,
    /// A hash of path and body.
    pub request: u128,
}

impl CompletionKey {
    /// The key of a request.
    pub(super) fn of(session: u64, path: &str, body: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(path.as_bytes()).update(b"\n").update(body);
        let hash = hasher.finalize();
        let request = hash
            .as_bytes()
            .iter()
            .take(16)
            .fold(0, |number, byte| number << 8 | u128::from(*byte));
        Self { session, request }
    }
}

impl fmt::Display for CompletionKey {
    /// In characters that every provider takes in an id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{:032x}", self.session, self.request)
    }
}

impl FromStr for CompletionKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (session, request) = text.split_once('-').ok_or(())?;
        Ok(Self {
            session: u64::from_str_radix(session, 16).map_err(|_| ())?,
            request: u128::from_str_radix(request, 16).map_err(|_| ())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_written_and_fits_every_provider() {
        let key = CompletionKey::of(7, "/v1/messages", b"{}");
        let text = key.to_string();
        assert_eq!(text.parse(), Ok(key));
        assert!(text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
        assert_ne!(key, CompletionKey::of(8, "/v1/messages", b"{}"));
        assert_ne!(key, CompletionKey::of(7, "/v1/messages", b"{ }"));
        assert_eq!("elsewhere".parse::<CompletionKey>(), Err(()));
    }
}
