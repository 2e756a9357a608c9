/// A report could not be put together.
#[derive(Debug, thiserror::Error)]
#[error("failed to write the {report} report: {reason}")]
pub struct ReportError {
    /// Which.
    pub report: &'static str,
    /// Why.
    pub reason: String,
}
