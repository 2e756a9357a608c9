//! What an account of dbt holds: projects, environments, jobs, people. Objects are kept as the JSON objects that the
//! Administrative API answers with, by id.

mod job;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::clock::now;
use super::envelope::AdminFault;
use job::job_from_demo;

/// The project of the built-in account that has a Semantic Layer.
pub(crate) const DEMO_PROJECT: i64 = 5201;
pub(crate) const DEMO_ENVIRONMENT: i64 = 7001;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AdminObjectKind {
    User,
    Group,
    Project,
    Environment,
    Connection,
    Repository,
    Job,
    Run,
    ServiceToken,
}

/// The account with everything in it.
#[derive(Debug)]
pub(crate) struct ServedAccount {
    pub(crate) id: i64,
    details: Value,
    objects: Mutex<AdminObjects>,
}

#[derive(Debug)]
struct AdminObjects {
    by_kind: BTreeMap<AdminObjectKind, BTreeMap<i64, Value>>,
    next_id: i64,
}

#[derive(Debug, Deserialize)]
struct DemoAccount {
    account: Value,
    users: Vec<Value>,
    groups: Vec<Value>,
    projects: Vec<Value>,
    environments: Vec<Value>,
    connections: Vec<Value>,
    repositories: Vec<Value>,
    jobs: Vec<job::DemoJob>,
}

impl ServedAccount {
    pub(crate) fn demo() -> Result<Self, serde_json::Error> {
        let demo: DemoAccount = serde_json::from_str(include_str!("demo.json"))?;
        let account = Self {
            id: demo.account.get("id").and_then(Value::as_i64).unwrap_or_default(),
            details: demo.account,
            objects: Mutex::new(AdminObjects {
                by_kind: BTreeMap::new(),
                next_id: 90_001,
            }),
        };
        let jobs = demo
            .jobs
            .iter()
            .map(|job| job_from_demo(job, account.id))
            .collect();
        for (kind, values) in [
            (AdminObjectKind::User, demo.users),
            (AdminObjectKind::Group, demo.groups),
            (AdminObjectKind::Project, demo.projects),
            (AdminObjectKind::Environment, demo.environments),
            (AdminObjectKind::Connection, demo.connections),
            (AdminObjectKind::Repository, demo.repositories),
            (AdminObjectKind::Job, jobs),
        ] {
            for value in values {
                account.put(kind, value);
            }
        }
        Ok(account)
    }

    /// What is said about the account itself.
    pub(crate) fn details(&self) -> Value {
        let mut details = self.details.clone();
        if let Some(object) = details.as_object_mut() {
            object.insert("created_at".to_owned(), json!("2024-01-15T09:00:00.000000+00:00"));
        }
        details
    }

    /// All of a kind, deleted ones too, by id.
    pub(crate) fn list(&self, kind: AdminObjectKind) -> Vec<Value> {
        let objects = self.lock();
        objects
            .by_kind
            .get(&kind)
            .map(|of| of.values().cloned().collect())
            .unwrap_or_default()
    }

    /// One that was not deleted.
    pub(crate) fn get(&self, kind: AdminObjectKind, id: i64) -> Option<Value> {
        let objects = self.lock();
        let found = objects.by_kind.get(&kind)?.get(&id)?;
        (found.get("state").and_then(Value::as_i64) != Some(2)).then(|| found.clone())
    }

    /// The same, for a request that fails without it.
    pub(crate) fn need(&self, kind: AdminObjectKind, id: i64) -> Result<Value, AdminFault> {
        self.get(kind, id).ok_or(AdminFault::NotFound)
    }

    /// Adds one under a new id, which it is told as `id`.
    pub(crate) fn add(&self, kind: AdminObjectKind, mut fields: Map<String, Value>) -> Value {
        let mut objects = self.lock();
        let id = objects.next_id;
        objects.next_id += 1;
        fields.insert("id".to_owned(), json!(id));
        let moment = json!(now());
        for name in ["created_at", "updated_at"] {
            fields.entry(name).or_insert_with(|| moment.clone());
        }
        let value = Value::Object(fields);
        objects.by_kind.entry(kind).or_default().insert(id, value.clone());
        value
    }

    /// Keeps one under the id that it has.
    pub(crate) fn put(&self, kind: AdminObjectKind, value: Value) {
        let Some(id) = value.get("id").and_then(Value::as_i64) else {
            return;
        };
        self.lock().by_kind.entry(kind).or_default().insert(id, value);
    }

    /// Changes one, and tells how it is now.
    pub(crate) fn change(
        &self,
        kind: AdminObjectKind,
        id: i64,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> Option<Value> {
        let mut objects = self.lock();
        let value = objects.by_kind.get_mut(&kind)?.get_mut(&id)?;
        change(value.as_object_mut()?);
        Some(value.clone())
    }

    pub(crate) fn delete(&self, kind: AdminObjectKind, id: i64) -> Option<Value> {
        self.change(kind, id, |fields| {
            fields.insert("state".to_owned(), json!(2));
            fields.insert("updated_at".to_owned(), json!(now()));
        })
    }

    fn lock(&self) -> MutexGuard<'_, AdminObjects> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
