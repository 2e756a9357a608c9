//! Who may do what: tokens and their permission sets.

mod capability;
mod token;

pub(crate) use capability::{TokenRight, KNOWN_SETS};
pub use token::DbtToken;
pub(crate) use token::{TokenBook, TokenHolder};
