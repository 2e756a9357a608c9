//! Runs queries: MBQL 5 with numeric ids compiled to SQL with bound values, and the column metadata that comes with
//! the rows.

mod aggregation;
mod cell;
mod clause;
mod column;
mod compiler;
mod execute;
mod expression;
mod filter;
mod fragment;
mod interval;
mod moment;
mod outcome;
mod run;
mod source;
mod stage;
mod unit;
mod values;
mod wide;

pub use outcome::{
    CardFailure, Constraints, FieldValues, ParameterException, ParameterValues, QueryFailure, QueryResult,
    WideField,
};

pub(crate) use clause::Clause;
pub(crate) use compiler::Compiler;
pub(crate) use filter::{numeric, text_pattern};
pub(crate) use fragment::{Fragment, bindable};
pub(crate) use interval::{Period, periods};
pub(crate) use moment::Moment;
pub(crate) use run::{card_columns, run, run_sql};
pub(crate) use unit::{Unit, midnight};
pub(crate) use values::{distinct_values, field_values};
pub(crate) use wide::{default_time_dimension, wide_of_card, wide_of_table};
