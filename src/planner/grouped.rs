//! Calls of `query_metric` and `query_table`.

use serde_json::{Map, Value, json};

use super::dimension::{ValueMatch, group_at, named_at, values_in};
use super::profile::{Computes, EntryField, Profile};
use super::proposal::{
    Proposal, ProposalDraft, ProposedCall, QuestionContext, UNMET, period_filters, period_words,
};
use super::question::ParsedQuestion;
use super::{lexicon, score};
use crate::catalog::{Entry, MetricEntry, SavedGroup, TableEntry};
use crate::result::ColumnKind;

/// What a question comes to for one entry with dimensions.
#[derive(Debug, Default)]
struct GroupedDraft {
    group_by: Vec<Value>,
    filters: Vec<Value>,
    base: ProposalDraft,
}

/// What is taken off for telling people apart by name alone.
const SHARED_NAMES: f64 = 0.3;

impl GroupedDraft {
    fn read(asked: QuestionContext<'_>, profile: &Profile) -> Self {
        let mut draft = Self::default();
        draft.segments(asked, profile);
        draft.time(asked, profile);
        draft.groups(asked, profile);
        draft.values(asked, profile);
        draft.comparisons(asked, profile);
        draft
    }

    fn segments(&mut self, asked: QuestionContext<'_>, profile: &Profile) {
        for segment in &profile.segments {
            let place = |stem: &String| {
                let mut words = asked.question.words.iter();
                words.position(|word| !word.used && word.stem == *stem)
            };
            let places: Option<Vec<usize>> = segment.stems.iter().map(place).collect();
            if let Some(places) = places.filter(|places| places.len() > 1) {
                self.base.explain(&places);
                self.filters.push(json!({"segment": segment.name}));
                self.base.said.push(format!("only {}", segment.name));
            }
        }
    }

    fn time(&mut self, asked: QuestionContext<'_>, profile: &Profile) {
        let question = asked.question;
        let Some(field) = profile.time_field() else {
            if question.period().is_some() || question.each.is_some() || question.weekday {
                self.base.against += UNMET;
            }
            return;
        };
        if let Some(period) = question.period() {
            self.filters.extend(period_filters(&field.name, period));
            self.base.said.push(period_words(period));
        }
        if question.weekday {
            self.group_by
                .push(json!({"dimension": field.name, "granularity": "day-of-week"}));
        }
        // `Monthly recurring revenue` is a name, not a wish.
        let named = question.each.is_some_and(|unit| {
            let adjective = format!("{}li", unit.name());
            profile.name.contains(&adjective) && !question.says(&[unit.name()])
        });
        if let Some(unit) = question.each.filter(|_| !named) {
            self.group_by
                .push(json!({"dimension": field.name, "granularity": unit.name()}));
        }
    }

