/// The quantile of `values` by linear interpolation between the two nearest ranks. Sorts them. `None` when there are
/// none.
pub fn quantile(values: &mut [f64], probability: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let last = u32::try_from(values.len().checked_sub(1)?).ok()?;
    let place = probability.clamp(0.0, 1.0) * f64::from(last);
    let (below, above) = (rank(place.floor()), rank(place.ceil()));
    let (low, high) = (*values.get(below)?, *values.get(above)?);
    Some(low + (high - low) * place.fract())
}

/// A whole number that is not negative, as an index.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the caller gives a rounded place between 0 and u32::MAX"
)]
fn rank(place: f64) -> usize {
    place as usize
}
