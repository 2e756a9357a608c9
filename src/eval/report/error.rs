/// A report could not be put together.
#[derive(Debug, thiserror::Error)]
#[error("failed to write the {report} report: {reason}")]
pub struct ReportError {
    pub report: &'static str,
    pub reason: String,
}
