//! A unit that a model writes beside a figure which brings its own is said once: `{{r1 revenue}} USD` is not `$12.50 USD`.

/// White space that may stand between a figure and its unit.
const BLANKS: [char; 3] = [' ', '\u{a0}', '\u{202f}'];

/// The unit that a figure was written with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct WrittenUnit {
    /// What stands before its digits: `$`, `CHF `.
    pub(super) prefix: String,
    /// What stands behind them: `\u{a0}€`.
    pub(super) suffix: String,
    /// All that says the same, signs and words: `%`, `percent`; `$`, `USD`.
    pub(super) names: Vec<String>,
}

impl WrittenUnit {
    /// The figure without its unit, if the text before it ends with the same.
    pub(super) fn said_once<'f>(&self, figure: &'f str, before: &str) -> &'f str {
        let without_prefix = figure.strip_prefix(&self.prefix);
        let without_suffix = figure.strip_suffix(&self.suffix);
        let digits = match (without_prefix, without_suffix) {
            (Some(digits), _) if !self.prefix.is_empty() => digits,
            (_, Some(digits)) if !self.suffix.is_empty() => digits,
            _ => return figure,
        };
        let said = |name: &String| {
            if is_word(name) {
                let before = before.trim_end_matches(BLANKS);
                let rest = before.len().checked_sub(name.len());
                let parts = rest.and_then(|at| before.split_at_checked(at));
                parts.is_some_and(|(rest, word)| {
                    word.eq_ignore_ascii_case(name) && !rest.ends_with(char::is_alphanumeric)
                })
            } else {
                before.ends_with(name.as_str())
            }
        };
        if self.names.iter().any(said) {
            digits
        } else {
            figure
        }
    }

    /// The text behind a figure without the unit that it begins with. `None` where more of the text decides, which cannot be
    /// when it has `ended`.
    pub(super) fn strip_from<'t>(&self, text: &'t str, ended: bool) -> Option<&'t str> {
        let mut rest = text;
        loop {
            let word = rest.trim_start_matches(BLANKS);
            if word.is_empty() {
                return ended.then_some(rest);
            }
            let Some(behind) = self.behind_unit(word, ended)? else {
                return Some(rest);
            };
            rest = behind;
        }
    }

    /// What stands behind the unit that a text begins with; the inner `None` where it begins with none, the outer where that
    /// is not known yet.
    #[expect(
        clippy::option_option,
        reason = "not known yet, and known not to be, are two things"
    )]
    fn behind_unit<'t>(&self, text: &'t str, ended: bool) -> Option<Option<&'t str>> {
        for name in &self.names {
            let head = text
                .get(..name.len())
                .filter(|head| head.eq_ignore_ascii_case(name));
            let Some(behind) = head.and_then(|head| text.get(head.len()..)) else {
                let begun = name
                    .get(..text.len())
                    .is_some_and(|begun| begun.eq_ignore_ascii_case(text));
                if begun && !ended {
                    return None;
                }
                continue;
            };
            match behind.chars().next() {
                None if !ended => return None,
                // `USD-based`, `5` behind `$`: not the figure's.
                Some(c) if c.is_alphanumeric() || (c == '-' && is_word(name)) => {}
                _ => return Some(Some(behind)),
            }
        }
        Some(None)
    }
}

fn is_word(name: &str) -> bool {
    name.ends_with(char::is_alphanumeric)
}
