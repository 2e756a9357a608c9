//! Tells at a glance which text needs no work. Most cells, names and words are plain letters, digits and punctuation:
//! they hold no mark, nothing hidden and nothing to escape, and are copied whole.

use std::sync::LazyLock;

use super::marks::mark_at_start;

/// Whether nothing in `text` is hidden, needs an escape or reads as a mark, so that it is shown as it stands. `false`
/// means only that somebody has to look closer.
pub(super) fn is_plain(text: &str) -> bool {
    let table = &*CLOSE_LOOK;
    !text
        .bytes()
        .any(|byte| table.get(usize::from(byte)) != Some(&false))
        && !mark_at_start(text)
}

/// The bytes for which somebody has to look closer.
static CLOSE_LOOK: LazyLock<[bool; 256]> = LazyLock::new(|| {
    std::array::from_fn(|byte| u8::try_from(byte).is_ok_and(|byte| begins_other(byte) || begins_mark(byte)))
});

/// Whether nothing in `text` is hidden, line ends and tabs aside.
pub(super) fn is_visible(text: &str) -> bool {
    !text
        .bytes()
        .any(|byte| begins_other(byte) && !matches!(byte, b'\n' | b'\t'))
}

/// Bytes of marks, and the backslash that begins an escape.
fn begins_mark(byte: u8) -> bool {
    matches!(byte, b'<' | b'[' | b'(' | b'`' | b'~' | b'\\')
}

/// Control characters, and the first bytes of characters among which there are hidden ones, white space or wide forms of
/// ASCII. Not among them are Latin (U+00C0 to U+02FF), Greek, Cyrillic, the common Chinese characters (U+4000 to
/// U+9FFF) and Hangul syllables.
fn begins_other(byte: u8) -> bool {
    !matches!(byte, b' '..=b'~' | 0x80..=0xbf | 0xc3..=0xcb | 0xce..=0xd4 | 0xe4..=0xed)
}
