//! Every effect crosses this seam: all HTTP that an answer causes, to models and to data alike, is a
//! [`WireRequest`] sent through a [`Wire`], a stack of tower layers:
//! `tape → grants → cache → limit → retry → transport`.
//!
//! Nothing else in the crate opens a connection, and no body is read without a cap.

mod error;
mod request;
mod response;
mod stack;
mod transport;

pub use error::WireError;
pub use request::{CacheRule, Policy, Principal, Purpose, WireRequest};
pub use response::{BodyStream, ServedBy, WireResponse};
pub use stack::Wire;
