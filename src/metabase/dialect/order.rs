//! Order and limit of a metric's rows, which the Agent API does not take: applied to the whole result, before
//! anything is cut for the model.

use std::cmp::Ordering;

use crate::metabase::{Direction, MetricQuery};
use crate::result::Cell;

/// Orders `rows` by the cell at `column`, empty cells last, rows that are equal in the server's order; then keeps
/// the first `query.limit`. Gives whether the first row that is left out is equal to the last one kept.
pub(super) fn apply(rows: &mut Vec<Vec<Cell>>, column: usize, query: &MetricQuery) -> bool {
    if let Some(direction) = query.order_by {
        rows.sort_by(|left, right| match (left.get(column), right.get(column)) {
            (Some(left), Some(right)) => compare(left, right, direction),
            _ => Ordering::Equal,
        });
    }
    let Some(limit) = query.limit else { return false };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let tied = query.order_by.is_some() && ties_at(rows, &[column], limit);
    rows.truncate(limit);
    tied
}

/// Whether the last of the first `limit` rows and the row after it are equal in these columns.
pub(super) fn ties_at(rows: &[Vec<Cell>], columns: &[usize], limit: usize) -> bool {
    let last = limit.checked_sub(1).and_then(|at| rows.get(at));
    let Some((last, next)) = last.zip(rows.get(limit)) else {
        return false;
    };
    columns.iter().all(|at| {
        let cells = last.get(*at).zip(next.get(*at));
        cells.is_some_and(|(one, other)| compare(one, other, Direction::Asc).is_eq())
    })
}

fn compare(left: &Cell, right: &Cell, direction: Direction) -> Ordering {
    let ordering = match (left, right) {
        (Cell::Null, Cell::Null) => return Ordering::Equal,
        (Cell::Null, _) => return Ordering::Greater,
        (_, Cell::Null) => return Ordering::Less,
        (Cell::Bool(left), Cell::Bool(right)) => left.cmp(right),
        _ => match (number(left), number(right)) {
            (Some(left), Some(right)) => left.total_cmp(&right),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => text(left).cmp(text(right)),
        },
    };
    match direction {
        Direction::Asc => ordering,
        Direction::Desc => ordering.reverse(),
    }
}

/// Whole numbers beyond 2^53 come as text.
fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Number(number) => number.as_f64(),
        Cell::Text(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
        Cell::Null | Cell::Bool(_) => None,
    }
}

fn text(cell: &Cell) -> &str {
    match cell {
        Cell::Text(text) => text,
        Cell::Null | Cell::Bool(_) | Cell::Number(_) => "",
    }
}
