//! Runs queries: MBQL 5 with numeric ids compiled to SQL with bound values, SQL with template tags, and the column
//! metadata that comes with the rows.

mod outcome;

pub use outcome::{
    CardFailure, Constraints, FieldValues, ParameterException, ParameterValues, QueryFailure, QueryResult,
    WideField,
};
