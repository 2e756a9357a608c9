use std::fmt;

use serde_saphyr::Spanned;

/// Something wrong with a model file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFault {
    /// The line of the entry, from 1; `None` when it is about the file as a whole.
    pub line: Option<u64>,
    /// Which entry, and what is wrong with it.
    pub message: String,
}

impl ModelFault {
    /// A fault of the file as a whole.
    pub(crate) fn of_file(message: impl Into<String>) -> Self {
        Self {
            line: None,
            message: message.into(),
        }
    }

    /// A fault of the entry that begins here.
    pub(super) fn at<T>(entry: &Spanned<T>, message: impl Into<String>) -> Self {
        Self {
            line: Some(entry.referenced.line()).filter(|line| *line > 0),
            message: message.into(),
        }
    }
}

impl fmt::Display for ModelFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(formatter, "line {line}: ")?;
        }
        formatter.write_str(&self.message)
    }
}

/// Those that succeeded; what failed goes to `faults`, so that a person sees all of it at once.
pub(super) fn good_ones<T>(
    entries: impl IntoIterator<Item = Result<T, ModelFault>>,
    faults: &mut Vec<ModelFault>,
) -> Vec<T> {
    let mut good = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) => good.push(entry),
            Err(fault) => faults.push(fault),
        }
    }
    good
}
