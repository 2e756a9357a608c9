use std::collections::BTreeSet;

use secrecy::SecretString;

/// Everything, or only what is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowList<T: Ord> {
    /// Everything, also what is made later.
    All,
    /// Only these.
    Only(BTreeSet<T>),
}

impl<T: Ord + Clone> AllowList<T> {
    pub(crate) fn none() -> Self {
        Self::Only(BTreeSet::new())
    }

    /// Whether `item` is in it.
    pub fn contains(&self, item: &T) -> bool {
        match self {
            Self::All => true,
            Self::Only(items) => items.contains(item),
        }
    }

    fn join(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::All, _) => {}
            (_, Self::All) => *self = Self::All,
            (Self::Only(mine), Self::Only(theirs)) => mine.extend(theirs.iter().cloned()),
        }
    }
}

/// What someone may do: the sum of what their groups may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Collections whose cards can be read and run; `None` is the root collection.
    pub collections: AllowList<Option<i64>>,
    /// Tables that ad-hoc queries may read.
    pub tables: AllowList<i64>,
    /// Whether SQL of one's own may be run.
    pub native: bool,
    /// Whether the settings of the server may be changed.
    pub superuser: bool,
}

impl Access {
    pub(crate) fn none() -> Self {
        Self {
            collections: AllowList::none(),
            tables: AllowList::none(),
            native: false,
            superuser: false,
        }
    }

    /// Everything.
    pub fn superuser() -> Self {
        Self {
            collections: AllowList::All,
            tables: AllowList::All,
            native: true,
            superuser: true,
        }
    }

    /// Adds what a group may.
    pub fn join(&mut self, group: &PermissionGroup) {
        self.collections.join(&group.collections);
        self.tables.join(&group.tables);
        self.native |= group.native;
    }
}

/// A group of people with the same permissions.
#[derive(Debug, Clone)]
pub struct PermissionGroup {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Collections that its members can read; `None` is the root collection.
    pub collections: AllowList<Option<i64>>,
    /// Tables that its members can query.
    pub tables: AllowList<i64>,
    /// Whether its members may run SQL of their own.
    pub native: bool,
}

/// Someone who can sign in.
#[derive(Debug, Clone)]
pub struct User {
    /// Their id.
    pub id: i64,
    /// E-mail, in lower case.
    pub email: String,
    /// Password.
    pub password: SecretString,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Their groups' ids.
    pub groups: Vec<i64>,
    /// Whether they may do everything.
    pub superuser: bool,
    /// Whether they can sign in at all.
    pub(crate) active: bool,
}

/// A key that acts as a made-up user in one group.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// `mb_` and 44 characters.
    pub key: SecretString,
    /// What it is for.
    pub name: String,
    /// The group it acts in.
    pub group_id: i64,
    /// Whether that group is the administrators'.
    pub superuser: bool,
}
