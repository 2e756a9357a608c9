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

pub(in crate::sandbox) use clause::Clause;
pub(in crate::sandbox) use compiler::Compiler;
pub(in crate::sandbox) use filter::{numeric, text_pattern};
pub(in crate::sandbox) use fragment::{Fragment, bindable};
pub(in crate::sandbox) use interval::{Period, periods};
pub(in crate::sandbox) use moment::Moment;
pub(in crate::sandbox) use run::{card_columns, run, run_sql};
pub(in crate::sandbox) use unit::{Unit, midnight};
pub(in crate::sandbox) use values::{distinct_values, field_values};
pub(in crate::sandbox) use wide::{default_time_dimension, wide_of_card, wide_of_table};
