use url::Url;

/// OpenAI's and Azure's own hosts: the ones whose request fields are known to be taken.
pub(super) fn is_official(url: &Url) -> bool {
    let Some(host) = url.domain() else {
        return false;
    };
    host == "api.openai.com"
        || [
            ".api.openai.com",
            ".openai.azure.com",
            ".services.ai.azure.com",
            ".cognitiveservices.azure.com",
        ]
        .iter()
        .any(|end| host.ends_with(end))
}

/// Whether the model's cache works by explicit breakpoints: GPT-5.6 and everything after it. Older models cache
/// prefixes by themselves and refuse the field.
pub(super) fn takes_breakpoints(model: &str) -> bool {
    let Some(version) = model.strip_prefix("gpt-").and_then(|rest| rest.split('-').next()) else {
        return false;
    };
    let mut numbers = version.split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), None) => major >= 6,
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= (5, 6),
        _ => false,
    }
}
