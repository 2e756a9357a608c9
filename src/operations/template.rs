//! Templates of paths: how a request's path is read, and how one is made.

use std::collections::BTreeMap;

/// Longest segment that a parameter stands for.
const MAX_ID: usize = 64;
/// Longest rest of a path that a parameter stands for, and the longest segment in it.
const MAX_REST: usize = 512;
const MAX_REST_SEGMENT: usize = 128;

/// What stands in a segment of a template.
enum TemplateSegment {
    Literal,
    Id(&'static str),
    Rest(&'static str),
}

fn part(segment: &'static str) -> TemplateSegment {
    let inner = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    match inner {
        None => TemplateSegment::Literal,
        Some(name) => name
            .strip_suffix("...")
            .map_or(TemplateSegment::Id(name), TemplateSegment::Rest),
    }
}

/// The parameters of a path, if it fits the template. The path is taken as it is sent: an escape, a dot segment, an empty
/// segment or another letter case fits nothing.
pub fn path_parameters(template: &'static str, path: &str) -> Option<BTreeMap<&'static str, String>> {
    let mut found = BTreeMap::new();
    let mut segments = path.split('/');
    for expected in template.split('/') {
        match part(expected) {
            TemplateSegment::Literal if segments.next()? == expected => {}
            TemplateSegment::Literal => return None,
            TemplateSegment::Id(name) => {
                let id = segments.next().filter(|segment| is_id(segment))?;
                found.insert(name, id.to_owned());
            }
            TemplateSegment::Rest(name) => {
                let rest: Vec<&str> = segments.by_ref().collect();
                let rest = is_rest(&rest).then(|| rest.join("/"))?;
                found.insert(name, rest);
            }
        }
    }
    segments.next().is_none().then_some(found)
}

/// The path that a template makes of these parameters; `None` when one is missing or is not what it may stand for.
pub fn build_path(template: &'static str, parameters: &[(&str, &str)]) -> Option<String> {
    let value = |name: &str| {
        let found = parameters.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| *value)
    };
    let mut path = Vec::new();
    for segment in template.split('/') {
        path.push(match part(segment) {
            TemplateSegment::Literal => segment,
            TemplateSegment::Id(name) | TemplateSegment::Rest(name) => value(name)?,
        });
    }
    let path = path.join("/");
    path_parameters(template, &path).map(|_| path)
}

/// Names of a template's parameters, in order.
pub fn parameter_names(template: &'static str) -> Vec<&'static str> {
    let named = template.split('/').filter_map(|segment| match part(segment) {
        TemplateSegment::Literal => None,
        TemplateSegment::Id(name) | TemplateSegment::Rest(name) => Some(name),
    });
    named.collect()
}

/// No dots, no escapes, nothing empty: what a server decodes or resolves into something else is not an id.
fn is_id(segment: &str) -> bool {
    (1..=MAX_ID).contains(&segment.len())
        && segment
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// A path of a file below a folder: plain names, none of which begins with a dot.
fn is_rest(segments: &[&str]) -> bool {
    let length: usize = segments.iter().map(|segment| segment.len() + 1).sum();
    !segments.is_empty()
        && length <= MAX_REST
        && segments.iter().all(|segment| {
            (1..=MAX_REST_SEGMENT).contains(&segment.len())
                && !segment.starts_with('.')
                && segment
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        })
}
