use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};

use super::jwt::JwtError;
use super::lent::{self, LentSessions};
use super::origin::RequestOrigin;
use super::proxied::came_through_proxy;
use super::{AccessRules, LOCAL, Requester, Scope, cors, principal_fault};
use crate::config::ProxySettings;
use crate::server::http_error::HttpError;
use crate::server::state::SharedState;

/// Lets requests in that ask for this server, and come from no foreign page.
pub(in crate::server) async fn guard_all(
    State(state): State<SharedState>,
    request: Request,
    next: Next,
) -> Response {
    let access = &state.access;
    if !access.hosts.allow(&request) {
        let detail = "this server does not go by the name that the request asks for; add the name to `hosts` under [server]";
        return HttpError::new(StatusCode::MISDIRECTED_REQUEST, "forbidden", detail).into_response();
    }
    let origin = match access.origins.of(&request) {
        RequestOrigin::Own => None,
        RequestOrigin::Allowed(origin) => Some(origin),
        RequestOrigin::Foreign => {
            let detail =
                "pages of other origins may not ask this server; add theirs to `origins` under [server]";
            return HttpError::forbidden(detail).into_response();
        }
    };
    let Some(origin) = origin.and_then(|origin| HeaderValue::from_str(&origin).ok()) else {
        return next.run(request).await;
    };
    if request.method() == Method::OPTIONS {
        return cors::preflight(request.headers(), origin);
    }
    let mut response = next.run(request).await;
    cors::allow(response.headers_mut(), origin);
    response
}

/// Finds out who asks, and lets nobody else in.
pub(in crate::server) async fn admit(
    State(state): State<SharedState>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0.ip());
    let lent = state.access.lent.as_ref().zip(lent::taken(request.headers_mut()));
    let caller = match lent {
        Some((known, session)) => lender(&state, known, session).await,
        None => caller(&state, request.headers(), peer).await,
    };
    let caller = match caller {
        Ok(caller) => caller,
        Err(error) => return error.into_response(),
    };
    if let Err(seconds) = state.access.rates.count(&caller.principal) {
        let detail = "too many requests in this minute";
        let error = HttpError::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail);
        return error.after(seconds).into_response();
    }
    if !caller.may(Scope::Ask) {
        return HttpError::forbidden("this credential may not ask questions; it lacks the scope `ask`")
            .into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// Who lends a session of Metabase is whom Metabase says. Another credential beside it is not looked at: clients of OpenAI
/// always send one.
async fn lender(
    state: &SharedState,
    known: &LentSessions,
    session: Result<SecretString, HttpError>,
) -> Result<Requester, HttpError> {
    let session = session?;
    let mut caller = known.requester(&state.app(), &session).await?;
    if state.apps.was_refused(&caller.principal, &session) {
        // What was believed of it is not true any more.
        known.forget(&session).await;
        caller = known.requester(&state.app(), &session).await?;
    }
    state.apps.lend(&caller.principal, &session);
    Ok(state.access.with_admin(caller))
}

async fn caller(
    state: &SharedState,
    headers: &HeaderMap,
    peer: Option<IpAddr>,
) -> Result<Requester, HttpError> {
    let access = &state.access;
    let mut shown = headers.get_all(AUTHORIZATION).iter();
    if let Some(credential) = shown.next() {
        if shown.next().is_some() {
            // Whoever checked one of them on the way may have checked the other.
            let detail = "two credentials: send one header `Authorization`";
            return Err(HttpError::new(
                StatusCode::UNAUTHORIZED,
                "unauthenticated",
                detail,
            ));
        }
        // Who shows a credential is who it says, or nobody.
        return bearer(state, credential, headers).await;
    }
    if let Some(caller) = proxied(access, headers, peer)? {
        return Ok(caller);
    }
    if !access.open {
        let (code, detail) = if access.lent.is_some() {
            let detail = "no credential: sign in to Metabase, and send its session as X-Metabase-Session";
            (lent::WANTED, detail)
        } else {
            let detail =
                "no credential: send `Authorization: Bearer TOKEN`; `cardinal token create` makes a token";
            ("unauthenticated", detail)
        };
        return Err(HttpError::new(StatusCode::UNAUTHORIZED, code, detail));
    }
    local(access, headers)
}

/// Everybody on this machine. What came through a proxy did not come from there.
fn local(access: &AccessRules, headers: &HeaderMap) -> Result<Requester, HttpError> {
    let names_somebody = |proxy: &ProxySettings| headers.contains_key(&proxy.header);
    if came_through_proxy(headers) || access.proxy.as_ref().is_some_and(names_somebody) {
        let detail = "this request came through a proxy, and this server is open to its own machine only; set `auth = \"required\"` \
                      under [server] and use tokens, or name the proxy under [server.proxy]";
        return Err(HttpError::forbidden(detail));
    }
    Ok(Requester::local())
}

async fn bearer(
    state: &SharedState,
    credential: &HeaderValue,
    headers: &HeaderMap,
) -> Result<Requester, HttpError> {
    let refused = || {
        let detail = "the credential is not valid: it is unknown, revoked or expired; `cardinal token create` makes a new one";
        HttpError::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
    };
    let text = credential.to_str().map_err(|_| refused())?;
    let (scheme, token) = text.split_once(' ').ok_or_else(refused)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refused());
    }
    let token = SecretString::from(token.trim());
    if let Some(known) = state.store.known_token(&token).await? {
        return Ok(state.access.with_admin(Requester {
            principal: known.principal,
            name: known.name,
            scopes: known.scopes,
            auth: "token",
        }));
    }
    if let Some(jwt) = state.access.jwt.as_ref().filter(|_| is_jwt(&token)) {
        return match jwt.verify(&token).await {
            Ok(subject) => Ok(state.access.with_admin(Requester {
                principal: subject.principal,
                name: subject.name,
                scopes: vec![Scope::Ask.word().to_owned()],
                auth: "jwt",
            })),
            Err(JwtError::Refused(reason)) => {
                tracing::debug!(reason, "a JWT was refused");
                let issuer = jwt.issuer();
                let detail = format!(
                    "the JWT is not valid here: it has expired, or is not one that {issuer} made for this server; sign in there again"
                );
                Err(HttpError::new(
                    StatusCode::UNAUTHORIZED,
                    "unauthenticated",
                    detail,
                ))
            }
            Err(JwtError::NoKeys(_)) => {
                let detail = "the keys of the identity provider cannot be had now, so the credential cannot be checked";
                Err(HttpError::new(StatusCode::SERVICE_UNAVAILABLE, "unauthenticated", detail).after(10))
            }
        };
    }
    // OpenAI's clients always send a key, and an open server needs none.
    if state.access.open && !looks_real(&token) {
        return local(&state.access, headers);
    }
    Err(refused())
}

