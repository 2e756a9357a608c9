//! Values worked out by hand, or published: four arms of a study with 11 questions and 20 trials each.

use cardinal::eval::stats::{
    ClusterSample, Method, cluster_bootstrap, detectable, mcnemar, one_sided, pass_pow, quantile, sign_flip,
    smallest_visible, wilson,
};

const ARMS: [[u32; 11]; 4] = [
    [20, 20, 20, 20, 20, 20, 12, 10, 0, 0, 0],
    [20, 20, 20, 20, 20, 20, 20, 20, 0, 0, 0],
    [20, 20, 20, 20, 20, 20, 20, 20, 20, 18, 0],
    [20, 20, 20, 20, 20, 20, 20, 20, 19, 6, 0],
];

fn close(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() <= within, "{found} is not {expected}");
}

#[test]
fn wilson_intervals_are_those_published() {
    for (arm, low, high) in [(0, 58.0, 70.6), (1, 66.5, 78.2), (2, 85.3, 93.3), (3, 78.7, 88.3)] {
        let interval = wilson(ARMS[arm].iter().sum(), 220).unwrap();
        close(interval.low * 100.0, low, 0.05);
        close(interval.high * 100.0, high, 0.05);
    }
    assert_eq!(wilson(0, 0), None);
    assert!(wilson(0, 10).unwrap().low.abs() < 1e-12);
    close(wilson(0, 10).unwrap().high, 0.2775, 0.0001);
}

#[test]
fn resampled_questions_give_much_wider_intervals() {
    for (arm, low, high) in [
        (0, 37.3, 87.3),
        (1, 45.5, 100.0),
        (2, 70.9, 100.0),
        (3, 63.2, 100.0),
    ] {
        let clusters: Vec<ClusterSample> = ARMS[arm]
            .iter()
            .map(|passed| ClusterSample {
                part: f64::from(*passed),
                whole: 20.0,
            })
            .collect();
        let interval = cluster_bootstrap(&clusters).unwrap();
        close(interval.low * 100.0, low, 1.0);
        close(interval.high * 100.0, high, 1.0);
        assert_eq!(cluster_bootstrap(&clusters), Some(interval), "it is seeded");
    }
    let one = ClusterSample {
        part: 1.0,
        whole: 1.0,
    };
    assert_eq!(cluster_bootstrap(&[one]), None);
}

#[test]
fn the_chance_that_all_trials_pass_is_estimated_without_bias() {
    for (arm, five, twenty) in [
        (0, 0.552, 0.545),
        (1, 0.727, 0.727),
        (2, 0.868, 0.818),
        (3, 0.795, 0.727),
    ] {
        let cases: Vec<(u32, u32)> = ARMS[arm].iter().map(|passed| (*passed, 20)).collect();
        close(pass_pow(&cases, 5).unwrap(), five, 0.001);
        close(pass_pow(&cases, 20).unwrap(), twenty, 0.001);
    }
    close(pass_pow(&[(3, 5)], 2).unwrap(), 0.3, 1e-12);
    assert_eq!(pass_pow(&[(3, 5), (1, 1)], 2), None);
}

#[test]
fn paired_tests_agree_with_binomial_tables() {
    close(mcnemar(1, 9), 22.0 / 1024.0, 1e-12);
    close(mcnemar(0, 6), 2.0 / 64.0, 1e-12);
    close(mcnemar(5, 5), 1.0, 1e-12);
    close(mcnemar(0, 0), 1.0, 1e-12);
    close(
        sign_flip(&[8.0, 10.0, 20.0, 20.0, -20.0, -20.0, 0.0]),
        52.0 / 64.0,
        1e-12,
    );
    close(sign_flip(&[8.0, 10.0, 20.0, 18.0, 0.0]), 0.125, 1e-12);
    close(sign_flip(&[]), 1.0, 1e-12);
    let many: Vec<f64> = (0..40).map(|at| if at % 2 == 0 { 1.0 } else { -1.0 }).collect();
    close(sign_flip(&many), 1.0, 0.001);
    assert!(sign_flip(&[1.0; 40]) < 0.0001);
}

#[test]
fn a_small_suite_can_show_only_large_changes() {
    assert_eq!(smallest_visible(5), None);
    close(smallest_visible(20).unwrap(), 0.3, 1e-12);
    close(smallest_visible(100).unwrap(), 0.06, 1e-12);
    assert!(detectable(20).unwrap() > detectable(314).unwrap());
    assert!(detectable(100).unwrap() > 0.06 && detectable(100).unwrap() < 0.15);
}

#[test]
fn quantiles_are_interpolated() {
    let mut values = [4.0, 1.0, 3.0, 2.0];
    close(quantile(&mut values, 0.5).unwrap(), 2.5, 1e-12);
    close(quantile(&mut values, 0.95).unwrap(), 3.85, 1e-12);
    assert_eq!(quantile(&mut [], 0.5), None);
}

#[test]
fn clusters_that_are_all_alike_bound_one_side_only() {
    let alike = [ClusterSample {
        part: 3.0,
        whole: 3.0,
    }; 12];
    assert_eq!(cluster_bootstrap(&alike), None);
    let noisy: Vec<ClusterSample> = (1..10)
        .map(|at| ClusterSample {
            part: 0.1 * f64::from(at),
            whole: f64::from(at),
        })
        .collect();
    assert_eq!(cluster_bootstrap(&noisy), None, "but for the noise of fractions");
    let all = one_sided(12, true).unwrap();
    assert_eq!((all.high, all.method), (1.0, Method::OneSided));
    // The exact bound is the one at which 12 in a row have a chance of 5 %.
    close(all.low.powi(12), 0.05, 1e-12);
    let none = one_sided(12, false).unwrap();
    assert_eq!(none.low, 0.0);
    close(none.high, 1.0 - all.low, 1e-12);
    // The rule of three.
    close(one_sided(300, false).unwrap().high, 3.0 / 300.0, 0.0001);
    assert_eq!(one_sided(1, true), None);
    assert_eq!(all.percent(), "at least 77.9 %");
    assert_eq!(none.percent(), "at most 22.1 %");
}
