use std::fmt;

use serde::Serialize;

use super::EntryKind;

/// What became different between two loads of a catalog.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// The changes, sorted by kind and id of the entry.
    pub changes: Vec<EntryChange>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryChange {
    /// Card, metric or table.
    pub kind: EntryKind,
    pub id: u32,
    /// Its name: the new one, or the last one known of an entry that is gone.
    pub name: String,
    #[serde(flatten)]
    pub what: ChangeKind,
}

/// What changed about an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was not there before.
    Added,
    /// It is no longer selected: archived, deleted, moved away, or out of this principal's sight.
    Removed,
    Renamed {
        from: String,
    },
    Described,
    /// It lies in another collection.
    Moved {
        /// Path before, outermost first.
        from: Vec<String>,
        to: Vec<String>,
    },
    /// It became verified, or ceased to be.
    Verified {
        /// Whether it is verified now.
        now: bool,
    },
    /// What a metric computes, filters by itself or uses as its time dimension is different: its numbers may be too.
    Redefined,
    /// One of its parts is different.
    Part {
        part: EntryPart,
        part_name: String,
        #[serde(flatten)]
        happened: PartChange,
    },
}

/// A named part of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryPart {
    /// A parameter of a card.
    Parameter,
    /// A column a card returns.
    Column,
    Dimension,
    Segment,
    Measure,
}

/// What happened to a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "part_change", rename_all = "snake_case")]
pub enum PartChange {
    Added,
    Removed,
    Changed {
        /// What about it: `type`, `required`, `default`, `allowed values`, …
        about: Vec<&'static str>,
    },
}

impl fmt::Display for Drift {
    /// One line per change; a sentence when there is none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changes.is_empty() {
            return f.write_str("nothing changed");
        }
        for (index, change) in self.changes.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            change.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for EntryChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} \"{}\": {}", self.kind, self.id, self.name, self.what)
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = |names: &[String]| match names {
            [] => "the root collection".to_owned(),
            names => names.join(" / "),
        };
        match self {
            Self::Added => f.write_str("added"),
            Self::Removed => f.write_str("no longer there (archived, deleted, moved or not readable)"),
            Self::Renamed { from } => write!(f, "renamed from \"{from}\""),
            Self::Described => f.write_str("description changed"),
            Self::Moved { from, to } => write!(f, "moved from {} to {}", path(from), path(to)),
            Self::Verified { now: true } => f.write_str("now verified"),
            Self::Verified { now: false } => f.write_str("no longer verified"),
            Self::Redefined => f.write_str("definition changed, its numbers may differ"),
            Self::Part {
                part,
                part_name,
                happened,
            } => match happened {
                PartChange::Added => write!(f, "{part} \"{part_name}\" added"),
                PartChange::Removed => write!(f, "{part} \"{part_name}\" removed"),
                PartChange::Changed { about } => {
                    write!(f, "{part} \"{part_name}\" changed: {}", about.join(", "))
                }
            },
        }
    }
}

impl fmt::Display for EntryPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parameter => "parameter",
            Self::Column => "column",
            Self::Dimension => "dimension",
            Self::Segment => "segment",
            Self::Measure => "measure",
        })
    }
}
