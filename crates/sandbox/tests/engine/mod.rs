//! The world without HTTP: data, queries, parameters, and databases that people bring.

mod bring;
mod demo;
mod fields;
mod filters;
mod kit;
mod parameters;
mod queries;
