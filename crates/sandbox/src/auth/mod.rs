//! Who is asking: API keys, sessions and signed tokens, each with the failures the wire documents.

mod caller;
mod identity;
mod jwt;
mod random;
mod sessions;
mod throttle;

pub(super) use caller::{AgentCaller, AuthFailure, ClassicCaller, session_token};
pub(super) use identity::{Identity, RequiredScope};
pub(super) use jwt::JwtKey;
pub(super) use random::{api_key, secret, uuid};
pub(super) use sessions::Sessions;
pub(super) use throttle::LoginThrottle;
