//! Whether a text can hold any figure at all, told without the results: so that nothing is unpacked and indexed for a text
//! that says no number.

use super::figure::ReferencedFigure;
use super::item::ranks;
use super::text::{periods, words};

/// Whether there may be a figure in a text in which the program wrote `referenced`. Where this says no, there is none
/// whatever the results are: figures begin with a digit, dates are periods, and a name is first or last by a word.
pub(crate) fn may_hold_figures(text: &str, referenced: &[ReferencedFigure]) -> bool {
    let is_worded = || !periods(text, &words(text), &[], &[]).is_empty() || ranks(text);
    !referenced.is_empty() || text.contains(|c: char| c.is_ascii_digit()) || is_worded()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_that_names_no_number_period_or_rank_holds_no_figure() {
        for text in [
            "The list is complete, and came from both shops.",
            "Which month do you mean?",
            "",
        ] {
            assert!(!may_hold_figures(text, &[]), "{text}");
        }
        for text in [
            "Revenue came to 5.",
            "It fell in June.",
            "It is closed on Mondays: Monday was empty.",
            "Alpha sold the most.",
            "Q2 was better.",
        ] {
            assert!(may_hold_figures(text, &[]), "{text}");
        }
    }
}
