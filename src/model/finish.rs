//! What a server's reason for the end of a completion means. Good endings are a list; whatever is not on it cut the
//! completion. The list is one for all protocols, because gateways pass on the words of the server behind them.

/// The reason that a server wrote, unless it wrote that there is none yet.
pub(super) fn given(reason: &str) -> Option<&str> {
    let is_none = matches!(reason.trim().to_ascii_lowercase().as_str(), "" | "null" | "none");
    (!is_none).then_some(reason)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FinishKind {
    Good,
    /// The model stopped to call tools.
    Calls,
    Length,
    Withheld,
    /// The model began a call that its server could not read.
    Garbled,
    Unknown,
}

impl FinishKind {
    /// Whether a reason says that something is missing, so that no later one makes the completion whole.
    pub(super) fn cuts(reason: &str) -> bool {
        matches!(Self::of(reason), Self::Length | Self::Withheld | Self::Garbled)
    }

    /// Whether it ends what is whole.
    pub(super) fn is_good(reason: &str) -> bool {
        matches!(Self::of(reason), Self::Good | Self::Calls)
    }

    /// Reads a reason in any spelling: `max_tokens`, `MAX_TOKENS`, `FinishReason.STOP`.
    pub(super) fn of(reason: &str) -> Self {
        let letters = reason.chars().filter(char::is_ascii_alphanumeric);
        let letters: String = letters.map(|c| c.to_ascii_lowercase()).collect();
        let letters = letters.strip_prefix("finishreason").unwrap_or(&letters);
        // What was filtered stands behind it in some servers' words.
        if letters.starts_with("functioncallfilter") {
            return Self::Garbled;
        }
        if letters.starts_with("contentfilter") {
            return Self::Withheld;
        }
        match letters {
            "stop" | "end" | "endturn" | "endofturn" | "eos" | "eot" | "eotid" | "eostoken" | "stoptoken"
            | "stopsequence" | "complete" | "completed" | "finished" | "done" => Self::Good,
            "toolcall" | "toolcalls" | "tooluse" | "functioncall" => Self::Calls,
            "length"
            | "maxtokens"
            | "maxoutputtokens"
            | "maxnewtokens"
            | "modellength"
            | "maxlength"
            | "lengthlimit"
            | "tokenlimit"
            | "modelcontextwindowexceeded" => Self::Length,
            "refusal"
            | "safety"
            | "recitation"
            | "blocklist"
            | "prohibitedcontent"
            | "spii"
            | "sensitive"
            | "errortoxic"
            | "guardrailintervened" => Self::Withheld,
            "malformedfunctioncall"
            | "malformedtoolcall"
            | "malformedtooluse"
            | "malformedmodeloutput"
            | "malformedresponse"
            | "unexpectedtoolcall"
            | "toomanytoolcalls" => Self::Garbled,
            _ => Self::Unknown,
        }
    }
}
