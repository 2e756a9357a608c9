/// A piece of SQL with template tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TemplatePart {
    Text(String),
    /// `{{name}}`.
    Tag(String),
    /// `[[...]]`: left out when a tag in it has no value.
    Optional(Vec<TemplatePart>),
}

/// Takes SQL apart. Brackets that do not close are text.
pub(super) fn parse(sql: &str) -> Vec<TemplatePart> {
    let mut pieces = Vec::new();
    let mut rest = sql;
    while let Some(at) = next_mark(rest) {
        let (before, from) = rest.split_at(at);
        let optional = from.starts_with("[[");
        let (open, close) = if optional { ("[[", "]]") } else { ("{{", "}}") };
        let Some((inner, after)) = from.strip_prefix(open).and_then(|inner| inner.split_once(close)) else {
            break;
        };
        push_text(&mut pieces, before);
        pieces.push(if optional {
            TemplatePart::Optional(parse(inner))
        } else {
            TemplatePart::Tag(inner.trim().to_owned())
        });
        rest = after;
    }
    push_text(&mut pieces, rest);
    pieces
}

fn next_mark(sql: &str) -> Option<usize> {
    [sql.find("{{"), sql.find("[[")].into_iter().flatten().min()
}

fn push_text(pieces: &mut Vec<TemplatePart>, text: &str) {
    if !text.is_empty() {
        pieces.push(TemplatePart::Text(text.to_owned()));
    }
}

/// The names of all tags in SQL, in order of appearance, each once.
pub(crate) fn tag_names(sql: &str) -> Vec<String> {
    fn collect(pieces: Vec<TemplatePart>, names: &mut Vec<String>) {
        for piece in pieces {
            match piece {
                TemplatePart::Tag(name) if !names.contains(&name) => names.push(name),
                TemplatePart::Optional(inner) => collect(inner, names),
                TemplatePart::Tag(_) | TemplatePart::Text(_) => {}
            }
        }
    }
    let mut names = Vec::new();
    collect(parse(sql), &mut names);
    names
}
