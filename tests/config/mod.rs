mod environment;
mod file;
mod kit;
mod metabase;
mod model;
mod schema;
mod server;
mod template;
