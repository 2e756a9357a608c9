pub mod batching_model;
pub mod catalogs;
pub mod reply;
pub mod scripted_anthropic;
pub mod scripted_dbt;
pub mod scripted_model;
pub mod scripted_openai;
pub mod stack;
