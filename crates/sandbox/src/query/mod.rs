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
mod outcome;
mod run;
mod source;
mod stage;
mod time_literal;
mod unit;
mod values;
mod wide;

pub use outcome::{
    CardFailure, ColumnValues, ParameterException, ParameterValues, QueryFailure, QueryResult, RowLimits,
    WideField,
};

pub(crate) use cell::cell;
pub(crate) use clause::MbqlClause;
pub(crate) use column::unique_name;
pub(crate) use compiler::{CompiledQuery, MbqlCompiler};
pub(crate) use filter::{numeric, text_pattern};
pub(crate) use fragment::{SqlFragment, bindable};
pub(crate) use interval::{DateInterval, periods};
pub(crate) use run::{card_columns, run, run_sql};
pub(crate) use time_literal::TimeLiteral;
pub(crate) use unit::{TemporalUnit, midnight};
pub(crate) use values::{distinct_values, field_values};
pub(crate) use wide::{default_time_dimension, wide_of_card, wide_of_result, wide_of_table};
