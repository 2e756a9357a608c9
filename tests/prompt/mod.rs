//! What the model reads: the same bytes from the same catalog, whoever renders it, and nothing hidden in it.

mod curators;
mod notes;
mod prefix;
mod texts;
