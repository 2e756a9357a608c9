use crate::metabase::AuthSettings;

/// The credential that asks Metabase as a person, by their e-mail address; `None` when none can be made: the settings sign
/// in with something else than signed tokens, or `principal` is not an address.
pub(crate) fn personal_auth(shared: &AuthSettings, principal: &str) -> Option<AuthSettings> {
    let (name, host) = principal.split_once('@').unwrap_or_default();
    let is_address = !name.is_empty() && !host.is_empty() && !principal.contains(char::is_whitespace);
    match shared {
        AuthSettings::Jwt { secret, exchange, .. } if is_address => Some(AuthSettings::Jwt {
            secret: secret.clone(),
            email: principal.to_owned(),
            exchange: *exchange,
        }),
        _ => None,
    }
}
