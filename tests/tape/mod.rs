//! Whole turns, recorded against the sandbox and a scripted model, and replayed without either.

mod altered;
mod clock;
mod dropped;
mod forms;
mod kit;
mod mutation;
mod rechunk;
mod replay;
mod responses;
mod resume;
mod retention;
mod sealed;
mod staying_open;
