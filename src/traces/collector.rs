//! Where traces go, as the standard variables say it.

use url::Url;

const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const PROTOCOLS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
];
const DISABLED: &str = "OTEL_SDK_DISABLED";
const EXPORTER: &str = "OTEL_TRACES_EXPORTER";
/// What follows an endpoint that is for all signals.
const SIGNAL_PATH: &str = "v1/traces";
const SPOKEN: &str = "http/protobuf";

/// The address that traces are posted to, if there is one; `Err` says what is wrong with how it is written.
pub(super) fn address(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Url>, String> {
    let value = |name: &str| {
        variable(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    };
    let is_off = value(DISABLED).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if is_off || value(EXPORTER).is_some_and(|exporter| exporter == "none") {
        return Ok(None);
    }
    // An endpoint for traces alone is used as it stands.
    let (name, written, path) = match (value(TRACES_ENDPOINT), value(ENDPOINT)) {
        (Some(written), _) => (TRACES_ENDPOINT, written, None),
        (None, Some(written)) => (ENDPOINT, written, Some(SIGNAL_PATH)),
        (None, None) => return Ok(None),
    };
    let protocol = PROTOCOLS.iter().find_map(|name| Some((*name, value(name)?)));
    if let Some((name, protocol)) = protocol.filter(|(_, protocol)| protocol != SPOKEN) {
        return Err(format!("{name} is {protocol:?}, and only {SPOKEN} is spoken"));
    }
    // The address may hold a credential, so it is not repeated.
    let mut url = Url::parse(&written)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| format!("{name} is not an address: write it like http://localhost:4318"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!(
            "{name} holds a password: put it into OTEL_EXPORTER_OTLP_HEADERS"
        ));
    }
    if let Some(path) = path {
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{path}"));
    }
    Ok(Some(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Option<String>, String> {
        let found = address(|name| {
            let found = variables.iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| (*value).to_owned())
        });
        found.map(|url| url.map(String::from))
    }

    #[test]
    fn the_standard_variables_say_where() {
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&[(ENDPOINT, " ")]), Ok(None));
        let general = of(&[(ENDPOINT, "http://c:4318/base/")]);
        assert_eq!(general, Ok(Some("http://c:4318/base/v1/traces".to_owned())));
        let own = of(&[(ENDPOINT, "http://c:4318"), (TRACES_ENDPOINT, "https://t/x")]);
        assert_eq!(own, Ok(Some("https://t/x".to_owned())));
    }

    #[test]
    fn they_turn_it_off() {
        for off in [(DISABLED, "True"), (EXPORTER, "none")] {
            assert_eq!(of(&[(ENDPOINT, "http://c:4318"), off]), Ok(None));
        }
    }

    #[test]
    fn what_cannot_be_done_is_said_without_the_value() {
        for wrong in ["collector:4317", "ftp://c", "http://who:secret@c:4318"] {
            let said = of(&[(ENDPOINT, wrong)]).unwrap_err();
            assert!(said.contains(ENDPOINT) && !said.contains("secret"), "{said}");
        }
        let grpc = of(&[
            (ENDPOINT, "http://c:4317"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ]);
        assert!(grpc.unwrap_err().contains("grpc"));
    }
}
