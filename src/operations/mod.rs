//! Everything that may be asked of a system, as one table: which operation, by which method and path, in which area, whether
//! it reads or writes, what permission it needs there, how much harm it can do, and what it does in plain English.
//!
//! The idea: what is said here once is what clients send, what grants decide on, what the wire lets through, what the call log
//! writes down and what `cardinal grants` prints. A request that is no operation of the table cannot be sent.
//!
//! ```
//! use cardinal::operations::{ADMINISTRATIVE, identify};
//! use http::Method;
//!
//! let path = "/api/v2/accounts/1/jobs/5/run/";
//! let call = identify(&ADMINISTRATIVE, &Method::POST, path, Some(br#"{"cause":"asked by Ana"}"#))?;
//! assert_eq!(call.operation.name, "trigger_job_run");
//! assert_eq!(call.parameters["job_id"], "5");
//! assert_eq!(call.sentence(|_, _| None), "trigger job 5");
//! # Ok::<(), String>(())
//! ```
//!
//! `operation.rs` says what an operation is; each API has its own file; `call.rs` finds the operation that a request is.

pub mod administrative;
mod call;
pub mod discovery;
pub mod local;
pub mod metabase;
mod operation;
pub mod semantic_layer;
mod strict_json;
mod template;

pub use administrative::ADMINISTRATIVE;
pub use call::{OperationCall, identify};
pub use discovery::DISCOVERY;
pub(crate) use local::LOCAL_ARTIFACTS;
pub use metabase::METABASE;
pub use operation::{Api, Area, BodyForm, DbtPermission, Operation, OperationAccess, Risk, Verb};
pub use semantic_layer::SEMANTIC_LAYER;
pub use template::{build_path, parameter_names, path_parameters};

impl Api {
    pub fn operations(self) -> &'static [Operation] {
        match self {
            Self::Metabase => &METABASE,
            Self::DbtAdministrative => &ADMINISTRATIVE,
            Self::DbtDiscovery => &DISCOVERY,
            Self::DbtSemanticLayer => &SEMANTIC_LAYER,
            Self::DbtLocal => &LOCAL_ARTIFACTS,
        }
    }
}

/// Every operation of every API, in the order of the tables.
pub fn all() -> impl Iterator<Item = &'static Operation> {
    Api::ALL.into_iter().flat_map(Api::operations)
}
