use super::FileConfig;

/// The JSON schema of `cardinal.toml`, pretty-printed, with a line end. A copy lies in `schemas/config.schema.json`.
pub fn schema() -> String {
    let schema = schemars::schema_for!(FileConfig);
    format!("{:#}\n", schema.to_value())
}
