//! The planner that needs no language model: what it asks of which entry, and how it says what came back.

mod answers;
mod conversation;
mod demo;
mod fixture;
mod generations;
mod periods;
mod plans;
