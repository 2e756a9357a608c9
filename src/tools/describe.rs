use crate::catalog::EntryKind;

/// A validated `describe` call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeCall {
    /// Card, metric or table.
    pub kind: EntryKind,
    /// Its id, which is in the catalog.
    pub id: u32,
}
