use std::collections::BTreeSet;

use secrecy::SecretString;

use super::access::{AllowList, ApiKey, PermissionGroup, User};
use super::card::Collection;
use super::database::TableMetadata;
use super::file::{AllowListSpec, ApiKeySpec, PeopleSpec, PermissionGroupSpec, UserSpec};

/// The group whose members may do everything.
const ADMINISTRATORS: &str = "Administrators";

/// Groups, users and keys with ids.
pub(super) type People = (Vec<PermissionGroup>, Vec<User>, Vec<ApiKey>);

/// Groups, users and keys with ids. `strict` refuses names of collections and tables that do not exist; the built-in
/// people name some that only the demo has.
pub(super) fn people(
    spec: PeopleSpec,
    collections: &[Collection],
    tables: &[TableMetadata],
    strict: bool,
) -> Result<People, String> {
    let mut groups = Vec::with_capacity(spec.groups.len());
    for (spec, id) in spec.groups.into_iter().zip(1..) {
        groups.push(group(spec, id, collections, tables, strict)?);
    }
    let mut users = Vec::with_capacity(spec.users.len());
    for (spec, id) in spec.users.into_iter().zip(1..) {
        users.push(user(spec, id, &groups)?);
    }
    let keys = spec
        .api_keys
        .into_iter()
        .map(|spec| api_key(spec, &groups))
        .collect::<Result<_, _>>()?;
    Ok((groups, users, keys))
}

fn group(
    spec: PermissionGroupSpec,
    id: i64,
    collections: &[Collection],
    tables: &[TableMetadata],
    strict: bool,
) -> Result<PermissionGroup, String> {
    let at = |error: String| format!("group \"{}\": {error}", spec.name);
    let except: BTreeSet<Option<i64>> = under(&spec.except_collections, collections, strict).map_err(at)?;
    let readable = match &spec.collections {
        AllowListSpec::Word(word) if word == "all" && except.is_empty() => AllowList::All,
        AllowListSpec::Word(word) if word == "all" => {
            let every = collections
                .iter()
                .map(|collection| Some(collection.id))
                .chain([None]);
            AllowList::Only(every.filter(|id| !except.contains(id)).collect())
        }
        AllowListSpec::Word(word) => {
            return Err(at(format!("collections is \"all\" or a list, not \"{word}\"")));
        }
        AllowListSpec::Names(paths) => {
            let mut ids = under(paths, collections, strict).map_err(at)?;
            ids.retain(|id| !except.contains(id));
            AllowList::Only(ids)
        }
    };
    let queryable = match &spec.tables {
        AllowListSpec::Word(word) if word == "all" => AllowList::All,
        AllowListSpec::Word(word) => return Err(at(format!("tables is \"all\" or a list, not \"{word}\""))),
        AllowListSpec::Names(names) => {
            let ids = names
                .iter()
                .map(|name| super::names::table(tables, name).map(|table| table.id));
            AllowList::Only(ids.collect::<Result<_, _>>().map_err(at)?)
        }
    };
    Ok(PermissionGroup {
        id,
        name: spec.name,
        collections: readable,
        tables: queryable,
        native: spec.native,
    })
}

/// The collections at these paths and all below them.
fn under(
    paths: &[String],
    collections: &[Collection],
    strict: bool,
) -> Result<BTreeSet<Option<i64>>, String> {
    let mut ids = BTreeSet::new();
    for path in paths {
        if path == "root" {
            ids.insert(None);
            continue;
        }
        match at_path(path, collections) {
            Some(found) => {
                let below = format!("{}{}/", found.location, found.id);
                let inside = collections
                    .iter()
                    .filter(|other| other.location.starts_with(&below));
                ids.extend(inside.chain([found]).map(|collection| Some(collection.id)));
            }
            None if strict => return Err(format!("no collection \"{path}\"")),
            None => {}
        }
    }
    Ok(ids)
}

/// The collection at a path of names from the root.
pub(super) fn at_path<'a>(path: &str, collections: &'a [Collection]) -> Option<&'a Collection> {
    let mut parent = None;
    let mut found = None;
    for name in path.split('/') {
        let here = collections
            .iter()
            .find(|collection| collection.parent == parent && collection.name == name)?;
        parent = Some(here.id);
        found = Some(here);
    }
    found
}

fn group_id(name: &str, groups: &[PermissionGroup]) -> Result<i64, String> {
    let found = groups.iter().find(|group| group.name == name);
    found
        .map(|group| group.id)
        .ok_or_else(|| format!("no group \"{name}\""))
}

fn user(spec: UserSpec, id: i64, groups: &[PermissionGroup]) -> Result<User, String> {
    let at = |error: String| format!("user \"{}\": {error}", spec.email);
    let ids = spec
        .groups
        .iter()
        .map(|name| group_id(name, groups))
        .collect::<Result<_, _>>()
        .map_err(at)?;
    let (first_name, last_name) = spec.name.split_once(' ').unwrap_or((spec.name.as_str(), ""));
    Ok(User {
        id,
        email: spec.email.to_lowercase(),
        password: SecretString::from(spec.password),
        first_name: first_name.to_owned(),
        last_name: last_name.to_owned(),
        groups: ids,
        superuser: spec.superuser,
        active: !spec.inactive,
    })
}

fn api_key(spec: ApiKeySpec, groups: &[PermissionGroup]) -> Result<ApiKey, String> {
    let at = |error: String| format!("API key \"{}\": {error}", spec.name);
    if !spec.key.starts_with("mb_") || !(12..=254).contains(&spec.key.len()) {
        return Err(at("a key starts with mb_ and has 12 to 254 characters".to_owned()));
    }
    let group_id = group_id(&spec.group, groups).map_err(at)?;
    let superuser = spec.group == ADMINISTRATORS;
    Ok(ApiKey {
        key: SecretString::from(spec.key),
        name: spec.name,
        group_id,
        superuser,
    })
}
