//! Links and images as Markdown writes them.

/// Longest label and longest target that are looked for, in bytes.
const MAX_LABEL: usize = 400;
const MAX_TARGET: usize = 2_000;

/// `[label](target "title")`, or with `!` in front an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InlineLink<'a> {
    pub(super) image: bool,
    pub(super) label: &'a str,
    pub(super) target: &'a str,
    /// Bytes of all of it.
    pub(super) length: usize,
}

/// The link or image that `rest` begins with.
pub(super) fn inline(rest: &str) -> Option<InlineLink<'_>> {
    let image = rest.starts_with('!');
    let from_label = rest.strip_prefix('!').unwrap_or(rest).strip_prefix('[')?;
    let end = closing(from_label, '[', ']', MAX_LABEL)?;
    let (label, after) = from_label.split_at_checked(end)?;
    let from_target = after.strip_prefix("](")?;
    let end = closing(from_target, '(', ')', MAX_TARGET)?;
    let (inside, after) = from_target.split_at_checked(end)?;
    Some(InlineLink {
        image,
        label,
        target: target(inside),
        length: rest.len() - after.len() + 1,
    })
}

/// `<scheme:address>`: what stands inside, and the bytes of all of it.
pub(super) fn pointed(rest: &str) -> Option<(&str, usize)> {
    let begun = rest.strip_prefix('<')?;
    let ends = |(_, c): &(usize, char)| c.is_whitespace() || matches!(c, '<' | '>');
    let (end, _) = begun.char_indices().take(MAX_TARGET).find(ends)?;
    let (inside, after) = begun.split_at_checked(end)?;
    let (scheme, _) = inside.split_once(':')?;
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'.' | b'-'));
    (named && after.starts_with('>')).then_some((inside, inside.len() + 2))
}

/// Where the bracket closes that was opened before `text`.
fn closing(text: &str, open: char, close: char, max: usize) -> Option<usize> {
    let mut depth = 0usize;
    let mut escaped = false;
    for (at, c) in text.char_indices().take_while(|(at, _)| *at <= max) {
        match c {
            _ if std::mem::take(&mut escaped) => {}
            '\\' => escaped = true,
            c if c == open => depth += 1,
            c if c == close && depth == 0 => return Some(at),
            c if c == close => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The target without its title and without what may stand around it.
fn target(inside: &str) -> &str {
    let inside = inside.trim();
    match inside
        .strip_prefix('<')
        .and_then(|pointed| pointed.split_once('>'))
    {
        Some((target, _)) => target,
        None => inside.split_whitespace().next().unwrap_or_default(),
    }
}