    fn groups(&mut self, asked: QuestionContext<'_>, profile: &Profile) {
        let question = asked.question;
        let mut found: Vec<&EntryField> = Vec::new();
        let measured = measured(asked, profile);
        for at in &question.groups {
            if self.base.explained.contains(at) || measured.contains(at) {
                continue;
            }
            let dimension = group_at(question, *at, profile, asked.index);
            if let Some(dimension) = dimension.filter(|found| !divides(question, *at, found.field)) {
                self.base.explain_by(&dimension.words, dimension.field);
                found.push(dimension.field);
            }
        }
        if question.top.is_some() && found.is_empty() && self.group_by.is_empty() {
            let candidates = question
                .subjects()
                .filter(|(at, _)| !self.base.explained.contains(at) && !measured.contains(at))
                .filter_map(|(at, _)| named_at(question, at, profile, asked.index))
                .filter(|dimension| dimension.fit >= 0.7);
            // The first of the best.
            let best = candidates.fold(
                None,
                |best: Option<super::dimension::DimensionMatch<'_>>, next| match best {
                    Some(best) if best.fit >= next.fit => Some(best),
                    _ => Some(next),
                },
            );
            match best {
                Some(dimension) => {
                    self.base.explain_by(&dimension.words, dimension.field);
                    found.push(dimension.field);
                }
                None => self.base.against += UNMET,
            }
        }
        for field in found {
            // Different people share a name; a card that tells them apart is better.
            let people = field.own.last().is_some_and(|stem| stem == "name");
            if people {
                self.base.against += SHARED_NAMES;
            }
            // The best of those that are known: no value is no answer to `which`.
            if question.top.is_some() {
                self.filters
                    .push(json!({"dimension": field.name, "operation": "is-not-null"}));
            }
            let group = json!({"dimension": field.name});
            if !self.group_by.contains(&group) {
                self.group_by.push(group);
            }
        }
    }

    fn values(&mut self, asked: QuestionContext<'_>, profile: &Profile) {
        let taken: Vec<usize> = self.base.explained.iter().copied().collect();
        // A word of the entry's own name or filters is not a filter on top.
        let own = |stem: &str| profile.name.iter().any(|name| name == stem);
        let mut filters: Vec<(&str, &str, Vec<Value>)> = Vec::new();
        for found in values_in(asked.question, &profile.fields, &taken, own) {
            self.base.explain_by(&found.words, found.field);
            if found.unsure {
                let words = found.words.iter().filter_map(|at| asked.question.words.get(*at));
                self.base
                    .not_told_apart
                    .extend(words.map(|word| word.text.clone()));
            }
            if contradicts(profile, &found) {
                self.base.against += 2.0 * UNMET;
            }
            let operation = if found.without { "not-equals" } else { "equals" };
            let same = filters
                .iter_mut()
                .find(|(name, other, _)| *name == found.field.name && *other == operation);
            match same {
                Some((_, _, values)) => values.push(found.value.clone()),
                None => filters.push((&found.field.name, operation, vec![found.value.clone()])),
            }
        }
        for (name, operation, values) in filters {
            let words: Vec<String> = values.iter().map(text).collect();
            let is = if operation == "equals" { "is" } else { "is not" };
            self.base.said.push(format!("{name} {is} {}", words.join(" or ")));
            // `Widgets and Gadgets` side by side are told apart.
            let group = json!({"dimension": name});
            if values.len() > 1 && operation == "equals" && self.group_by.is_empty() {
                self.group_by.push(group);
            }
            self.filters
                .push(json!({"dimension": name, "operation": operation, "values": values}));
        }
    }

    fn comparisons(&mut self, asked: QuestionContext<'_>, profile: &Profile) {
        for compare in &asked.question.compare {
            let near = [
                compare.at + 1,
                compare.at.saturating_sub(3),
                compare.at.saturating_sub(4),
            ];
            let numeric =
                |field: &&EntryField| matches!(field.kind, ColumnKind::Integer | ColumnKind::Number);
            let named = near
                .iter()
                .filter_map(|at| named_at(asked.question, *at, profile, asked.index))
                .find(|found| numeric(&found.field));
            let amount = profile.fields.iter().filter(numeric).find(|field| {
                field.owner.is_empty() && matches!(field.name.to_lowercase().as_str(), "total" | "amount")
            });
            let field = match &named {
                Some(found) => {
                    self.base.explain_by(&found.words, found.field);
                    Some(found.field)
                }
                None => amount,
            };
            match field {
                Some(field) => {
                    self.base.said.push(format!(
                        "{} {} {}",
                        field.name,
                        compare.operation.replace('-', " "),
                        compare.number
                    ));
                    self.filters.push(json!({
                        "dimension": field.name, "operation": compare.operation, "values": [compare.number],
                    }));
                }
                None => self.base.against += UNMET,
            }
        }
    }

    /// Says what is left out where the metric can be had only as it is saved.
    fn hold_to(&mut self, saved: &[SavedGroup], question: &ParsedQuestion) {
        let saved: Vec<Value> = saved
            .iter()
            .map(|group| match &group.granularity {
                Some(unit) => json!({"dimension": group.dimension, "granularity": unit}),
                None => json!({"dimension": group.dimension}),
            })
            .collect();
        let left_out = &mut self.base.not_told_apart;
        if !self.filters.is_empty() {
            left_out.push(
                question
                    .period()
                    .map_or_else(|| "a filter".to_owned(), period_words),
            );
        }
        if let Some(other) = self.group_by.iter().find(|group| !saved.contains(group)) {
            let mut words = ["granularity", "dimension"].into_iter();
            let word = words.find_map(|key| other.get(key).and_then(Value::as_str));
            left_out.extend(word.map(str::to_owned));
        } else if saved.len() > self.group_by.len() {
            left_out.push("one figure in all".to_owned());
        }
    }

    fn arguments(&self) -> Map<String, Value> {
        let mut arguments = Map::new();
        if !self.group_by.is_empty() {
            arguments.insert("group_by".to_owned(), json!(self.group_by));
        }
        if !self.filters.is_empty() {
            arguments.insert("filters".to_owned(), json!(self.filters));
        }
        arguments
    }
}

