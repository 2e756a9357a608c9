use std::fmt;

use crate::text::is_hidden;

/// The principal of everybody on this machine, where the server is open. No proxy and no issuer of JWTs may name it: Metabase is
/// asked for it with the settings' own credential.
pub(in crate::server) const LOCAL: &str = "local";

/// What keeps a text from being the name of a principal; `None` when it may be one. A name that is changed before it is used, or
/// that looks like another one, makes two people one.
pub fn principal_fault(name: &str) -> Option<&'static str> {
    if name.trim().is_empty() {
        Some("is empty; write who asks, such as an e-mail address")
    } else if name.trim() != name {
        Some("has white space around it; leave that out")
    } else if name.chars().any(|c| c.is_control() || is_hidden(c)) {
        Some("has characters that nobody sees; leave these out")
    } else if name == LOCAL {
        Some("`local` is whoever is on the server's machine; take another name")
    } else {
        None
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Scope {
    /// Ask questions, and see what they asked.
    Ask,
    Admin,
}

impl Scope {
    pub(in crate::server) fn word(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Who asks, as it was found out for this request.
#[derive(Debug, Clone)]
pub(in crate::server) struct Requester {
    /// Whose sessions they see.
    pub(in crate::server) principal: String,
    pub(in crate::server) name: String,
    pub(in crate::server) scopes: Vec<String>,
    /// How that is known: `open`, `token`, `jwt`, `proxy` or `metabase`.
    pub(in crate::server) auth: &'static str,
}

impl Requester {
    /// Everybody on this machine, where the server is open.
    pub(super) fn local() -> Self {
        Self {
            principal: LOCAL.to_owned(),
            name: LOCAL.to_owned(),
            scopes: vec![Scope::Ask.word().to_owned(), Scope::Admin.word().to_owned()],
            auth: "open",
        }
    }

    /// Whether they may do that.
    pub(in crate::server) fn may(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|own| own == scope.word())
    }

    /// Whether how much they do at once is bounded.
    pub(in crate::server) fn is_bounded(&self) -> bool {
        self.auth != "open"
    }
}
