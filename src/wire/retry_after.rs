//! When a server wants to be asked again.

use std::time::Duration;

use http::{HeaderMap, HeaderName, header};

const MILLISECONDS: HeaderName = HeaderName::from_static("retry-after-ms");

/// The wait a response asks for: `retry-after-ms`, then `Retry-After` in seconds or as a date. A date counts from
/// the response's own `Date`, so that the two clocks need not agree.
pub(crate) fn asked_wait(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(milliseconds) = text(&MILLISECONDS).and_then(|value| value.parse::<f64>().ok()) {
        return Duration::try_from_secs_f64(milliseconds / 1000.0).ok();
    }
    let after = text(&header::RETRY_AFTER)?;
    if let Ok(seconds) = after.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let parser = jiff::fmt::rfc2822::DateTimeParser::new();
    let at = parser.parse_timestamp(after).ok()?;
    let now = text(&header::DATE)
        .and_then(|date| parser.parse_timestamp(date).ok())
        .unwrap_or_else(jiff::Timestamp::now);
    Some(Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    http::HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn reads_seconds_milliseconds_and_dates() {
        let wait = |pairs: &[_]| asked_wait(&headers(pairs));
        assert_eq!(wait(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        assert_eq!(wait(&[("retry-after", "1.5")]), Some(Duration::from_millis(1500)));
        assert_eq!(
            wait(&[("retry-after", "7"), ("retry-after-ms", "250")]),
            Some(Duration::from_millis(250))
        );
        assert_eq!(
            wait(&[
                ("date", "Wed, 21 Oct 2015 07:28:00 GMT"),
                ("retry-after", "Wed, 21 Oct 2015 07:28:09 GMT")
            ]),
            Some(Duration::from_secs(9))
        );
        assert_eq!(
            wait(&[
                ("date", "Wed, 21 Oct 2015 07:28:09 GMT"),
                ("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")
            ]),
            Some(Duration::ZERO)
        );
    }

    #[test]
    fn ignores_what_is_no_wait() {
        for value in ["", "soon", "-1", "NaN", "inf", "1e400"] {
            assert_eq!(asked_wait(&headers(&[("retry-after", value)])), None, "{value}");
        }
        assert_eq!(asked_wait(&headers(&[])), None);
    }
}
