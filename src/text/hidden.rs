//! Characters that a reader cannot see, or that change what is seen of others.

/// Whether a character is invisible or changes how its neighbours are read: controls, line separators, bidirectional
/// marks, zero-width characters, tags, fillers and variation selectors. Some have their use in their place: see
/// [`hidden_in`].
pub fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffc}' | '\u{13430}'..='\u{1345f}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The characters of `text`, and whether each is hidden where it stands: those that ordinary writing needs there are
/// not.
pub fn hidden_in(text: &str) -> impl Iterator<Item = (char, bool)> + '_ {
    with_hidden(text).map(|(_, c, hidden)| (c, hidden))
}

/// The characters of `text` with their places, and whether each is hidden where it stands. Not hidden are what
/// ordinary writing needs: one selector after an emoji, one joiner between two emoji, and one joiner inside a word of
/// a script that is written with them.
pub(super) fn with_hidden(text: &str) -> impl Iterator<Item = (usize, char, bool)> + '_ {
    let mut before = None;
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let (at, c) = rest.next()?;
        let after = rest.peek().map(|(_, c)| *c);
        let hidden = is_hidden(c) && !(before.is_some_and(|before| in_its_place(before, c, after)));
        // A selector in its place is part of the emoji before it.
        if c != '\u{fe0f}' || hidden {
            before = Some(c);
        }
        Some((at, c, hidden))
    })
    .fuse()
}

fn in_its_place(before: char, c: char, after: Option<char>) -> bool {
    match c {
        '\u{fe0f}' => (is_pictured(before) || is_keycap(before)) && after != Some('\u{fe0f}'),
        '\u{200c}' => is_joined(before) && after.is_some_and(is_joined),
        '\u{200d}' => after.is_some_and(|after| {
            (is_pictured(before) && is_pictured(after)) || (is_joined(before) && is_joined(after))
        }),
        _ => false,
    }
}

/// Signs that are shown as pictures.
fn is_pictured(c: char) -> bool {
    matches!(c, '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2190}'..='\u{21ff}'
        | '\u{2300}'..='\u{23ff}' | '\u{24c2}' | '\u{25a0}'..='\u{27bf}' | '\u{2900}'..='\u{297f}'
        | '\u{2b00}'..='\u{2bff}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1faff}')
}

fn is_keycap(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '#' | '*')
}

/// Letters of scripts whose spelling uses joiners: Arabic, Syriac, those of India and its neighbours, Khmer, Mongolian.
fn is_joined(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17d3}'
        | '\u{1820}'..='\u{18aa}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
        && !is_hidden(c)
}

/// A piece of a text that comes in pieces, with hidden characters left out. What joins the end of one piece to the
/// beginning of the next stays, and so do line ends and tabs.
pub(crate) fn without_hidden(piece: &str) -> String {
    let stays = |c| matches!(c, '\n' | '\t' | '\u{200c}' | '\u{200d}' | '\u{fe0f}');
    piece.chars().filter(|c| stays(*c) || !is_hidden(*c)).collect()
}