/// Whether `per` asks to divide by a column rather than to group by it: one of counts, such as `passengers`.
fn divides(question: &ParsedQuestion, at: usize, field: &EntryField) -> bool {
    let before = at.checked_sub(1).and_then(|before| question.words.get(before));
    let counts = matches!(field.kind, ColumnKind::Integer | ColumnKind::Number);
    before.is_some_and(|word| word.text == "per") && counts && field.name.ends_with('s')
}

/// Where the name of a metric stands among the words, once: `by average rating` says what the best are best at, and
/// nothing of groups.
fn measured(asked: QuestionContext<'_>, profile: &Profile) -> Vec<usize> {
    let length = profile.name.len();
    if length == 0 || !matches!(profile.entry, Entry::Metric(_)) {
        return Vec::new();
    }
    let named = asked.question.words.windows(length).position(|window| {
        let said = |stem: &String| window.iter().any(|word| !word.used && word.stem == *stem);
        profile.name.iter().all(said)
    });
    named.map_or_else(Vec::new, |at| (at..at + length).collect())
}

/// Whether a filter built into the entry leaves nothing, or nothing else, of what is asked for.
fn contradicts(profile: &Profile, found: &ValueMatch<'_>) -> bool {
    let field = &found.field.own;
    profile.built_in.iter().any(|filter| {
        let same_field = filter.starts_with(field) && !field.is_empty();
        let named = found.stems.iter().all(|stem| filter.contains(stem));
        same_field && !named
    })
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn order(greatest: bool) -> &'static str {
    if greatest { "desc" } else { "asc" }
}

/// The call that asks a metric.
pub(super) fn metric(
    asked: QuestionContext<'_>,
    profile: &Profile,
    entry: &MetricEntry,
    rank: f64,
) -> Option<Proposal> {
    let mut draft = GroupedDraft::read(asked, profile);
    // A metric is made to be asked.
    let mismatch =
        score::mismatch(asked.question, profile.computes) + score::miscount(asked.question, profile);
    let against = draft.base.against + mismatch - 0.05;
    let mut arguments = draft.arguments();
    arguments.insert("metric_id".to_owned(), json!(entry.id));
    if let Some(top) = asked.question.top.filter(|_| !draft.group_by.is_empty()) {
        arguments.insert("order".to_owned(), json!(order(top.greatest)));
        arguments.insert("limit".to_owned(), json!(top.count));
    }
    draft.base.keep.top = asked.question.top;
    if let Some(saved) = &entry.only_as_saved {
        draft.hold_to(saved, asked.question);
    }
    let call = ProposedCall {
        tool: "query_metric",
        arguments: Value::Object(arguments),
        name: &entry.name,
        kind: "metric",
        built_in: &entry.built_in_filters,
        missing: Vec::new(),
    };
    draft.base.finish(asked, profile, (rank, against), call)
}

