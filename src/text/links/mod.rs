//! Links and images in answers.
//!
//! A text in the data may ask the model to write a link or an image whose address carries data away as soon as the answer is
//! rendered. So the only links that stay are pages of the configured Metabase. Of all other links the words stay and the
//! target goes: `[offer](https://evil.example/?q=42)` becomes `offer ‹link removed›`.
//!
//! What Cardinal itself says of a configured server may name its address: [`LinkRules::naming`].
//!
//! Start at [`LinkRules::apply`].

mod address;
mod cleaned_text;
mod page;
mod rules;
mod servers;
mod syntax;

pub use rules::{LinkRules, WithoutLinks};
