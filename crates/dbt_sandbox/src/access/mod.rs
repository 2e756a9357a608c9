//! Who may do what: tokens and their permission sets.

mod capability;
mod token;

pub(crate) use capability::{KNOWN_SETS, TokenRight};
pub use token::DbtToken;
pub(crate) use token::{TokenBook, TokenHolder};
