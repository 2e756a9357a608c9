mod engine_bring;
mod engine_demo;
mod engine_fields;
mod engine_filters;
mod engine_parameters;
mod engine_queries;
mod engine_support;
mod http;
