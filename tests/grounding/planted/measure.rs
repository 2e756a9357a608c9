//! How many planted figures are caught, and how many right ones are flagged.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cardinal::grounding::{Claim, Figure, Material, ground};
use fastrand::Rng;

use super::write::{Fact, Statement, statements};
use super::wrong::{ALL, Wrong, planted};

/// Ways in which each statement is written.
const WAYS: usize = 6;

/// A result, and the one of the same shape that an earlier question brought.
pub struct Scene {
    pub question: String,
    pub fact: Fact,
    pub earlier: Option<Fact>,
}

#[derive(Debug, Default)]
pub struct Report {
    /// Of each kind: planted, caught.
    pub caught: BTreeMap<Wrong, (u32, u32)>,
    /// Right texts, and those with a figure flagged.
    pub texts: (u32, u32),
    /// Figures in right texts, and those flagged.
    pub figures: (u32, u32),
    /// What went wrong, for a person to read.
    pub notes: String,
}

fn look(scene: &Scene, text: &str) -> Vec<Figure> {
    let mut materials = Vec::new();
    for (fact, current) in scene
        .earlier
        .iter()
        .map(|fact| (fact, false))
        .chain([(&scene.fact, true)])
    {
        materials.push(Material {
            handle: &fact.handle,
            title: &fact.title,
            arguments: &fact.arguments,
            table: &fact.table,
            totals: &fact.totals,
            rows_seen: fact.table.rows.len(),
            current,
        });
    }
    let claim = Claim {
        text,
        question: &scene.question,
        earlier: &[],
        today: jiff::civil::date(2026, 6, 30),
        shown: &[],
    };
    ground(&claim, &materials)
}

/// Plants figures of every kind into every statement over every scene.
pub fn measure(scenes: &[Scene], seed: u64) -> Report {
    let mut rng = Rng::with_seed(seed);
    let mut report = Report::default();
    for scene in scenes {
        for way in 0..WAYS {
            for statement in statements(&scene.fact, way) {
                report.right(scene, &statement);
                for wrong in ALL {
                    if let Some((text, written)) =
                        planted(&statement, &scene.fact, scene.earlier.as_ref(), wrong, &mut rng)
                    {
                        report.wrong(scene, &statement, wrong, &text, &written);
                    }
                }
            }
        }
    }
    report
}

impl Report {
    fn right(&mut self, scene: &Scene, statement: &Statement) {
        let text = statement.text();
        let figures = look(scene, &text);
        let flagged: Vec<&Figure> = figures.iter().filter(|figure| figure.is_unmatched()).collect();
        self.texts.0 += 1;
        self.texts.1 += u32::from(!flagged.is_empty());
        self.figures.0 += u32::try_from(figures.len()).unwrap();
        self.figures.1 += u32::try_from(flagged.len()).unwrap();
        if !flagged.is_empty() {
            let texts: Vec<_> = flagged
                .iter()
                .map(|figure| (&figure.text, figure.status))
                .collect();
            writeln!(
                self.notes,
                "FALSE ALARM ({}): {text}\n    {texts:?}",
                statement.style
            )
            .unwrap();
        }
    }

    fn wrong(&mut self, scene: &Scene, statement: &Statement, wrong: Wrong, text: &str, written: &str) {
        let figures = look(scene, text);
        let caught = figures.iter().any(Figure::is_unmatched);
        let counts = self.caught.entry(wrong).or_default();
        counts.0 += 1;
        counts.1 += u32::from(caught);
        if !caught {
            let sources: Vec<_> = figures
                .iter()
                .filter(|figure| figure.text.contains(written) || written.contains(&figure.text))
                .map(|figure| format!("{:?} {:?}", figure.status, figure.sources.first()))
                .collect();
            writeln!(
                self.notes,
                "MISSED {wrong:?} ({}): {text}\n    {written}: {sources:?}",
                statement.style
            )
            .unwrap();
        }
    }

    /// The table for people.
    pub fn table(&self) -> String {
        let mut out = String::from("kind              planted  caught\n");
        for (wrong, (planted, caught)) in &self.caught {
            let share = 100.0 * f64::from(*caught) / f64::from(*planted);
            writeln!(
                out,
                "{:16}  {planted:7}  {caught:6}  {share:5.1} %",
                format!("{wrong:?}")
            )
            .unwrap();
        }
        let share = |(all, some): (u32, u32)| 100.0 * f64::from(some) / f64::from(all);
        writeln!(
            out,
            "right texts       {:7}  {:6}  {:5.2} % flagged",
            self.texts.0,
            self.texts.1,
            share(self.texts)
        )
        .unwrap();
        writeln!(
            out,
            "right figures     {:7}  {:6}  {:5.2} % flagged",
            self.figures.0,
            self.figures.1,
            share(self.figures)
        )
        .unwrap();
        out
    }

    /// The share of a kind that was caught.
    pub fn share(&self, wrong: Wrong) -> f64 {
        let (planted, caught) = self.caught[&wrong];
        f64::from(caught) / f64::from(planted)
    }
}
