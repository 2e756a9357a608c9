//! Which row of a result has which name: the values of its key columns and of its columns of text.

use std::collections::HashMap;
use std::rc::Rc;

use super::filters::dimension;
use super::index::CellIndex;
use super::keys::{KeyColumn, whole};
use super::labels::{Label, LabelForm};
use super::shape::Shape;
use crate::result::Cell;

impl CellIndex<'_> {
    /// Takes a column of numbers in that name rows.
    pub(super) fn key(&mut self, at: usize, column: usize, seen: usize, shape: &mut Shape) {
        let Some(material) = self.materials.get(at) else {
            return;
        };
        let table = material.table;
        let Some(description) = table.columns.get(column) else {
            return;
        };
        let mut key = KeyColumn::new(at, column, description, material.title, &table.columns);
        let dimension = dimension(&description.name);
        let values: Vec<Option<usize>> = (0..seen)
            .map(|row| {
                let value = whole(table.rows.get(row)?.get(column)?)?;
                let next = key.labels.len();
                let label = key.labels.entry(value).or_insert_with(|| Label {
                    material: at,
                    column,
                    value: next,
                    dimension: dimension.clone(),
                    low: value.to_string(),
                    words: vec![value.to_string()],
                    exact: None,
                    written: LabelForm::Words,
                });
                Some(label.value)
            })
            .collect();
        shape.label_rows.push(rows_by_value(&values));
        shape.labels.push((column, values));
        if description.unit.as_deref() == Some("month-of-year") {
            for (month, label) in &key.labels {
                self.labels
                    .add_month(*month, &dimension, (at, column, label.value));
            }
        }
        self.keys.push(key);
    }

    /// Takes a column's texts in, and says which row has which.
    pub(super) fn labels_of<'c>(
        &mut self,
        material: usize,
        column: usize,
        cells: impl Iterator<Item = Option<&'c Cell>>,
    ) -> Vec<Option<usize>> {
        let mut known: HashMap<&str, usize> = HashMap::new();
        let mut rows = Vec::new();
        let name = self
            .materials
            .get(material)
            .and_then(|one| one.table.columns.get(column));
        let dimension = name.map(|column| dimension(&column.name)).unwrap_or_default();
        for cell in cells {
            let text: &str = match cell {
                Some(Cell::Text(text)) => text,
                Some(Cell::Null) => "",
                _ => {
                    rows.push(None);
                    continue;
                }
            };
            let next = known.len();
            let value = *known.entry(text).or_insert(next);
            rows.push(Some(value));
            if value == next && !text.is_empty() {
                self.labels.add(text, &dimension, (material, column, value));
            }
        }
        if let (Some(value), Some(name)) = (known.remove(""), name) {
            self.labels
                .add_nothing(name, &dimension, (material, column, value));
        }
        self.labels
            .add_short(known.into_iter(), &dimension, (material, column));
        rows
    }
}

pub(super) fn rows_by_value(values: &[Option<usize>]) -> Vec<Rc<Vec<usize>>> {
    let mut rows: Vec<Vec<usize>> = Vec::new();
    for (row, value) in values.iter().enumerate() {
        let Some(value) = *value else { continue };
        if rows.len() <= value {
            rows.resize_with(value + 1, Vec::new);
        }
        if let Some(rows) = rows.get_mut(value) {
            rows.push(row);
        }
    }
    rows.into_iter().map(Rc::new).collect()
}
