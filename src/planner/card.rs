//! Calls of `run_card`.

use serde_json::{Map, Value, json};

use super::dimension::{group_at, named_at, values_in};
use super::lexicon;
use super::profile::{EntryField, Profile};
use super::proposal::{
    Proposal, ProposalDraft, ProposedCall, QuestionContext, RowSelection, UNMET, period_words,
};
use super::question::ParsedQuestion;
use super::score;
use super::time::{AskedPeriod, PeriodUnit};
use crate::catalog::{CardEntry, Parameter};
use crate::result::ColumnKind;

/// What is taken off when the card tells things apart that nobody asked to tell apart.
const TOO_FINE: f64 = 0.12;

/// What a question comes to for one card.
struct CardDraft {
    parameters: Map<String, Value>,
    base: ProposalDraft,
}

/// The call that runs a card.
pub(super) fn propose(
    asked: QuestionContext<'_>,
    profile: &Profile,
    card: &CardEntry,
    rank: f64,
) -> Option<Proposal> {
    let question = asked.question;
    let mut draft = CardDraft {
        parameters: Map::new(),
        base: ProposalDraft {
            keep: RowSelection {
                top: question.top,
                wanted: wanted_columns(asked, profile),
                ..RowSelection::default()
            },
            ..ProposalDraft::default()
        },
    };
    values(&mut draft, asked, profile);
    period(&mut draft, asked, profile, card);
    grain(&mut draft, asked, profile, card);
    if let (Some(top), Some(parameter)) = (question.top, card.parameters.iter().find(|p| is_limit(p))) {
        draft.parameters.insert(parameter.slug.clone(), json!(top.count));
    }
    if !question.compare.is_empty() {
        numbers(&mut draft, asked, profile);
    }
    defaults(&mut draft, card);
    let against = draft.base.against + score::mismatch(question, profile.computes);
    let missing = card.parameters.iter().filter(|parameter| {
        parameter.required && parameter.default.is_none() && !draft.parameters.contains_key(&parameter.slug)
    });
    let missing = missing.map(|parameter| parameter.name.clone()).collect();
    let mut arguments = json!({"card_id": card.id});
    if let (Some(object), false) = (arguments.as_object_mut(), draft.parameters.is_empty()) {
        object.insert("parameters".to_owned(), Value::Object(draft.parameters));
    }
    let call = ProposedCall {
        tool: "run_card",
        arguments,
        name: &card.name,
        kind: "card",
        built_in: &[],
        missing,
    };
    draft.base.finish(asked, profile, (rank, against), call)
}

/// Numeric columns whose names the question says, best first.
fn wanted_columns(asked: QuestionContext<'_>, profile: &Profile) -> Vec<String> {
    let mut scored: Vec<(usize, &EntryField)> = profile
        .fields
        .iter()
        .filter(|field| {
            let number = matches!(field.kind, ColumnKind::Integer | ColumnKind::Number);
            number && field.unit.is_none() && !field.is_identifier()
        })
        .map(|field| {
            let says = |stem: &String| {
                asked.question.subjects().any(|(_, word)| {
                    word.stem == *stem || asked.index.likes_of(&word.stem).any(|like| like == stem)
                })
            };
            (field.own.iter().filter(|stem| says(stem)).count(), field)
        })
        .filter(|(hits, _)| *hits > 0)
        .collect();
    scored.sort_by_key(|(hits, _)| std::cmp::Reverse(*hits));
    scored.into_iter().map(|(_, field)| field.name.clone()).collect()
}

fn is_limit(parameter: &Parameter) -> bool {
    let slug = parameter.slug.to_lowercase();
    parameter.kind.starts_with("number")
        && ["limit", "top", "rows", "n"]
            .iter()
            .any(|word| slug.split('_').any(|part| part == *word))
}

fn values(draft: &mut CardDraft, asked: QuestionContext<'_>, profile: &Profile) {
    for found in values_in(asked.question, &profile.parameters, &[], |_| false) {
        // A parameter takes one value: a second one has no place.
        if draft.parameters.contains_key(&found.field.name) {
            continue;
        }
        draft.base.explain(&found.words);
        draft
            .parameters
            .insert(found.field.name.clone(), found.value.clone());
        let text = found
            .value
            .as_str()
            .map_or_else(|| found.value.to_string(), str::to_owned);
        draft.base.said.push(format!("{} is {text}", found.field.name));
    }
}

/// The period, through a parameter for it or by keeping rows of a time column.
fn period(draft: &mut CardDraft, asked: QuestionContext<'_>, profile: &Profile, card: &CardEntry) {
    let Some(period) = asked.question.period() else {
        return;
    };
    let mut filled = false;
    for parameter in &card.parameters {
        if let Some(value) = period_value(parameter, period) {
            draft.parameters.insert(parameter.slug.clone(), value);
            filled = true;
        }
    }
    if !filled {
        let Some(column) = profile.fields.iter().find(|field| field.is_time()) else {
            draft.base.against += UNMET;
            return;
        };
        draft.base.keep.period = Some((column.name.clone(), period));
    }
    draft.base.said.push(period_words(period));
}

