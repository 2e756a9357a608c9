//! Everything one process needs to answer questions, assembled once from the [`Settings`](crate::config::Settings):
//! wire, Metabase client, catalog, prompt, model, tools, agent. Surfaces (command line, later a server) start here.