/// Whether a text may be a credential that somebody was given, and not what fills a required field.
fn looks_real(token: &SecretString) -> bool {
    token.expose_secret().starts_with("cdl_") || is_jwt(token)
}

/// Whether a text has the form of a JWT: three parts.
fn is_jwt(token: &SecretString) -> bool {
    token.expose_secret().matches('.').count() == 2
}

/// Who a proxy says that asks, if it is the one that is believed.
fn proxied(
    access: &AccessRules,
    headers: &HeaderMap,
    peer: Option<IpAddr>,
) -> Result<Option<Requester>, HttpError> {
    let Some(proxy) = &access.proxy else {
        return Ok(None);
    };
    let networks = &proxy.from;
    let believed = peer.is_some_and(|peer| networks.iter().any(|net| net.contains(&peer.to_canonical())));
    if !believed {
        return Ok(None);
    }
    let mut named = headers.get_all(&proxy.header).iter();
    match (named.next(), named.next()) {
        (None, _) => Ok(None),
        (Some(name), None) => {
            let name = std::str::from_utf8(name.as_bytes()).unwrap_or_default();
            if name.trim().is_empty() {
                let detail = format!("the header {} of the proxy names nobody", proxy.header);
                return Err(HttpError::new(
                    StatusCode::UNAUTHORIZED,
                    "unauthenticated",
                    detail,
                ));
            }
            if name == LOCAL {
                return Err(HttpError::forbidden(
                    "nobody whom a proxy names may be called `local`",
                ));
            }
            if name.contains(',') {
                let detail = format!(
                    "the header {} names several; the proxy has to replace it, not add to it",
                    proxy.header
                );
                return Err(HttpError::bad_request(detail));
            }
            if let Some(fault) = principal_fault(name) {
                let detail = format!("the name in the header {} of the proxy {fault}", proxy.header);
                return Err(HttpError::forbidden(detail));
            }
            Ok(Some(access.with_admin(Requester {
                principal: name.to_owned(),
                name: name.to_owned(),
                scopes: vec![Scope::Ask.word().to_owned()],
                auth: "proxy",
            })))
        }
        // A proxy that adds a header to the one of its client would let the client choose.
        (Some(_), Some(_)) => Err(HttpError::bad_request(format!(
            "the header {} is there twice; the proxy has to replace it, not add to it",
            proxy.header
        ))),
    }
}

impl AccessRules {
    fn with_admin(&self, mut caller: Requester) -> Requester {
        let admin = Scope::Admin;
        if self.admins.contains(&caller.principal) && !caller.may(admin) {
            caller.scopes.push(admin.word().to_owned());
        }
        caller
    }
}
