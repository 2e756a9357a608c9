//! The world without HTTP: data, queries, parameters, and databases that people bring.

mod bring;
mod demo;
mod facts;
mod fields;
mod filters;
mod kit;
mod model_format;
mod parameters;
mod queries;
