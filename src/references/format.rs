//! What a reference may ask of how a figure is written.

/// How a reference wants its figure written. What it leaves open is the column's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FigureFormat {
    pub(super) scale: Option<NumberScale>,
    /// In percent: of a fraction the hundredfold.
    pub(super) percent: bool,
    pub(super) decimals: Option<u32>,
    pub(super) significant: Option<u32>,
    pub(super) absolute: bool,
    /// With a plus where it is above zero.
    pub(super) signed: bool,
}

/// What a figure is told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberScale {
    Thousand,
    Million,
    Billion,
}
