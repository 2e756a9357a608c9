use schemars::{JsonSchema, schema_for};

use super::suite::{CasesFile, SuiteFile};

/// The JSON schema of a file of cases, with a line end. A copy lies in `schemas/case.schema.json`.
pub fn case_schema() -> String {
    pretty::<CasesFile>()
}

/// The JSON schema of `suite.yaml`, with a line end. A copy lies in `schemas/suite.schema.json`.
pub fn suite_schema() -> String {
    pretty::<SuiteFile>()
}

fn pretty<T: JsonSchema>() -> String {
    format!("{:#}\n", schema_for!(T).to_value())
}
