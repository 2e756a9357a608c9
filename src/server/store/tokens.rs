//! Tokens of people and programs. The store keeps a hash: a token is 32 random bytes, so a fast hash keeps it.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use super::transaction::values;
use super::{SessionStore, SessionStoreError};
use crate::server::ids::{hex, new_id, random};
use crate::server::record::{now_ms, rfc3339};

/// How every token begins, so that people and scanners know one when they see it.
const PREFIX: &str = "cdl_";

/// A token that was just made. It is shown once.
#[derive(Debug)]
pub struct NewToken {
    /// What names it in lists.
    pub id: String,
    pub token: SecretString,
}

/// A token in a list.
#[derive(Debug, Clone, Serialize)]
pub struct TokenRow {
    pub id: String,
    pub name: String,
    pub principal: String,
    pub scopes: Vec<String>,
    pub created_at: String,
    /// When it ends by itself.
    pub expires_at: Option<String>,
    pub revoked_at: Option<String>,
}

/// What a token that was shown is good for.
#[derive(Debug, Clone)]
pub(in crate::server) struct KnownToken {
    pub(in crate::server) name: String,
    pub(in crate::server) principal: String,
    pub(in crate::server) scopes: Vec<String>,
}

fn hash(token: &str) -> String {
    hex(&blake3::derive_key(
        "cardinal 2026 server: token",
        token.as_bytes(),
    ))
}

fn words(scopes: &str) -> Vec<String> {
    scopes.split_whitespace().map(str::to_owned).collect()
}

impl SessionStore {
    pub async fn create_token(
        &self,
        name: &str,
        principal: &str,
        scopes: &[String],
        expires: Option<Duration>,
    ) -> Result<NewToken, SessionStoreError> {
        let (id, token) = (new_id("tok"), format!("{PREFIX}{}", hex(&random::<32>())));
        let new = NewToken {
            id: id.clone(),
            token: SecretString::from(token.as_str()),
        };
        let (name, principal, scopes) = (name.to_owned(), principal.to_owned(), scopes.join(" "));
        let until =
            expires.map(|time| now_ms().saturating_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX)));
        self.write(move |db| {
            // Said again when the first try was committed after all.
            db.execute(
                "INSERT INTO tokens (id, name, hash, principal, scopes, created_at, expires_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO NOTHING",
                values![&id, &name, hash(&token), &principal, &scopes, now_ms(), until],
            )
        })
        .await?;
        Ok(new)
    }

    pub async fn tokens(&self) -> Result<Vec<TokenRow>, SessionStoreError> {
        self.read(|db| {
            db.rows(
                "SELECT id, name, principal, scopes, created_at, expires_at, revoked_at FROM tokens ORDER BY created_at, id",
                values![],
                |row| {
                    Ok(TokenRow {
                        id: row.get(0)?,
                        name: row.get(1)?,
                        principal: row.get(2)?,
                        scopes: words(&row.get::<String>(3)?),
                        created_at: rfc3339(row.get(4)?),
                        expires_at: row.get::<Option<i64>>(5)?.map(rfc3339),
                        revoked_at: row.get::<Option<i64>>(6)?.map(rfc3339),
                    })
                },
            )
        })
        .await
    }

    /// Revokes a token. Returns whether there is one of that id.
    pub async fn revoke_token(&self, id: &str) -> Result<bool, SessionStoreError> {
        let id = id.to_owned();
        self.write(move |db| {
            let sql = "UPDATE tokens SET revoked_at = coalesce(revoked_at, ?2) WHERE id = ?1";
            Ok(db.execute(sql, values![&id, now_ms()])? > 0)
        })
        .await
    }

    /// What a token is good for now. It is looked up by its hash, so that the time this takes says nothing about others.
    pub(in crate::server) async fn known_token(
        &self,
        token: &SecretString,
    ) -> Result<Option<KnownToken>, SessionStoreError> {
        let text = token.expose_secret();
        if !text.starts_with(PREFIX) {
            return Ok(None);
        }
        let hash = hash(text);
        self.read(move |db| {
            db.first(
                "SELECT name, principal, scopes FROM tokens WHERE hash = ?1 AND revoked_at IS NULL \
                 AND (expires_at IS NULL OR expires_at > ?2)",
                values![&hash, now_ms()],
                |row| {
                    Ok(KnownToken {
                        name: row.get(0)?,
                        principal: row.get(1)?,
                        scopes: words(&row.get::<String>(2)?),
                    })
                },
            )
        })
        .await
    }
}
