//! Drives a model that calls tools badly: it answers with one JSON object per step, under a schema that allows the
//! tools' names and arguments and nothing else. To the rest of the program it looks like any other model.

mod reply;
mod request;
mod schema;
mod wrapper;

pub(super) use request::listed;
pub(super) use wrapper::JsonAction;
