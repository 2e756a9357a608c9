/// Stands where a link's target was.
const LINK: &str = "‹link removed›";
/// Stands where an image was.
const IMAGE: &str = "‹image removed›";

/// What an answer has become so far. Nothing that is pushed can join what stands there already to a link.
#[derive(Debug, Default)]
pub(super) struct CleanedText {
    pub(super) text: String,
    pub(super) removed: u32,
}

impl CleanedText {
    /// A character of text. Brackets that would make a link, a reference or a definition are parted.
    pub(super) fn push(&mut self, c: char) {
        if matches!(c, '(' | '[' | ':') && self.text.ends_with(']') {
            self.text.push(' ');
        }
        self.text.push(c);
    }

    /// A link that may stay, as it is.
    pub(super) fn keep(&mut self, link: &str) {
        if self.text.ends_with([']', '!', '<', '(']) && link.starts_with('[') {
            self.text.push(' ');
        }
        self.text.push_str(link);
    }

    /// The words that stand for a link's target or an image.
    pub(super) fn mark(&mut self, image: bool) {
        let apart = self
            .text
            .ends_with(|c: char| !c.is_whitespace() && !matches!(c, '(' | '"' | '‹' | '\''));
        if apart {
            self.text.push(' ');
        }
        self.text.push_str(if image { IMAGE } else { LINK });
        self.removed = self.removed.saturating_add(1);
    }
}
