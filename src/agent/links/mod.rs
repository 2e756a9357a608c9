//! Links and images in answers. A rendered answer must not carry data to a place that a text in the data named, so the
//! only links that leave are pages of the configured Metabase; of all others the words stay and the target goes.

mod address;
mod markdown;
mod page;
mod rules;
mod written;

pub use rules::{LinkRules, WithoutLinks};
