//! One line of what a provider's batch came to.

use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// What became of one request of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchResult {
    /// The response that the request would have had over the network.
    Answered {
        status: StatusCode,
        body: Bytes,
    },
    /// The batch's time ran out before it was asked. It cost nothing.
    Expired,
    Cancelled,
}

#[derive(Deserialize)]
struct OpenAiLine {
    custom_id: String,
    response: Option<OpenAiResponse>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct OpenAiResponse {
    status_code: u16,
    #[serde(default)]
    body: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct AnthropicLine {
    custom_id: String,
    result: AnthropicResult,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum AnthropicResult {
    Succeeded { message: Value },
    Errored { error: Value },
    Canceled,
    Expired,
}

impl BatchResult {
    /// A line of OpenAI's file of outputs or of errors, with the id of its request.
    pub(super) fn of_openai(line: &[u8]) -> serde_json::Result<(String, Self)> {
        let OpenAiLine {
            custom_id,
            response,
            error,
        } = serde_json::from_slice(line)?;
        let error = error.filter(|error| !error.is_null());
        let code = error.as_ref().and_then(|error| error.get("code")?.as_str());
        let result = match (code, response) {
            (Some("batch_expired"), _) => Self::Expired,
            (Some("batch_cancelled" | "batch_canceled"), _) => Self::Cancelled,
            (_, Some(response)) => Self::Answered {
                status: StatusCode::from_u16(response.status_code)
                    .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                body: response.body.map_or_else(Bytes::new, |body| {
                    Bytes::from(String::from(Box::<str>::from(body)))
                }),
            },
            (_, None) => Self::Answered {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                body: Bytes::from(serde_json::json!({ "error": error }).to_string()),
            },
        };
        Ok((custom_id, result))
    }

    /// A line of Anthropic's results, with the id of its request.
    pub(super) fn of_anthropic(line: &[u8]) -> serde_json::Result<(String, Self)> {
        let AnthropicLine { custom_id, result } = serde_json::from_slice(line)?;
        let result = match result {
            AnthropicResult::Succeeded { message } => Self::Answered {
                status: StatusCode::OK,
                body: Bytes::from(message.to_string()),
            },
            AnthropicResult::Errored { error } => Self::Answered {
                status: status_of(&error),
                body: Bytes::from(error.to_string()),
            },
            AnthropicResult::Canceled => Self::Cancelled,
            AnthropicResult::Expired => Self::Expired,
        };
        Ok((custom_id, result))
    }
}

/// The status with which Anthropic sends such an error over the network.
fn status_of(error: &Value) -> StatusCode {
    let inner = error.get("error").unwrap_or(error);
    match inner.get("type").and_then(Value::as_str).unwrap_or_default() {
        "invalid_request_error" => StatusCode::BAD_REQUEST,
        "authentication_error" => StatusCode::UNAUTHORIZED,
        "billing_error" => StatusCode::PAYMENT_REQUIRED,
        "permission_error" => StatusCode::FORBIDDEN,
        "not_found_error" => StatusCode::NOT_FOUND,
        "request_too_large" => StatusCode::PAYLOAD_TOO_LARGE,
        "rate_limit_error" => StatusCode::TOO_MANY_REQUESTS,
        "timeout_error" => StatusCode::GATEWAY_TIMEOUT,
        "overloaded_error" => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_in_which_a_request_of_openai_ends_are_told_apart() {
        let read = |line: &str| BatchResult::of_openai(line.as_bytes()).unwrap();
        let (id, result) = read(
            r#"{"id":"r","custom_id":"a","response":{"status_code":200,"request_id":"x","body":{"n":1.50}},"error":null}"#,
        );
        assert_eq!(id, "a");
        let body = Bytes::from(r#"{"n":1.50}"#);
        assert_eq!(
            result,
            BatchResult::Answered {
                status: StatusCode::OK,
                body
            }
        );
        let (_, expired) =
            read(r#"{"custom_id":"a","response":null,"error":{"code":"batch_expired","message":"m"}}"#);
        assert_eq!(expired, BatchResult::Expired);
        let (_, failed) =
            read(r#"{"custom_id":"a","response":null,"error":{"code":"server_error","message":"m"}}"#);
        let BatchResult::Answered { status, body } = failed else {
            panic!()
        };
        assert_eq!(status, 500);
        assert!(String::from_utf8_lossy(&body).contains("server_error"));
        assert!(BatchResult::of_openai(b"{}").is_err());
    }

    #[test]
    fn the_ways_in_which_a_request_of_anthropic_ends_are_told_apart() {
        let read = |result: &str| {
            let line = format!(r#"{{"custom_id":"a","result":{result}}}"#);
            BatchResult::of_anthropic(line.as_bytes()).unwrap().1
        };
        assert_eq!(read(r#"{"type":"expired"}"#), BatchResult::Expired);
        assert_eq!(read(r#"{"type":"canceled"}"#), BatchResult::Cancelled);
        let failed = read(
            r#"{"type":"errored","error":{"type":"error","error":{"type":"overloaded_error","message":"m"}}}"#,
        );
        assert!(matches!(
            failed,
            BatchResult::Answered {
                status: StatusCode::SERVICE_UNAVAILABLE,
                ..
            }
        ));
        let answered = read(r#"{"type":"succeeded","message":{"type":"message"}}"#);
        assert!(matches!(
            answered,
            BatchResult::Answered {
                status: StatusCode::OK,
                ..
            }
        ));
    }
}
