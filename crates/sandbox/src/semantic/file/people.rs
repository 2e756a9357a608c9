use schemars::JsonSchema;
use serde::Deserialize;

/// Who may sign in and what they may read.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::semantic) struct PeopleSpec {
    /// Groups with the same permissions.
    pub(in crate::semantic) groups: Vec<PermissionGroupSpec>,
    /// Those who sign in with a password.
    #[serde(default)]
    pub(in crate::semantic) users: Vec<UserSpec>,
    /// Keys. The first is the one that `cardinal sandbox serve` prints.
    #[serde(default)]
    pub(in crate::semantic) api_keys: Vec<ApiKeySpec>,
}

/// `all`, or a list of names.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::semantic) enum AllowListSpec {
    /// Only `all`.
    Word(String),
    /// These.
    Names(Vec<String>),
}

impl Default for AllowListSpec {
    fn default() -> Self {
        Self::Names(Vec::new())
    }
}

/// A group with what its members may do.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::semantic) struct PermissionGroupSpec {
    /// Its name. Keys of `Administrators` may do everything.
    pub(in crate::semantic) name: String,
    /// Paths of collections that members can read, with everything below them; `root` is the root collection itself.
    #[serde(default)]
    pub(in crate::semantic) collections: AllowListSpec,
    /// Paths that are left out although `collections` covers them.
    #[serde(default)]
    pub(in crate::semantic) except_collections: Vec<String>,
    /// Names of tables that members can query.
    #[serde(default)]
    pub(in crate::semantic) tables: AllowListSpec,
    /// Whether members may run SQL of their own.
    #[serde(default)]
    pub(in crate::semantic) native: bool,
}

/// Someone who signs in with a password.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::semantic) struct UserSpec {
    /// E-mail.
    pub(in crate::semantic) email: String,
    /// Password. It guards made-up data on a loopback port.
    pub(in crate::semantic) password: String,
    /// First and last name.
    pub(in crate::semantic) name: String,
    /// Names of their groups.
    #[serde(default)]
    pub(in crate::semantic) groups: Vec<String>,
    /// Whether they may do everything.
    #[serde(default)]
    pub(in crate::semantic) superuser: bool,
    /// Whether they cannot sign in any more.
    #[serde(default)]
    pub(in crate::semantic) inactive: bool,
}

/// A key that acts as a made-up user in one group.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::semantic) struct ApiKeySpec {
    /// `mb_` and 9 to 251 more characters.
    pub(in crate::semantic) key: String,
    /// What it is for; `as:` in an eval case names it.
    pub(in crate::semantic) name: String,
    /// Name of the group it acts in.
    pub(in crate::semantic) group: String,
}
