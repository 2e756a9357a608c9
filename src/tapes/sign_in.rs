//! What a replay signs in with: credentials that are good for nothing and are renewed as the recorded one was.

use secrecy::SecretString;
use url::Url;

use crate::agent::TurnSettings;
use crate::metabase::{AuthSettings, MetabaseSettings, SignInMethod};

/// The credential of replays. It is sent nowhere.
const NO_KEY: &str = "replay";

fn credential(method: SignInMethod) -> AuthSettings {
    let secret = SecretString::from(NO_KEY);
    let token = |exchange| AuthSettings::Jwt {
        secret: SecretString::from(NO_KEY),
        email: NO_KEY.to_owned(),
        exchange,
    };
    match method {
        SignInMethod::Never => AuthSettings::ApiKey(secret),
        SignInMethod::Password => AuthSettings::Password {
            username: NO_KEY.to_owned(),
            password: secret,
        },
        SignInMethod::Token => token(false),
        SignInMethod::Exchange => token(true),
    }
}

/// Settings of a Metabase that does not exist, for what is made of a catalog alone.
pub(super) fn no_metabase() -> Result<MetabaseSettings, url::ParseError> {
    let auth = credential(SignInMethod::Never);
    Ok(MetabaseSettings::new(Url::parse("http://replay.invalid/")?, auth))
}

/// Settings of a Metabase at this address that make the same requests as those of the recorded turn.
pub(super) fn recorded_metabase(settings: &TurnSettings, url: Url) -> MetabaseSettings {
    MetabaseSettings {
        max_rows: settings.max_rows,
        credential_from: settings.credential_from.clone(),
        ..MetabaseSettings::new(url, credential(settings.sign_in))
    }
}
