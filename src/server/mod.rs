//! The server: questions over HTTP, for people on its page and for programs that speak one of its protocols.
//!
//! The idea: a turn belongs to the server, not to the connection that asked for it. `turns::Turns` runs it, keeps
//! its events in a log, and stores what came of it. Every protocol is a way of writing that one log down (`TurnEvent`),
//! so a client that hangs up loses nothing, and two clients can read the same turn.
//!
//! ```text
//! POST /v1/answers ─► access (who asks?) ─► routes ─► turns ─► app::Session
//!                                              ▲        │          │ events
//!                         SSE, chunks, JSON ◄──┴── log ◄┴──────────┘
//!                                                       └─► store (SQLite or PostgreSQL), tapes
//! ```
//!
//! `routes/table.rs` has the table of all routes. Start there, then read `turns/run.rs`.

mod access;
mod address_filter;
mod addresses;
mod apps;
mod bodies;
mod chart;
mod client_stream;
mod event;
mod export;
mod http_error;
mod ids;
mod inert;
mod listen;
mod metrics;
mod page;
mod read_client;
mod record;
mod routes;
mod said;
mod start;
mod state;
mod store;
mod suggest;
mod table_view;
mod turns;
mod unread;
mod webhook;

pub use access::principal_fault;
pub use routes::{openapi, route_table};
pub use start::{RunningServer, ServerOptions, StartError, serve};
pub use store::{NewToken, SessionStore, SessionStoreError, TokenRow};
pub use webhook::{WebhookReceiver, receive_webhooks};
