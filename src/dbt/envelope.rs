//! The envelope that the Administrative API puts around what it says, and lists that come in pages.

use std::collections::BTreeSet;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::caller::{DbtCaller, DbtReply, DbtRequest};
use super::error::{self, DbtError, DbtFailure};
use crate::operations::Operation;

/// Most items that a page may be asked for.
const PAGE: usize = 100;

/// `data` may be null, of an error and of a success alike.
#[derive(Debug, Deserialize)]
struct DbtEnvelope<T> {
    #[serde(default = "nothing")]
    data: Option<T>,
    #[serde(default)]
    status: Option<EnvelopeStatus>,
    #[serde(default)]
    extra: Option<EnvelopeExtra>,
}

fn nothing<T>() -> Option<T> {
    None
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EnvelopeStatus {
    is_success: Option<bool>,
    user_message: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EnvelopeExtra {
    pagination: Option<Pagination>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pagination {
    count: Option<u64>,
    total_count: Option<u64>,
}

/// An item of a list, and what it is told apart by.
struct IdentifiedItem<T> {
    id: Option<String>,
    item: T,
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for IdentifiedItem<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let id = value.get("id").filter(|id| !id.is_null()).map(Value::to_string);
        let item = T::deserialize(value).map_err(D::Error::custom)?;
        Ok(Self { id, item })
    }
}

/// A list, and whether it is all there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DbtList<T> {
    pub items: Vec<T>,
    /// How many there are, where dbt says.
    pub total: Option<u64>,
    /// Whether no more were left behind.
    pub complete: bool,
}

impl DbtReply {
    /// What is in the envelope; `None` when its `data` is null or it has no body.
    pub(super) fn data<T: DeserializeOwned>(&self) -> Result<Option<T>, DbtError> {
        if self.body.is_empty() {
            return Ok(None);
        }
        self.envelope().map(|envelope| envelope.data)
    }

    fn envelope<T: DeserializeOwned>(&self) -> Result<DbtEnvelope<T>, DbtError> {
        let envelope: DbtEnvelope<T> = self.json()?;
        let status = envelope.status.as_ref();
        if status.and_then(|status| status.is_success) == Some(false) {
            let said = status
                .and_then(|status| status.user_message.clone())
                .unwrap_or_default();
            let message = format!(
                "dbt answered {} and said that it failed: {}",
                self.status.as_u16(),
                error::clean(&said)
            );
            return Err(error::local(&self.action, DbtFailure::Unavailable, message));
        }
        Ok(envelope)
    }

    pub(super) fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, DbtError> {
        self.read(&self.body)
    }

    /// A part of the body as JSON.
    pub(super) fn read<'a, T: Deserialize<'a>>(&self, json: &'a [u8]) -> Result<T, DbtError> {
        serde_json::from_slice(json).map_err(|error| {
            let message = if error.is_data() {
                format!(
                    "the answer does not have dbt's form: {}",
                    error::clean(&error.to_string())
                )
            } else {
                "the answer is not JSON; check that DBT_HOST is dbt's and that no proxy answers for it"
                    .to_owned()
            };
            error::local(&self.action, DbtFailure::Unreadable, message)
        })
    }
}

impl DbtCaller {
    /// The one thing that an operation answers with.
    pub(super) async fn one<T: DeserializeOwned>(
        &self,
        operation: &Operation,
        request: DbtRequest<'_>,
    ) -> Result<T, DbtError> {
        let reply = self.send(operation, request).await?;
        reply.data()?.ok_or_else(|| {
            let message = "dbt answered with success and without data";
            error::local(&reply.action, DbtFailure::Unreadable, message)
        })
    }

    /// A list, page by page, up to `most` items. What stands on two pages, because something new came before it meanwhile, is
    /// taken once. A list that gives more than was asked for or than there is, or a page again, is an error: its paging cannot be
    /// believed.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        operation: &Operation,
        request: DbtRequest<'_>,
        most: usize,
    ) -> Result<DbtList<T>, DbtError> {
        let mut items: Vec<T> = Vec::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut received = 0_usize;
        loop {
            let limit = PAGE.min(most.saturating_sub(items.len()).max(1));
            let mut page = request.clone();
            page.query.push(("limit", limit.to_string()));
            page.query.push(("offset", received.to_string()));
            let reply = self.send(operation, page).await?;
            let envelope: DbtEnvelope<Vec<IdentifiedItem<T>>> = reply.envelope()?;
            let got = envelope.data.unwrap_or_default();
            let pagination = envelope.extra.unwrap_or_default().pagination.unwrap_or_default();
            let protocol = |what: String| error::local(&reply.action, DbtFailure::Unreadable, what);
            let count = pagination.count.unwrap_or(got.len() as u64);
            if got.len() > limit || count > limit as u64 {
                return Err(protocol(format!(
                    "{limit} items were asked for and {} came: the paging cannot be relied on",
                    count.max(got.len() as u64)
                )));
            }
            let (came, before) = (got.len(), items.len());
            received = received.saturating_add(came);
            let new = got
                .into_iter()
                .filter(|one| one.id.as_ref().is_none_or(|id| seen.insert(id.clone())));
            items.extend(new.map(|one| one.item));
            if came > 0 && items.len() == before {
                return Err(protocol(format!(
                    "the items from {} on came a second time: the paging cannot be relied on",
                    received - came
                )));
            }
            let total = pagination.total_count;
            if total.is_some_and(|total| total < received as u64) {
                return Err(protocol(format!(
                    "{received} items came of {}: the paging cannot be relied on",
                    total.unwrap_or_default()
                )));
            }
            let more = match total {
                Some(total) => (received as u64) < total,
                None => came == limit,
            };
            if more && came == 0 {
                return Err(protocol(format!(
                    "{received} of {} items came and the next page is empty: the paging cannot be relied on",
                    total.unwrap_or_default()
                )));
            }
            if !more || items.len() >= most {
                return Ok(DbtList {
                    items,
                    total,
                    complete: !more,
                });
            }
        }
    }
}