/// The value that makes a parameter mean the period; `None` when it is about something else.
fn period_value(parameter: &Parameter, period: AskedPeriod) -> Option<Value> {
    let (from, to) = (period.from, period.to);
    let last = to.and_then(|day| day.yesterday().ok());
    let slug = parameter.slug.to_lowercase();
    let says = |any: &[&str]| slug.split(['_', '-', ' ']).any(|part| any.contains(&part));
    let text = match parameter.kind.as_str() {
        "date/single" | "date" if says(&["start", "from", "since", "after", "begin"]) => from?.to_string(),
        "date/single" | "date" if says(&["end", "to", "until", "before"]) => last?.to_string(),
        "date/single" | "date" => return None,
        "date/month-year" if period.unit == PeriodUnit::Month => from?.strftime("%Y-%m").to_string(),
        "date/quarter-year" if period.unit == PeriodUnit::Quarter => {
            let from = from?;
            format!("Q{}-{}", (from.month() - 1) / 3 + 1, from.year())
        }
        kind if kind.starts_with("date/range") || kind == "date/all-options" => match (from, last) {
            (Some(from), Some(last)) => format!("{from}~{last}"),
            (Some(from), None) => format!("{from}~"),
            (None, Some(last)) => format!("~{last}"),
            (None, None) => return None,
        },
        kind if kind.starts_with("number") && says(&["year"]) && period.unit == PeriodUnit::Year => {
            return Some(json!(from?.year()));
        }
        kind if kind.starts_with("string") || matches!(kind, "category" | "text") => match period.unit {
            PeriodUnit::Month if says(&["month"]) && one(period) => from?.strftime("%Y-%m").to_string(),
            PeriodUnit::Year if says(&["year"]) && one(period) => from?.year().to_string(),
            _ => return None,
        },
        _ => return None,
    };
    Some(Value::String(text))
}

/// Whether the period is exactly one of its unit.
fn one(period: AskedPeriod) -> bool {
    period.from.is_some_and(|from| {
        period.to.is_some_and(|to| {
            period.unit.start(to) == to && period.unit.start(from.max(to.yesterday().unwrap_or(to))) == from
        })
    })
}

/// Says which defaults narrow the card although nobody asked for it.
fn defaults(draft: &mut CardDraft, card: &CardEntry) {
    for parameter in &card.parameters {
        if let (Some(default), false) = (&parameter.default, draft.parameters.contains_key(&parameter.slug)) {
            let value = default
                .as_str()
                .map_or_else(|| default.to_string(), str::to_owned);
            draft
                .base
                .said
                .push(format!("{} {value} by default", parameter.name));
        }
    }
}

/// Whether the rows are for each of what was asked, no finer and no coarser.
fn grain(draft: &mut CardDraft, asked: QuestionContext<'_>, profile: &Profile, card: &CardEntry) {
    let question = asked.question;
    let time = profile.fields.iter().find(|field| field.is_time());
    let mut asked_time = false;
    if let Some(unit) = question.each {
        asked_time = true;
        let parameter = card
            .parameters
            .iter()
            .find(|parameter| parameter.kind == "temporal-unit");
        match (parameter, time) {
            (Some(parameter), _) => {
                draft
                    .parameters
                    .insert(parameter.slug.clone(), json!(unit.name()));
            }
            (None, Some(field)) if in_unit(field, unit, profile) && is_meant(field, unit, asked, profile) => {
            }
            _ => {
                draft.base.against += UNMET;
                draft.base.not_told_apart.push(unit.name().to_owned());
            }
        }
    }
    if question.weekday && !profile.fields.iter().any(is_weekday) {
        draft.base.not_told_apart.push("day of the week".to_owned());
    }
    let mut grouped: Vec<&str> = Vec::new();
    let mut told_apart: Option<String> = None;
    for at in question
        .groups
        .iter()
        .filter(|at| !draft.base.explained.contains(at))
        .copied()
        .collect::<Vec<_>>()
    {
        if let Some(found) = group_at(question, at, profile, asked.index) {
            draft.base.explain(&found.words);
            grouped.push(&found.field.name);
            let word = found.words.first().and_then(|at| question.words.get(*at));
            let is_text = found.field.kind == ColumnKind::Text;
            told_apart = told_apart.or(word.filter(|_| is_text).map(|word| word.text.clone()));
        } else if let Some(word) = not_told_apart(asked, profile, at) {
            draft.base.not_told_apart.push(word);
        }
    }
    // Rows are for each of what their first text names.
    let row = profile.fields.iter().find(|field| is_label(field));
    let of_another = match told_apart {
        Some(word) => row
            .filter(|row| !grouped.contains(&row.name.as_str()))
            .map(|_| word),
        None => best_of_another(asked, profile, row),
    };
    draft.base.not_told_apart.extend(of_another);
    let texts = profile
        .fields
        .iter()
        .filter(|field| field.kind == ColumnKind::Text && field.unit.is_none());
    let fine = texts
        .filter(|field| !grouped.contains(&field.name.as_str()))
        .count();
    let filtered = !draft.parameters.is_empty();
    let listed = question.says(&["list", "which", "who", "show", "details"]);
    if fine > 0 && !listed && question.top.is_none() && grouped.is_empty() && !filtered {
        too_fine(draft, question);
    }
    if time.is_some() && !asked_time && draft.base.keep.period.is_none() {
        too_fine(draft, question);
    }
    // The rows of several months are not the one figure of their year.
    if let (Some((_, period)), Some(field), false) = (&draft.base.keep.period, time, asked_time)
        && !in_unit(field, period.unit, profile)
    {
        too_fine(draft, question);
    }
}

