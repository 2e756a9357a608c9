use super::FileConfig;

/// The JSON schema of `cardinal.toml`, pretty-printed, with a line end. A copy lies in `schemas/config.schema.json`.
pub fn schema() -> String {
    format!("{:#}\n", value())
}

pub(super) fn value() -> serde_json::Value {
    schemars::schema_for!(FileConfig).to_value()
}
