//! Of each kind how many right figures are flagged, and how many planted faults are caught.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use cardinal::grounding::{Figure, FigureKind, FigureStatus, ReferencedFigure, Trace};

use super::set::{Case, parse};

/// The table of a set: of each kind how many, and how many of them were flagged or caught; and what went wrong for a person to
/// read.
#[derive(Default)]
struct Counts {
    right: BTreeMap<String, (u32, u32)>,
    planted: BTreeMap<String, (u32, u32)>,
    /// Drafts, and those with a flag.
    drafts: (u32, u32),
    notes: String,
}

fn count(counts: &mut BTreeMap<String, (u32, u32)>, kind: &str, hit: bool) {
    let count = counts.entry(kind.to_owned()).or_default();
    count.0 += 1;
    count.1 += u32::from(hit);
}

/// What a figure is, by where it comes from.
fn kind(figure: &Figure, referenced: &[ReferencedFigure]) -> &'static str {
    let written = referenced
        .iter()
        .find(|one| (one.start, one.end) == (figure.start, figure.end) && one.kind.is_some());
    let Some(written) = written else {
        return match figure.kind {
            FigureKind::Number => "number in digits",
            FigureKind::Date => "date in digits",
            FigureKind::Item => "name said to be first",
        };
    };
    match (&written.trace, written.kind) {
        _ if written.printed_row => "in a printed table",
        (_, Some(FigureKind::Date)) => "date by reference",
        (_, Some(FigureKind::Item)) => "name by reference",
        (Some(Trace::Derivation { .. }), _) => "derivation by reference",
        (Some(Trace::Total { .. }), _) => "total by reference",
        (Some(Trace::RowCount { .. }), _) => "count of rows by reference",
        (Some(Trace::Cell { column, .. }), _) if column == "value" => "calculated by reference",
        _ => "cell by reference",
    }
}

/// The flagged figures of a text, of each its words.
fn flagged(figures: &[Figure]) -> Vec<String> {
    let flagged = figures.iter().filter(|figure| figure.is_unmatched());
    flagged.map(|figure| figure.text.clone()).collect()
}

/// Those of the one that are more than in the other.
fn more(now: &[String], before: &[String]) -> Vec<String> {
    let mut left = before.to_vec();
    let mut more = Vec::new();
    for text in now {
        match left.iter().position(|one| one == text) {
            Some(at) => drop(left.swap_remove(at)),
            None => more.push(text.clone()),
        }
    }
    more
}

impl Counts {
    fn right(&mut self, name: &str, figures: &[Figure], (text, referenced): (&str, &[ReferencedFigure])) {
        for figure in figures {
            if matches!(figure.status, FigureStatus::Exempt { .. }) {
                continue;
            }
            let kind = kind(figure, referenced);
            count(&mut self.right, kind, figure.is_unmatched());
            if figure.is_unmatched() {
                let (before, behind) = (&text[..figure.start], &text[figure.end..]);
                let start = before.rfind('\n').map_or(0, |at| at + 1);
                let end = behind.find('\n').unwrap_or(behind.len());
                let _ = writeln!(
                    self.notes,
                    "FLAGGED {name} {kind} {:?}: {}⟦{}⟧{}   {:?}",
                    figure.status,
                    &before[start..],
                    figure.text,
                    &behind[..end],
                    figure.elsewhere
                );
            }
        }
    }

    fn planted(&mut self, name: &str, way: &str, kind: &str, (caught, what): (bool, &str)) {
        count(&mut self.planted, &format!("{kind} {way}"), caught);
        count(&mut self.planted, &format!("all {way}"), caught);
        if !caught {
            let _ = writeln!(self.notes, "MISSED {name} {kind} {way}: {what}");
        }
    }

    fn draft(&mut self, name: &str, case: &Case, at: usize) {
        let draft = &case.drafts()[at];
        let (text, referenced) = case.written(draft);
        let right = case.figures(&text, &referenced);
        self.right(name, &right, (&text, &referenced));
        self.drafts.0 += 1;
        self.drafts.1 += u32::from(right.iter().any(Figure::is_unmatched));
        let digits = case.figures(&text, &[]);
        let numbers = digits
            .iter()
            .filter(|figure| !matches!(figure.status, FigureStatus::Exempt { .. }));
        for figure in numbers {
            count(
                &mut self.right,
                "everything as if in digits",
                figure.is_unmatched(),
            );
        }
        let (right, digits) = (flagged(&right), flagged(&digits));
        for plant in case.plants().iter().filter(|plant| plant.draft == at) {
            assert!(draft.contains(&plant.was), "{name}: {:?}", plant.was);
            let (text, referenced) = case.written(&draft.replacen(&plant.was, &plant.now, 1));
            for (way, referenced, before) in [
                ("by reference", referenced.as_slice(), &right),
                ("in digits", &[], &digits),
            ] {
                let now = flagged(&case.figures(&text, referenced));
                let caught = !more(&now, before).is_empty();
                self.planted(name, way, &plant.kind, (caught, &plant.now));
            }
        }
    }

    fn table(&self) -> String {
        let mut out = String::new();
        let share = |part: u32, whole: u32| 100.0 * f64::from(part) / f64::from(whole.max(1));
        for (kind, (all, flagged)) in &self.right {
            let _ = writeln!(
                out,
                "right: {kind:32} {flagged:>4} of {all:>4} flagged ({:.1} %)",
                share(*flagged, *all)
            );
        }
        let own = self
            .right
            .iter()
            .filter(|(kind, _)| *kind != "everything as if in digits");
        let (all, flagged) = own.fold((0, 0), |sum, (_, count)| (sum.0 + count.0, sum.1 + count.1));
        let _ = writeln!(
            out,
            "right: {:32} {flagged:>4} of {all:>4} flagged ({:.1} %)",
            "all as the model wrote them",
            share(flagged, all)
        );
        let (drafts, marked) = self.drafts;
        let _ = writeln!(
            out,
            "right: {:32} {marked:>4} of {drafts:>4} with a flag",
            "drafts"
        );
        for (kind, (all, caught)) in &self.planted {
            let _ = writeln!(
                out,
                "planted: {kind:30} {caught:>4} of {all:>4} caught ({:.1} %)",
                share(*caught, *all)
            );
        }
        out
    }
}

/// What was reached is stored: a set that gets worse fails, and one that gets better has to be stored with `UPDATE_GROUNDING=1`.
pub fn hold(name: &str, set: &str, stored: &str) {
    let mut counts = Counts::default();
    for (id, case) in &parse(set) {
        for at in 0..case.drafts().len() {
            counts.draft(&format!("{id}.{}", at + 1), case, at);
        }
    }
    let table = counts.table();
    eprintln!("{name}\n{table}");
    if std::env::var_os("UNSEEN_NOTES").is_some() {
        eprintln!("{}", counts.notes);
    }
    if std::env::var_os("UPDATE_GROUNDING").is_some() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
        std::fs::write(folder.join(name), &table).unwrap();
        return;
    }
    assert!(table == stored, "stored:\n{stored}now:\n{table}");
}
