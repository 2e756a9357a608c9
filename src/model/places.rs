/// Where a person changes what a model is reached with: names of variables and settings, never values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelPlaces {
    /// What holds the key; `None` for the provider's usual variable.
    pub key: Option<String>,
    /// What holds the address; `None` for the provider's usual variable.
    pub address: Option<String>,
    /// By header: the variable that holds its value.
    pub headers: Vec<(String, String)>,
}