/// Notes that the rows tell apart what nobody asked to tell apart. The parts of a sum are still in them; the mean of all is not in
/// the means of parts.
fn too_fine(draft: &mut CardDraft, question: &ParsedQuestion) {
    let means = |text: &str| lexicon::MEAN.contains(&text);
    match question.words.iter().find(|word| means(&word.text)) {
        Some(word) => draft.base.not_told_apart.push(word.text.clone()),
        None => draft.base.against += TOO_FINE,
    }
}

/// The word at this place, if it says for each of what and the card neither has such a column nor is named after it. That
/// its description speaks of it brings no row for each.
fn not_told_apart(asked: QuestionContext<'_>, profile: &Profile, at: usize) -> Option<String> {
    let question = asked.question;
    let after_by = at.checked_sub(1).and_then(|before| question.words.get(before));
    let word = question.words.get(at).filter(|word| !word.used)?;
    let asks = after_by.is_some_and(|before| matches!(before.text.as_str(), "by" | "per" | "each" | "every"));
    let named =
        |stem: &String| *stem == word.stem || asked.index.likes_of(&word.stem).any(|like| like == stem);
    // A parameter narrows the rows and brings none for each.
    let spoken_of = profile.name.iter().any(named)
        || profile
            .fields
            .iter()
            .flat_map(|field| field.own.iter().chain(&field.label))
            .any(named);
    (asks && !spoken_of && !lexicon::is_filler(&word.text)).then(|| word.text.clone())
}

/// Whether a column says what a row is about.
fn is_label(field: &EntryField) -> bool {
    field.kind == ColumnKind::Text && field.unit.is_none()
}

/// The word that says what the best are wanted of, if the rows are for each of something else: the three best vendors are
/// not in a list of products that names the vendor of each.
fn best_of_another(
    asked: QuestionContext<'_>,
    profile: &Profile,
    row: Option<&EntryField>,
) -> Option<String> {
    let question = asked.question;
    question.top?;
    let row = row?;
    let named = question.subjects().find_map(|(at, word)| {
        let found = named_at(question, at, profile, asked.index)?;
        (is_label(found.field) && found.fit >= 0.9).then_some((found.field, word))
    });
    let (field, word) = named?;
    (field.name != row.name && !profile.name.contains(&word.stem)).then(|| word.text.clone())
}

/// Whether a column that only its name makes a time is the time that is asked for: the year of a sign-up is not that of an
/// order.
fn is_meant(field: &EntryField, unit: PeriodUnit, asked: QuestionContext<'_>, profile: &Profile) -> bool {
    const OF_NOTHING: [&str; 6] = ["of", "the", "start", "date", "calendar", "at"];
    if matches!(field.kind, ColumnKind::Date | ColumnKind::Datetime) {
        return true;
    }
    field.own.iter().all(|stem| {
        let said = asked.question.words.iter().any(|word| word.stem == *stem);
        stem == unit.name() || OF_NOTHING.contains(&stem.as_str()) || said || profile.name.contains(stem)
    })
}

/// Whether a column holds days of the week.
fn is_weekday(field: &EntryField) -> bool {
    let says = |wanted: &str| field.own.iter().chain(&field.label).any(|stem| stem == wanted);
    field.unit.as_deref() == Some("day-of-week") || says("weekday") || (says("day") && says("week"))
}

fn in_unit(field: &EntryField, unit: PeriodUnit, profile: &Profile) -> bool {
    if let Some(bucket) = &field.unit {
        return bucket == unit.name();
    }
    let adjective = format!("{}li", unit.name());
    let says = |known: &String| known == unit.name() || *known == adjective;
    field.own.iter().chain(&profile.name).any(says)
}

/// Numbers after `over`, `at least`, for a parameter of that name.
fn numbers(draft: &mut CardDraft, asked: QuestionContext<'_>, profile: &Profile) {
    for compare in &asked.question.compare {
        let parameter = profile.parameters.iter().find(|parameter| {
            let bound = if compare.operation.starts_with("greater") {
                "min"
            } else {
                "max"
            };
            parameter.kind == ColumnKind::Number && parameter.name.to_lowercase().contains(bound)
        });
        match parameter {
            Some(parameter) => {
                draft
                    .parameters
                    .insert(parameter.name.clone(), json!(compare.number));
                draft
                    .base
                    .said
                    .push(format!("{} is {}", parameter.name, compare.number));
            }
            None => draft.base.against += UNMET,
        }
    }
}
