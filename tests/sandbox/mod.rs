mod engine_demo;
mod engine_support;
mod http;