/// The call that asks a table: a measure the question names, the mean or sum of a field it names, or a count of rows.
pub(super) fn table(
    asked: QuestionContext<'_>,
    profile: &Profile,
    entry: &TableEntry,
    rank: f64,
) -> Option<Proposal> {
    let question = asked.question;
    let mut draft = GroupedDraft::read(asked, profile);
    let (mut aggregation, computes) = aggregation(asked, profile, &mut draft)?;
    // Whoever curated a metric or card for it knew better what counts.
    let against = draft.base.against + score::mismatch(question, computes) + 0.05;
    let mut arguments = draft.arguments();
    arguments.insert("table_id".to_owned(), json!(entry.id));
    if let Some(top) = question.top.filter(|_| !draft.group_by.is_empty()) {
        if let Some(object) = aggregation.as_object_mut() {
            object.insert("order".to_owned(), json!(order(top.greatest)));
        }
        arguments.insert("limit".to_owned(), json!(top.count));
    }
    arguments.insert("aggregations".to_owned(), json!([aggregation]));
    draft.base.keep.top = question.top;
    let call = ProposedCall {
        tool: "query_table",
        arguments: Value::Object(arguments),
        name: &entry.label,
        kind: "table",
        built_in: &[],
        missing: Vec::new(),
    };
    draft.base.finish(asked, profile, (rank, against), call)
}

fn aggregation(
    asked: QuestionContext<'_>,
    profile: &Profile,
    draft: &mut GroupedDraft,
) -> Option<(Value, Computes)> {
    let question = asked.question;
    let says = |stem: &String| question.subjects().any(|(_, word)| word.stem == *stem);
    if let Some(measure) = profile
        .measures
        .iter()
        .find(|measure| !measure.stems.is_empty() && measure.stems.iter().all(says))
    {
        let words: Vec<usize> = question
            .subjects()
            .filter(|(_, word)| measure.stems.contains(&word.stem))
            .map(|(at, _)| at)
            .collect();
        draft.base.explain(&words);
        return Some((json!({"measure": measure.name}), Computes::Unknown));
    }
    let field = question
        .subjects()
        .filter(|(at, _)| !draft.base.explained.contains(at))
        .filter_map(|(at, _)| named_at(question, at, profile, asked.index))
        .find(|found| matches!(found.field.kind, ColumnKind::Integer | ColumnKind::Number));
    let mean: Vec<usize> = (0..question.words.len())
        .filter(|at| {
            question
                .words
                .get(*at)
                .is_some_and(|word| lexicon::MEAN.contains(&word.text.as_str()))
        })
        .collect();
    match field {
        // Ratings, ages and prices are not added up unless somebody says so.
        Some(found) if !mean.is_empty() || question.says(lexicon::SUMMED) => {
            draft.base.explain(&found.words);
            draft.base.explain(&mean);
            let (function, computes) = if mean.is_empty() {
                ("sum", Computes::Sum)
            } else {
                ("avg", Computes::Mean)
            };
            Some((json!({"function": function, "field": found.field.name}), computes))
        }
        None if question.counts && counts_rows(question, profile) => {
            Some((json!({"function": "count"}), Computes::Count))
        }
        _ => None,
    }
}

/// Whether `how many` asks for rows of the table: what it counts is what the table is called, to its last word.
fn counts_rows(question: &ParsedQuestion, profile: &Profile) -> bool {
    let counted = question.subjects().next().map(|(at, _)| at);
    let run = question.words.iter().skip(counted.unwrap_or_default());
    let mut run = run.take_while(|word| !lexicon::is_filler(&word.text));
    let head = profile.name.last();
    counted.is_some() && run.any(|word| Some(&word.stem) == head)
}
