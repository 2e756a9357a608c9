//! What a question in SQL computes, where that can be read without knowing SQL: one aggregate over one column of one table.
//!
//! It is read to compare definitions, and what is not read for sure is left alone: a query with a join, a union, a subquery, a `case` or
//! several aggregates says nothing here. Conditions with parameters are not part of the definition, because they are optional or
//! given by whoever asks.

use super::definition::Definition;

/// Words that make a query more than one aggregate over one table.
const DIFFICULT: [&str; 7] = ["join", "union", "case", "with", "having", "over", "or"];
const AGGREGATES: [(&str, &str); 5] = [
    ("sum", "sum"),
    ("avg", "average"),
    ("count", "count"),
    ("min", "least value"),
    ("max", "greatest value"),
];
/// Words that end a list of conditions.
const AFTER_WHERE: [&str; 4] = ["group", "order", "limit", "offset"];

#[derive(Debug, Clone, PartialEq)]
enum SqlToken {
    /// A word, a number or a sign, in small letters; a name in quotes without them.
    Word(String),
    /// A text, with its quotes.
    Literal(String),
}

impl SqlToken {
    fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if own == word)
    }

    fn text(&self) -> &str {
        match self {
            Self::Word(text) | Self::Literal(text) => text,
        }
    }
}

/// The definition; `None` for what is more than this reads.
pub(super) fn definition(sql: &str) -> Option<Definition> {
    let tokens = tokens(&without_options(sql)?)?;
    let difficult = |token: &SqlToken| DIFFICULT.iter().any(|word| token.is(word));
    let selects = tokens.iter().filter(|token| token.is("select")).count();
    if selects != 1 || tokens.iter().any(difficult) {
        return None;
    }
    let mut calls = Vec::new();
    for (at, pair) in tokens.windows(2).enumerate() {
        let [name, open] = pair else { continue };
        let known = AGGREGATES.iter().find(|(sql, _)| name.is(sql));
        if let Some((_, words)) = known.filter(|_| open.is("(")) {
            calls.push((at, *words));
        }
    }
    let [(at, words)] = calls.as_slice() else {
        return None;
    };
    let inside: Vec<&SqlToken> = tokens
        .iter()
        .skip(at + 2)
        .take_while(|token| !token.is(")"))
        .collect();
    let computes = match inside.as_slice() {
        [all] if all.is("*") && *words == "count" => "count of rows".to_owned(),
        [distinct, column] if distinct.is("distinct") && *words == "count" => {
            format!("number of distinct values of {}", column_name(column)?)
        }
        [column] => format!("{words} of {}", column_name(column)?),
        _ => return None,
    };
    let after = tokens.iter().skip_while(|token| !token.is("where")).skip(1);
    let conditions: Vec<&SqlToken> = after
        .take_while(|token| !AFTER_WHERE.iter().any(|word| token.is(word)) && !token.is(";"))
        .collect();
    let mut filters = Vec::new();
    for condition in conditions.split(|token| token.is("and")) {
        let text: Vec<&str> = condition.iter().map(|token| token.text()).collect();
        let [first, rest @ ..] = text.as_slice() else {
            continue;
        };
        if text.iter().any(|text| text.contains("{{")) {
            continue;
        }
        let column = first.rsplit('.').next().unwrap_or(first);
        filters.push(format!("{column} {}", rest.join(" ")));
    }
    Some(Definition {
        computes: Some(computes),
        filters,
    })
}

/// `total` of `o.total`; `None` for what is not a name.
fn column_name(token: &SqlToken) -> Option<&str> {
    let SqlToken::Word(text) = token else { return None };
    let name = text.rsplit('.').next().unwrap_or(text);
    let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.is_empty();
    is_name.then_some(name)
}

/// The query without the parts in `[[…]]`; `None` when one does not end.
fn without_options(sql: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once("[[") {
        out.push_str(before);
        out.push(' ');
        rest = after.split_once("]]")?.1;
    }
    out.push_str(rest);
    Some(out)
}

/// The tokens of a query; `None` when a text or a comment does not end.
fn tokens(sql: &str) -> Option<Vec<SqlToken>> {
    let mut found = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            _ if first.is_whitespace() => (None, rest.strip_prefix(first)?),
            '-' if rest.starts_with("--") => (None, rest.split_once('\n').map_or("", |(_, after)| after)),
            '/' if rest.starts_with("/*") => (None, rest.split_once("*/")?.1),
            '{' if rest.starts_with("{{") => {
                let (parameter, after) = rest.split_once("}}")?;
                (Some(SqlToken::Word(format!("{parameter}}}}}"))), after)
            }
            '\'' => {
                let (text, after) = rest.strip_prefix('\'')?.split_once('\'')?;
                (Some(SqlToken::Literal(format!("'{text}'"))), after)
            }
            '"' | '`' => {
                let (name, after) = rest.strip_prefix(first)?.split_once(first)?;
                (Some(SqlToken::Word(name.to_lowercase())), after)
            }
            _ if first.is_alphanumeric() || first == '_' => {
                let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
                let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                (Some(SqlToken::Word(word.to_lowercase())), after)
            }
            _ => {
                let signs = ["<>", "!=", ">=", "<="];
                let sign = signs.into_iter().find(|sign| rest.starts_with(sign));
                let length = sign.map_or(first.len_utf8(), str::len);
                let (sign, after) = rest.split_at(length);
                (Some(SqlToken::Word(sign.to_owned())), after)
            }
        };
        found.extend(token);
        rest = after;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sql: &str) -> Option<(String, Vec<String>)> {
        definition(sql).map(|found| (found.computes.unwrap(), found.filters))
    }

    #[test]
    fn one_aggregate_over_one_table_is_read() {
        let found = read(
            "SELECT date_trunc('month', o.created_at), SUM(o.total) AS revenue -- net\nFROM orders o\nWHERE o.status = 'completed' AND \
             {{created}} [[AND o.channel = {{channel}}]]\nGROUP BY 1 ORDER BY 1",
        );
        assert_eq!(
            found,
            Some(("sum of total".to_owned(), vec!["status = 'completed'".to_owned()]))
        );
        let distinct = read("select count(distinct \"Customer_ID\") from orders");
        assert_eq!(
            distinct,
            Some(("number of distinct values of customer_id".to_owned(), Vec::new()))
        );
        let rows = read("select count(*) from accounts where canceled_at is null;");
        assert_eq!(
            rows,
            Some(("count of rows".to_owned(), vec!["canceled_at is null".to_owned()]))
        );
    }

    #[test]
    fn what_is_more_than_that_is_left_alone() {
        for sql in [
            "select sum(a), count(*) from orders",
            "select sum(case when x then 1 end) from orders",
            "select sum(total) from orders join customers on 1 = 1",
            "with o as (select 1) select sum(total) from o",
            "select sum(total * 2) from orders",
            "select sum(total) from (select * from orders)",
            "select sum(total) from orders where a = 1 or b = 2",
            "select 'unfinished",
            "select id from orders",
        ] {
            assert_eq!(read(sql), None, "{sql}");
        }
    }
}
