use std::collections::BTreeMap;
use std::fmt::Write as _;

use rusqlite::types::Value as Stored;
use rusqlite::{Connection, params_from_iter};

use super::aggregate;
use super::engine::LOOK_EVERY;
use super::rank::{Ranks, rank};
use super::{DeriveError, Filter, Granularity, Group, Stop};
use crate::result::{Cell, Column, ColumnKind, ResultTable};

/// What the database is given of a table: of each column that matters the ranks, and the numbers to add up.
pub(super) struct Sheet<'a> {
    table: &'a ResultTable,
    stop: &'a Stop,
    ranks: BTreeMap<usize, Ranks>,
    /// Names of the database's columns with their values by row.
    columns: BTreeMap<String, Vec<Stored>>,
    /// Conditions in the database's words.
    conditions: Vec<String>,
    pub(super) database: Connection,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(table: &'a ResultTable, stop: &'a Stop) -> Result<Self, DeriveError> {
        let database = Connection::open_in_memory()?;
        aggregate::register(&database)?;
        Ok(Self {
            table,
            stop,
            ranks: BTreeMap::new(),
            columns: BTreeMap::new(),
            conditions: Vec::new(),
            database,
        })
    }

    fn column(&self, at: usize) -> Result<&'a Column, DeriveError> {
        self.table.columns.get(at).ok_or(DeriveError::NoColumn(at))
    }

    fn cells(&self, at: usize) -> impl Iterator<Item = &'a Cell> + use<'a> {
        self.table
            .rows
            .iter()
            .map(move |row| row.get(at).unwrap_or(&Cell::Null))
    }

    /// The database's column with the ranks of a column.
    pub(super) fn ranked(&mut self, at: usize) -> Result<String, DeriveError> {
        let name = format!("k{at}");
        if !self.ranks.contains_key(&at) {
            self.stop.look()?;
            let ranks = rank(self.column(at)?.kind, self.cells(at));
            self.columns.insert(name.clone(), stored(&ranks));
            self.ranks.insert(at, ranks);
        }
        Ok(name)
    }

    /// The cell of a column that has this rank.
    pub(super) fn cell_of(&self, at: usize, rank: Option<i64>) -> Cell {
        let ranks = self.ranks.get(&at);
        let row = rank
            .and_then(|rank| usize::try_from(rank).ok())
            .and_then(|rank| ranks?.rows.get(rank));
        let cell = row.and_then(|row| self.table.rows.get(*row)?.get(at));
        cell.cloned().unwrap_or(Cell::Null)
    }

    /// Keeps only rows of which the test holds: it is put to each different value once.
    pub(super) fn filter(&mut self, number: usize, filter: &Filter) -> Result<(), DeriveError> {
        let name = self.ranked(filter.column)?;
        let kind = self.column(filter.column)?.kind;
        let passing = format!("f{number}");
        self.database
            .execute_batch(&format!("CREATE TABLE {passing} (rank INTEGER PRIMARY KEY)"))?;
        let rows = self.ranks.get(&filter.column).map(|ranks| ranks.rows.as_slice());
        {
            let mut insert = self
                .database
                .prepare(&format!("INSERT INTO {passing} VALUES (?1)"))?;
            for (rank, row) in (0_i64..).zip(rows.unwrap_or_default()) {
                let cell = self.table.rows.get(*row).and_then(|row| row.get(filter.column));
                if cell.is_some_and(|cell| filter.test.holds(kind, cell)) {
                    insert.execute([rank])?;
                }
            }
        }
        let nulls = if filter.test.holds_of_null() {
            format!(" OR {name} IS NULL")
        } else {
            String::new()
        };
        self.conditions
            .push(format!("({name} IN (SELECT rank FROM {passing}){nulls})"));
        Ok(())
    }

    /// The database's column of what rows are grouped by, and the values of its ranks where they are not cells.
    pub(super) fn grouping(
        &mut self,
        number: usize,
        group: Group,
    ) -> Result<(String, Option<Vec<Cell>>), DeriveError> {
        let Some(granularity) = group.granularity else {
            return Ok((self.ranked(group.column)?, None));
        };
        let buckets = self.buckets(group.column, granularity)?;
        let ranks = rank(ColumnKind::Text, buckets.iter());
        let values = ranks
            .rows
            .iter()
            .map(|row| buckets.get(*row).cloned().unwrap_or(Cell::Null))
            .collect();
        let name = format!("g{number}");
        self.columns.insert(name.clone(), stored(&ranks));
        Ok((name, Some(values)))
    }

    fn buckets(&self, at: usize, granularity: Granularity) -> Result<Vec<Cell>, DeriveError> {
        let mut lost = 0usize;
        let buckets = self
            .cells(at)
            .map(|cell| match cell {
                Cell::Null => Cell::Null,
                Cell::Text(text) => granularity.start(text).map_or_else(
                    || {
                        lost += 1;
                        Cell::Null
                    },
                    Cell::text,
                ),
                _ => {
                    lost += 1;
                    Cell::Null
                }
            })
            .collect();
        if lost > 0 {
            let column = self.column(at)?.name.clone();
            return Err(DeriveError::NotTimes { column, count: lost });
        }
        Ok(buckets)
    }

    /// The database's column with the numbers of a column as they are written.
    pub(super) fn numbers(&mut self, at: usize) -> Result<String, DeriveError> {
        let name = format!("v{at}");
        if self.columns.contains_key(&name) {
            return Ok(name);
        }
        let mut lost = 0usize;
        let written = self
            .cells(at)
            .map(|cell| match cell {
                Cell::Null => Stored::Null,
                Cell::Number(number) => Stored::Text(number.to_string()),
                Cell::Text(text) if cell.amount().is_some() => Stored::Text(text.to_string()),
                Cell::Text(_) | Cell::Bool(_) => {
                    lost += 1;
                    Stored::Null
                }
            })
            .collect();
        if lost > 0 {
            let column = self.column(at)?.name.clone();
            return Err(DeriveError::NotNumbers { column, count: lost });
        }
        self.columns.insert(name.clone(), written);
        Ok(name)
    }

    /// Writes the rows into the database.
    pub(super) fn fill(&mut self) -> Result<(), DeriveError> {
        let mut declared = "n INTEGER PRIMARY KEY".to_owned();
        for name in self.columns.keys() {
            let _ = write!(declared, ", {name}");
        }
        self.database
            .execute_batch(&format!("CREATE TABLE sheet ({declared}); BEGIN"))?;
        let places = vec!["?"; self.columns.len() + 1].join(", ");
        let mut insert = self
            .database
            .prepare(&format!("INSERT INTO sheet VALUES ({places})"))?;
        for row in 0..self.table.rows.len() {
            if row % LOOK_EVERY == 0 {
                self.stop.look()?;
            }
            let number = Stored::Integer(i64::try_from(row).unwrap_or(i64::MAX));
            let values = self
                .columns
                .values()
                .map(|column| column.get(row).cloned().unwrap_or(Stored::Null));
            insert.execute(params_from_iter(std::iter::once(number).chain(values)))?;
        }
        drop(insert);
        self.database.execute_batch("COMMIT")?;
        Ok(())
    }

    pub(super) fn wherever(&self) -> String {
        if self.conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", self.conditions.join(" AND "))
        }
    }
}

fn stored(ranks: &Ranks) -> Vec<Stored> {
    ranks
        .of_rows
        .iter()
        .map(|rank| rank.map_or(Stored::Null, Stored::Integer))
        .collect()
}
