//! What a request carries.
//!
//! A completion's body is long: the prompt, the tools and every result so far. A thousand turns wait for the model at once,
//! and a body that each of them kept in case it has to be sent again would be most of what they take. So such a body is
//! [made](RequestBody::made) once more when that happens, and is gone as soon as it was handed to the network.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::WireError;

/// The body of a request. Clones are the same body.
#[derive(Clone)]
pub struct RequestBody(Inner);

#[derive(Clone)]
enum Inner {
    Kept(Bytes),
    Made(Arc<MadeBody>),
}

struct MadeBody {
    /// Until it is sent.
    ready: Mutex<Option<Bytes>>,
    length: usize,
    again: Box<dyn Fn() -> Bytes + Send + Sync>,
}

impl RequestBody {
    /// A body that `again` makes once more, to the byte, when it has to be sent again.
    pub(crate) fn made(body: Bytes, again: impl Fn() -> Bytes + Send + Sync + 'static) -> Self {
        Self(Inner::Made(Arc::new(MadeBody {
            length: body.len(),
            ready: Mutex::new(Some(body)),
            again: Box::new(again),
        })))
    }

    /// Its bytes, for whoever looks at them.
    pub fn bytes(&self) -> Bytes {
        match &self.0 {
            Inner::Kept(bytes) => bytes.clone(),
            Inner::Made(made) => {
                let ready = made.ready.lock().unwrap_or_else(PoisonError::into_inner).clone();
                ready.unwrap_or_else(|| (made.again)())
            }
        }
    }

    /// Its bytes, to be sent. What was made is not kept.
    pub(super) fn take(&self) -> Result<Bytes, WireError> {
        let Inner::Made(made) = &self.0 else {
            return Ok(self.bytes());
        };
        let ready = made.ready.lock().unwrap_or_else(PoisonError::into_inner).take();
        let bytes = ready.unwrap_or_else(|| (made.again)());
        if bytes.len() == made.length {
            Ok(bytes)
        } else {
            Err(WireError::Invalid {
                reason: "its body could not be written a second time".to_owned(),
            })
        }
    }
}

impl<B: Into<Bytes>> From<B> for RequestBody {
    fn from(bytes: B) -> Self {
        Self(Inner::Kept(bytes.into()))
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = match &self.0 {
            Inner::Kept(bytes) => bytes.len(),
            Inner::Made(made) => made.length,
        };
        write!(f, "RequestBody({length} bytes)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_made_is_kept_until_it_is_sent_and_made_again_after_that() {
        let body = RequestBody::made(Bytes::from_static(b"first"), || Bytes::from_static(b"again"));
        let clone = body.clone();
        assert_eq!(body.bytes(), "first");
        assert_eq!(body.take().unwrap(), "first");
        assert_eq!(
            (clone.bytes(), clone.take().unwrap()),
            ("again".into(), "again".into())
        );
        let changed = RequestBody::made(Bytes::from_static(b"first"), Bytes::new);
        assert!(changed.take().is_ok() && changed.take().is_err());
    }
}
