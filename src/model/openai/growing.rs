/// Tells a text that comes in pieces from one that comes whole with every piece, as some servers send it.
#[derive(Debug, Default)]
pub(super) struct GrowingText {
    latest: String,
    pieces: usize,
    is_whole_each_time: bool,
}

impl GrowingText {
    /// Adds a piece to the text so far, and gives back what is new in it. That every piece begins with the one before is known
    /// from the third on: two may happen to.
    pub(super) fn push(&mut self, piece: String, text: &mut String) -> String {
        let more = piece.strip_prefix(self.latest.as_str()).map(str::to_owned);
        let grows = more.as_ref().is_some_and(|more| !more.is_empty()) && !self.latest.is_empty();
        let new = match more {
            Some(more) if self.is_whole_each_time => {
                text.push_str(&more);
                more
            }
            Some(more) if grows && self.pieces == 2 && is_said(&self.latest) => {
                self.is_whole_each_time = true;
                piece.clone_into(text);
                more
            }
            _ => {
                self.is_whole_each_time = false;
                text.push_str(&piece);
                piece.clone()
            }
        };
        let goes_on = self.pieces == 0 || grows;
        self.pieces = if goes_on {
            self.pieces.saturating_add(1)
        } else {
            usize::MAX
        };
        self.latest = piece;
        new
    }
}

/// Whether a text says enough that another one does not begin with it by chance.
pub(super) fn is_said(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphanumeric()).count() >= 4
}
