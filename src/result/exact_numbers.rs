//! Numbers of an answer that binary floating point does not hold, kept digit by digit.
//!
//! JSON numbers are read as 64-bit floats where they are not whole, so `12345678901234567.89` would become
//! `12345678901234568`. Such numbers are put in quotes before the answer is read: a column of numbers may hold a text that
//! reads as one, and everything that computes does so in decimal.

use std::borrow::Cow;
use std::ops::Range;

use super::Amount;

/// Digits that a 64-bit float always holds.
const SAFE_DIGITS: usize = 15;

/// The body with every number in quotes that would lose digits in reading.
pub(crate) fn exact_numbers_quoted(body: &[u8]) -> Cow<'_, [u8]> {
    let long = if has_long_run(body) {
        long_numbers(body)
    } else {
        Vec::new()
    };
    if long.is_empty() {
        return Cow::Borrowed(body);
    }
    let mut out = Vec::with_capacity(body.len() + 2 * long.len());
    let mut from = 0;
    for range in long {
        out.extend_from_slice(body.get(from..range.start).unwrap_or_default());
        out.push(b'"');
        out.extend_from_slice(body.get(range.clone()).unwrap_or_default());
        out.push(b'"');
        from = range.end;
    }
    out.extend_from_slice(body.get(from..).unwrap_or_default());
    Cow::Owned(out)
}

/// What a number consists of.
fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')
}

/// Whether more bytes of numbers than are always safe stand in a row anywhere, in texts too. Each such run has one of the
/// places in it that are looked at, so that most of the body is passed over.
fn has_long_run(body: &[u8]) -> bool {
    let places = body.iter().enumerate().skip(SAFE_DIGITS).step_by(SAFE_DIGITS + 1);
    let mut in_numbers = places.filter(|(_, byte)| is_of_number(**byte)).map(|(at, _)| at);
    in_numbers.any(|at| {
        let (before, from) = body.split_at_checked(at).unwrap_or_default();
        let run = before
            .iter()
            .rev()
            .take_while(|byte| is_of_number(**byte))
            .count();
        run + from.iter().take_while(|byte| is_of_number(**byte)).count() > SAFE_DIGITS
    })
}

/// Where numbers stand that lose digits, outside of texts.
fn long_numbers(body: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut bytes = body.iter().copied().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => {
                while let Some((_, inner)) = bytes.next() {
                    match inner {
                        b'\\' => drop(bytes.next()),
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            b'-' | b'0'..=b'9' => {
                let mut end = at + 1;
                while bytes.next_if(|(_, next)| is_of_number(*next)).is_some() {
                    end += 1;
                }
                if end - at > SAFE_DIGITS && loses_digits(body.get(at..end).unwrap_or_default()) {
                    found.push(at..end);
                }
            }
            _ => {}
        }
    }
    found
}

/// Whether reading the number as JSON does makes another of it. Float noise such as `19789.489999999998` does not count: it
/// is exactly what the float is written as.
fn loses_digits(number: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(number) else {
        return false;
    };
    if text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() {
        return false;
    }
    let Ok(read) = serde_json::from_str::<serde_json::Number>(text) else {
        return false;
    };
    match (Amount::parse(text), Amount::parse(&read.to_string())) {
        (Some(Amount::Exact(written)), Some(Amount::Exact(read))) => written != read,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_that_lose_digits_are_quoted() {
        let quoted =
            |text: &str| String::from_utf8(exact_numbers_quoted(text.as_bytes()).into_owned()).unwrap();
        for same in [
            r#"{"rows": [[1, -2.5, 1e5, 19789.489999999998, 9007199254740993, 18446744073709551615]]}"#,
            r#"["12345678901234567.89", "a \" 12345678901234567.89"]"#,
            "[12345678901234567.89".split_at(1).0,
        ] {
            assert_eq!(quoted(same), same);
        }
        assert_eq!(
            quoted("[[12345678901234567.89,0.1234567890123456789]]"),
            r#"[["12345678901234567.89","0.1234567890123456789"]]"#
        );
        // Wherever it stands, and also when it has as few digits as may be lost.
        for before in 0..40 {
            let spaces = " ".repeat(before);
            for number in [
                "0.3000000000000000444",
                "1234567890123.4567",
                "-1.234567890123456789e5",
            ] {
                assert_eq!(
                    quoted(&format!("[{spaces}{number}]")),
                    format!("[{spaces}\"{number}\"]")
                );
            }
        }
    }
}
