/// The chance that `draws` trials of a case all pass, estimated without bias from `passed` of `trials`:
/// `C(passed, draws) / C(trials, draws)`, averaged over the cases. `None` when there are no cases, or when one has
/// fewer than `draws` trials.
pub fn pass_pow(cases: &[(u32, u32)], draws: u32) -> Option<f64> {
    if draws == 0 || cases.is_empty() || cases.iter().any(|(_, trials)| *trials < draws) {
        return None;
    }
    let sum: f64 = cases
        .iter()
        .map(|&(passed, trials)| all_pass(passed, trials, draws))
        .sum();
    Some(sum / f64::from(u32::try_from(cases.len()).ok()?))
}

fn all_pass(passed: u32, trials: u32, draws: u32) -> f64 {
    if passed < draws {
        return 0.0;
    }
    (0..draws)
        .map(|drawn| f64::from(passed - drawn) / f64::from(trials - drawn))
        .product()
}
