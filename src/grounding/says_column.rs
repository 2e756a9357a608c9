//! What the words around a figure say to a column: by the header above it, by the name right beside it, by the names in its
//! clause. For example, "cost of goods sold of $19.2M" is no revenue, though the clause before speaks of that.

use std::rc::Rc;

use super::figure_context::{FigureContext, once};
use super::scope::{Mention, MentionTarget, Says};
use super::text::stem;
use crate::result::ColumnKind;

impl<'i> FigureContext<'_, '_, 'i> {
    /// What the surroundings say to a column of a result.
    pub(super) fn says_column(&self, material: usize, column: usize) -> Says {
        once(&self.memo.columns, (material, column), || {
            self.column_said(material, column)
        })
    }

    /// The columns of a result that the header above the figure is the name of.
    pub(super) fn header_columns(&self, material: usize) -> Rc<Vec<usize>> {
        let Some(header) = self.place.row.and_then(|cell| cell.header) else {
            return Rc::default();
        };
        once(&self.context.memo.headers, (header, material), || {
            let columns = self.context.index.columns_of_header(header.of(self.context.text));
            let own = columns.into_iter().filter(|(of, _)| *of == material);
            Rc::new(own.map(|(_, column)| column).collect())
        })
    }

    /// What the name of a column says that stands right behind the figure or right before it: "$8.1 million of operating
    /// income", "revenue of $71.2 million".
    fn adjacent_column_says(&self, column: usize, named: &[Mention<'i>]) -> Option<Says> {
        const BEHIND: [&str; 7] = [" ", " of ", " in ", " on ", "-", " of the ", " in the "];
        const BEFORE: [&str; 10] = [
            " of ",
            " at ",
            " was ",
            " is ",
            " were ",
            " are ",
            " = ",
            " of only ",
            " of about ",
            " for ",
        ];
        if self.place.row.is_some() {
            return None;
        }
        let text = self.context.text;
        let plain = |from: usize, to: usize| text.get(from..to).map(|gap| gap.replace(['*', '_', '`'], ""));
        let touches = |mention: &&Mention<'_>, behind: bool| {
            let (gap, marks): (_, &[&str]) = if behind {
                (plain(self.span.end, mention.span.start), &BEHIND)
            } else {
                (plain(mention.span.end, self.span.start), &BEFORE)
            };
            let of_another = if behind {
                self.is_head_of_another(mention.span)
            } else {
                self.is_unit_of_another(mention.span)
            };
            let of_another =
                of_another || self.tells_of_its_part(mention.span) || self.counts_no_money(mention);
            !of_another && gap.is_some_and(|gap| marks.contains(&gap.as_str()))
        };
        for behind in [true, false] {
            let near: Vec<&Mention<'_>> = named.iter().filter(|mention| touches(mention, behind)).collect();
            if near.is_empty() {
                continue;
            }
            // What is said is the first of two names: `the change of revenue was 5,872`.
            let heads = |mention: &&Mention<'_>| {
                let of =
                    |near: &&Mention<'_>| plain(mention.span.end, near.span.start).as_deref() == Some(" of ");
                near.iter().any(of)
            };
            let first: Vec<&Mention<'_>> = named.iter().filter(|mention| !behind && heads(mention)).collect();
            let near = if first.is_empty() { near } else { first };
            let is = |mention: &&Mention<'_>| matches!(mention.what, MentionTarget::Column { column: of, .. } if of == column);
            let of_mean = |mention: &&Mention<'_>| self.counts_what_has_a_mean(mention);
            return match near.iter().any(is) {
                true if near.iter().any(|mention| is(mention) && of_mean(mention)) => Some(Says::No),
                true => Some(Says::Yes),
                false if near.iter().any(of_mean) => None,
                false => Some(Says::No),
            };
        }
        None
    }

    /// The names of columns of a result in the figure's sentence.
    fn columns_in_sentence(&self, material: usize) -> Vec<Mention<'i>> {
        let mentions = self.context.mentions_in(self.place.sentence);
        let of_result = mentions.filter(
            |mention| matches!(mention.what, MentionTarget::Column { material: of, .. } if of == material),
        );
        of_result.copied().collect()
    }

    /// The columns whose names stand right beside the figure.
    pub(super) fn adjacent_columns(&self, material: usize) -> Vec<usize> {
        let named = self.columns_in_sentence(material);
        let columns = named.iter().filter_map(|mention| match mention.what {
            MentionTarget::Column { column, .. } => Some(column),
            _ => None,
        });
        columns
            .filter(|column| self.adjacent_column_says(*column, &named) == Some(Says::Yes))
            .collect()
    }

    /// Whether the name of a column stands right beside the figure.
    pub(super) fn has_adjacent_column(&self, material: usize, column: usize) -> bool {
        let named = self.columns_in_sentence(material);
        self.adjacent_column_says(column, &named).is_some()
    }

    /// Whether the header above the figure names a column of another result of this turn, and nothing of this one.
    pub(super) fn is_headed_by_another(&self, material: usize) -> bool {
        let Some(header) = self.place.row.and_then(|cell| cell.header) else {
            return false;
        };
        let index = self.context.index;
        let current = |at: usize| index.materials.get(at).is_some_and(|one| one.current);
        let measures = |at: usize, column: usize| {
            let shape = index.shapes.get(at);
            shape.is_some_and(|shape| shape.numeric.contains(&column))
        };
        let own = index
            .shapes
            .get(material)
            .map(|shape| shape.name_words.as_slice())
            .unwrap_or_default();
        let mut words = self.context.words_in(header).iter();
        let of_own = words.any(|word| own.iter().any(|name| *name == stem(&word.low)));
        !of_own
            && (0..index.materials.len()).any(|other| {
                let columns = self.header_columns(other);
                other != material && current(other) && columns.iter().any(|column| measures(other, *column))
            })
    }

    /// Whether a name is of things that are counted, and the figure in a currency, so that it is none of them.
    fn counts_no_money(&self, mention: &Mention<'_>) -> bool {
        let MentionTarget::Column { material, column } = mention.what else {
            return false;
        };
        let table = self.context.index.materials.get(material).map(|one| one.table);
        let kind = table
            .and_then(|table| table.columns.get(column))
            .map(|column| column.kind);
        self.is_money() && kind == Some(ColumnKind::Integer)
    }

    fn column_said(&self, material: usize, column: usize) -> Says {
        let headed = self.header_columns(material);
        if !headed.is_empty() {
            return if headed.contains(&column) {
                Says::Yes
            } else {
                Says::No
            };
        }
        if self.is_headed_by_another(material) {
            return Says::No;
        }
        let named =
            self.named(|what| matches!(what, MentionTarget::Column { material: of, .. } if *of == material));
        let kind = |column: usize| {
            let table = self.context.index.materials.get(material)?.table;
            table.columns.get(column).map(|column| column.kind)
        };
        if let Some(says) = self.adjacent_column_says(column, &self.columns_in_sentence(material)) {
            return says;
        }
        let amount = kind(column) == Some(ColumnKind::Number);
        let mut columns: Vec<usize> = named
            .iter()
            .filter(|mention| {
                !self.is_unit_of_another(mention.span) && !self.is_head_of_another(mention.span)
            })
            .filter(|mention| {
                !(self.happens_to_another(mention.span) || (amount && self.counts_no_money(mention)))
            })
            .filter(|mention| !self.leads_a_key(mention.span) && !self.is_before_its_part(mention.span))
            .filter(|mention| !self.counts_what_has_a_mean(mention) && !self.speaks_of_another(mention.span))
            .filter(|mention| !self.tells_of_its_part(mention.span))
            .filter_map(|mention| match mention.what {
                MentionTarget::Column { column, .. } => Some(column),
                _ => None,
            })
            .collect();
        columns.dedup();
        match columns.as_slice() {
            [] => Says::Nothing,
            several if several.contains(&column) => Says::Yes,
            [_] => Says::No,
            _ => Says::Nothing,
        }
    }
}
