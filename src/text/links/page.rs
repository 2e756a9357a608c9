use url::Url;

/// Kinds of pages that may be linked, with their id behind them.
const KINDS: [&str; 7] = [
    "question/",
    "metric/",
    "model/",
    "dashboard/",
    "collection/",
    "table/",
    "question#?table=",
];
/// Most digits of an id.
const MAX_DIGITS: usize = 10;
/// What may stand between an address and the white space after it.
const CLOSING: [char; 15] = [
    ')', ']', '}', '.', ',', ';', ':', '!', '?', '*', '_', '\'', '"', '`', '>',
];

/// The pages of one Metabase: addresses that name one thing there by its id, and nothing else.
#[derive(Debug, Clone)]
pub(super) struct MetabasePages {
    /// Scheme, host, port and path, with a slash at the end.
    base: String,
}

impl MetabasePages {
    pub(super) fn of(metabase: &Url) -> Self {
        let mut base = metabase.clone();
        base.set_query(None);
        base.set_fragment(None);
        let mut base = base.to_string();
        if !base.ends_with('/') {
            base.push('/');
        }
        Self { base }
    }

    /// Whether the whole text is the address of a page. It is compared as it is written: an address that only means
    /// the same (another case, a name with dots, an escape) is not one.
    pub(super) fn is_page(&self, address: &str) -> bool {
        self.begins(address) == Some(address.len())
    }

    /// The address of a page that the text begins with, when nothing follows that a reader would take as part of it.
    pub(super) fn at<'a>(&self, text: &'a str) -> Option<&'a str> {
        let (address, rest) = text.split_at_checked(self.begins(text)?)?;
        let rest = rest.trim_start_matches(CLOSING);
        (rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace() || c == '<')).then_some(address)
    }

    /// Where the address of a page ends that the text begins with.
    fn begins(&self, text: &str) -> Option<usize> {
        let path = text.strip_prefix(self.base.as_str())?;
        KINDS.iter().find_map(|kind| {
            let id = path.strip_prefix(kind)?;
            let digits = id.bytes().take_while(u8::is_ascii_digit).count();
            (1..=MAX_DIGITS)
                .contains(&digits)
                .then(|| self.base.len() + kind.len() + digits)
        })
    }
}
