use std::error::Error;

/// The messages of an error and its causes, outermost first. A cause that the message before it already says is
/// left out: many messages end in their cause.
pub(crate) fn causes(error: &dyn Error) -> Vec<String> {
    let mut messages: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if !messages.iter().any(|earlier| earlier.contains(&text)) {
            messages.push(text);
        }
        next = error.source();
    }
    messages
}
