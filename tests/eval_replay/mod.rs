//! Suites recorded with scripted models, and run again from their tapes.

mod committed;
mod forged;
mod generations;
mod kit;
mod left;
mod live_dbt;
mod mutated;
mod mutation;
mod promote;
mod record;
mod regrade;
mod replay;
