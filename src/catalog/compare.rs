use std::collections::BTreeMap;

use super::{
    CardEntry, Catalog, ChangeKind, Dimension, Drift, Entry, EntryChange, EntryKind, EntryPart, MetricEntry,
    Parameter, PartChange, Segment,
};
use crate::result::Column;

impl Drift {
    /// Compares the catalog `before` with the catalog `now`. Sampled values of dimensions do not count: they are data.
    pub fn between(before: &Catalog, now: &Catalog) -> Self {
        let (old, new) = (by_key(before), by_key(now));
        let mut changes = Vec::new();
        let mut keys: Vec<_> = old.keys().chain(new.keys()).copied().collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            match (old.get(&key), new.get(&key)) {
                (Some(old), Some(new)) => {
                    changes.extend(differences(old, new).into_iter().map(|what| change(new, what)));
                }
                (Some(old), None) => changes.push(change(old, ChangeKind::Removed)),
                (None, Some(new)) => changes.push(change(new, ChangeKind::Added)),
                (None, None) => {}
            }
        }
        Self { changes }
    }

    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

fn by_key(catalog: &Catalog) -> BTreeMap<(EntryKind, u32), &Entry> {
    catalog
        .entries()
        .iter()
        .map(|entry| ((entry.kind(), entry.id()), entry))
        .collect()
}

fn change(entry: &Entry, what: ChangeKind) -> EntryChange {
    EntryChange {
        kind: entry.kind(),
        id: entry.id(),
        name: entry.name().to_owned(),
        what,
    }
}

fn differences(old: &Entry, new: &Entry) -> Vec<ChangeKind> {
    let mut found = Vec::new();
    if old.name() != new.name() {
        found.push(ChangeKind::Renamed {
            from: old.name().to_owned(),
        });
    }
    if old.description() != new.description() {
        found.push(ChangeKind::Described);
    }
    if old.collection() != new.collection() {
        found.push(ChangeKind::Moved {
            from: old.collection().to_vec(),
            to: new.collection().to_vec(),
        });
    }
    match (old, new) {
        (Entry::Card(old), Entry::Card(new)) => card_differences(&mut found, old, new),
        (Entry::Metric(old), Entry::Metric(new)) => metric_differences(&mut found, old, new),
        (Entry::Table(old), Entry::Table(new)) => {
            dimension_differences(&mut found, &old.dimensions, &new.dimensions);
            segment_differences(&mut found, &old.segments, &new.segments);
            parts(
                &mut found,
                EntryPart::Measure,
                &old.measures,
                &new.measures,
                |m| &m.name,
                |a, b| described(a.description.as_ref(), b.description.as_ref()),
            );
        }
        _ => {}
    }
    found
}

fn card_differences(found: &mut Vec<ChangeKind>, old: &CardEntry, new: &CardEntry) {
    if old.verified != new.verified {
        found.push(ChangeKind::Verified { now: new.verified });
    }
    parts(
        found,
        EntryPart::Parameter,
        &old.parameters,
        &new.parameters,
        |p| &p.slug,
        parameter_changes,
    );
    parts(
        found,
        EntryPart::Column,
        &old.columns,
        &new.columns,
        |c| &c.name,
        column_changes,
    );
}

fn metric_differences(found: &mut Vec<ChangeKind>, old: &MetricEntry, new: &MetricEntry) {
    if old.verified != new.verified {
        found.push(ChangeKind::Verified { now: new.verified });
    }
    let meaning = |metric: &MetricEntry| {
        (
            metric.definition.clone(),
            metric.built_in_filters.clone(),
            metric.default_time_dimension.clone(),
            metric.only_as_saved.clone(),
        )
    };
    if meaning(old) != meaning(new) {
        found.push(ChangeKind::Redefined);
    }
    dimension_differences(found, &old.dimensions, &new.dimensions);
    segment_differences(found, &old.segments, &new.segments);
}

fn dimension_differences(found: &mut Vec<ChangeKind>, old: &[Dimension], new: &[Dimension]) {
    parts(
        found,
        EntryPart::Dimension,
        old,
        new,
        |d| &d.name,
        dimension_changes,
    );
}

fn segment_differences(found: &mut Vec<ChangeKind>, old: &[Segment], new: &[Segment]) {
    parts(
        found,
        EntryPart::Segment,
        old,
        new,
        |s| &s.name,
        |a, b| described(a.description.as_ref(), b.description.as_ref()),
    );
}

/// Compares two lists of parts by name: gone ones in the old order, then new and changed ones in the new order.
fn parts<T>(
    found: &mut Vec<ChangeKind>,
    part: EntryPart,
    old: &[T],
    new: &[T],
    name: impl Fn(&T) -> &String,
    compare: impl Fn(&T, &T) -> Vec<&'static str>,
) {
    let mut push = |item: &T, happened| {
        found.push(ChangeKind::Part {
            part,
            part_name: name(item).clone(),
            happened,
        });
    };
    for item in old {
        if !new.iter().any(|other| name(other) == name(item)) {
            push(item, PartChange::Removed);
        }
    }
    for item in new {
        match old.iter().find(|other| name(other) == name(item)) {
            None => push(item, PartChange::Added),
            Some(before) => {
                let about = compare(before, item);
                if !about.is_empty() {
                    push(item, PartChange::Changed { about });
                }
            }
        }
    }
}

fn changed(about: impl IntoIterator<Item = (bool, &'static str)>) -> Vec<&'static str> {
    about
        .into_iter()
        .filter_map(|(differs, name)| differs.then_some(name))
        .collect()
}

fn described(old: Option<&String>, new: Option<&String>) -> Vec<&'static str> {
    changed([(old != new, "description")])
}

fn parameter_changes(old: &Parameter, new: &Parameter) -> Vec<&'static str> {
    // A list that is not complete is a sample, and samples come and go.
    let complete = |parameter: &Parameter| parameter.allowed.clone().filter(|allowed| allowed.complete);
    changed([
        (old.name != new.name, "label"),
        (old.kind != new.kind || old.target != new.target, "type"),
        (old.required != new.required, "required"),
        (old.default != new.default, "default"),
        (complete(old) != complete(new), "allowed values"),
        (old.multiple != new.multiple, "number of values"),
    ])
}

fn column_changes(old: &Column, new: &Column) -> Vec<&'static str> {
    changed([
        (old.label != new.label, "label"),
        (old.kind != new.kind || old.unit != new.unit, "type"),
        (old.description != new.description, "description"),
    ])
}

fn dimension_changes(old: &Dimension, new: &Dimension) -> Vec<&'static str> {
    changed([
        (old.label != new.label, "label"),
        (old.kind != new.kind, "type"),
        (old.description != new.description, "description"),
    ])
}
