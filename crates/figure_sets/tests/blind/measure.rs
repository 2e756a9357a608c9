//! How many planted faults are seen, and how many right figures are not believed.

use std::collections::BTreeMap;

use cardinal::grounding::{Claim, Figure, Material, ReferencedFigure, ground_referenced};

use super::answers::{Answer, answers, written};
use super::plant::{Kind, plant};
use super::world::{World, world};

/// The results of an answer by their handles, and whether each is of this turn.
pub fn handles(answer: &Answer) -> Vec<(String, &String, bool)> {
    let earlier = answer.before.iter().map(|name| (name, false));
    let now = answer.results.iter().map(|name| (name, true));
    let named = earlier.chain(now).enumerate();
    named
        .map(|(at, (name, current))| (format!("r{}", at + 1), name, current))
        .collect()
}

/// What the matcher says of a text that stands in an answer's place.
pub fn figures(answer: &Answer, text: &str, world: &World) -> Vec<Figure> {
    figures_referenced(answer, text, &[], world)
}

/// The same, where the program wrote some of the figures in place of references.
pub fn figures_referenced(
    answer: &Answer,
    text: &str,
    referenced: &[ReferencedFigure],
    world: &World,
) -> Vec<Figure> {
    let handles = handles(answer);
    let materials: Vec<Material<'_>> = handles
        .iter()
        .map(|(handle, name, current)| {
            let brought = &world[*name];
            Material {
                handle,
                title: &brought.title,
                arguments: &brought.arguments,
                table: &brought.table,
                totals: &brought.totals,
                rows_seen: brought.table.rows.len(),
                current: *current,
            }
        })
        .collect();
    let earlier: Vec<&str> = answer.earlier.iter().map(String::as_str).collect();
    let shown: Vec<&str> = answer.shown.iter().map(String::as_str).collect();
    let claim = Claim {
        text,
        question: &answer.question,
        earlier: &earlier,
        today: jiff::civil::date(2026, 6, 30),
        shown: &shown,
    };
    ground_referenced(&claim, referenced, &materials, &|| false).unwrap()
}

/// What share of each kind has to be seen, in percent: what the words around a figure do not settle, nobody can see.
const LEAST: [(Kind, f64); 16] = [
    (Kind::Invented, 98.5),
    (Kind::Stale, 99.0),
    (Kind::WrongRounding, 96.0),
    (Kind::LastDigit, 98.0),
    (Kind::Transposed, 99.0),
    (Kind::WrongUnit, 99.0),
    (Kind::PercentPoints, 99.0),
    (Kind::WrongBase, 90.0),
    (Kind::Inverted, 85.0),
    (Kind::OffByOneRow, 89.0),
    (Kind::WrongMonth, 84.0),
    (Kind::WrongYear, 84.0),
    (Kind::SwappedColumns, 87.5),
    (Kind::SignFlipped, 75.0),
    (Kind::WrongItem, 70.0),
    (Kind::SwappedFigures, 80.0),
];

#[test]
fn right_figures_are_believed() {
    let world = world();
    let (mut all, mut flagged) = (0, Vec::new());
    for answer in answers(&world) {
        let (text, _) = written(&answer.parts, &world);
        let figures = figures(&answer, &text, &world);
        all += figures.len();
        for figure in figures.iter().filter(|figure| figure.is_unmatched()) {
            flagged.push(format!(
                "{}: {:?} {:?} {:?}\n    {}",
                answer.id,
                figure.text,
                figure.status,
                figure.elsewhere,
                around(&text, figure)
            ));
        }
    }
    eprintln!("right figures: {all}, wrongly flagged: {}", flagged.len());
    eprintln!("{}", flagged.join("\n"));
    assert!(flagged.len() * 100 < all);
}

fn around(text: &str, figure: &Figure) -> String {
    text.lines()
        .find(|line| {
            let start = line.as_ptr() as usize - text.as_ptr() as usize;
            (start..=start + line.len()).contains(&figure.start)
        })
        .unwrap_or(text)
        .to_owned()
}

#[test]
fn planted_faults_are_seen() {
    let world = world();
    let mut counts: BTreeMap<Kind, (usize, usize)> = BTreeMap::new();
    let shown = std::env::var("BLIND_MISSED").unwrap_or_default();
    for (at, answer) in answers(&world).iter().enumerate() {
        for planted in plant(answer, &world, at) {
            let line = {
                let start = planted.text[..planted.place.start]
                    .rfind('\n')
                    .map_or(0, |at| at + 1);
                let end = planted.text[planted.place.end..].find('\n');
                start..end.map_or(planted.text.len(), |end| planted.place.end + end)
            };
            let figures = figures(answer, &planted.text, &world);
            let seen = figures
                .iter()
                .any(|figure| figure.is_unmatched() && figure.start < line.end && figure.end > line.start);
            let (all, caught) = counts.entry(planted.kind).or_default();
            *all += 1;
            *caught += usize::from(seen);
            if !seen && (shown == "all" || format!("{:?}", planted.kind) == shown) {
                let place = &planted.text[planted.place.clone()];
                eprintln!(
                    "{:?} missed, {}: {place:?} in {}",
                    planted.kind, answer.id, &planted.text[line]
                );
            }
        }
    }
    for (kind, (all, caught)) in &counts {
        eprintln!(
            "{kind:?}: {caught} of {all} seen ({:.1} %)",
            percent(*caught, *all)
        );
    }
    let total: usize = counts.values().map(|(all, _)| all).sum();
    assert!(total >= 400, "{total} faults are planted");
    for (kind, least) in LEAST {
        let (all, caught) = counts[&kind];
        assert!(percent(caught, all) >= least, "{kind:?}: {caught} of {all} seen");
    }
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(whole).unwrap())
}
