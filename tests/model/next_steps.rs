//! A refusal of a model's server ends in what a person can do: which variable or setting to change, and to what.

use cardinal::model::{ModelError, ModelPlaces, ModelSettings, Provider};
use serde_json::{Value, json};

use super::talk::{ask, question};
use crate::support::scripted_model::{Reply, ScriptedModel};

const PROVIDERS: [Provider; 3] = [Provider::Openai, Provider::OpenaiResponses, Provider::Anthropic];

async fn server(provider: Provider, reply: impl Fn() -> Reply + Send + Sync + 'static) -> ScriptedModel {
    match provider {
        Provider::Anthropic => ScriptedModel::anthropic_with(move |_| reply()).await,
        Provider::OpenaiResponses => ScriptedModel::responses_with(move |_| reply()).await,
        Provider::Openai | Provider::Offline => ScriptedModel::openai_with(move |_| reply()).await,
    }
}

/// What a person is told, with `HOST` for the server's.
async fn told(server: &ScriptedModel, settings: &ModelSettings) -> String {
    let error = ask(settings, &question()).await.unwrap_err();
    let url = server.base_url();
    let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    error.to_string().replace(&host, "HOST")
}

fn key(provider: Provider) -> &'static str {
    match provider {
        Provider::Anthropic => "ANTHROPIC_API_KEY",
        _ => "OPENAI_API_KEY",
    }
}

#[tokio::test]
async fn a_refused_key_is_told_with_the_variable_that_holds_it() {
    let refused = |status: u16| move || Reply::status(status, json!({"error": {"message": "No."}}));
    for provider in PROVIDERS {
        let server = server(provider, refused(401)).await;
        let mut settings = server.settings();
        let key = key(provider);
        let said = told(&server, &settings).await;
        let step = format!("No; the key was read from {key}: check that it is one for HOST");
        assert!(said.ends_with(&step), "{said}");

        settings.places = ModelPlaces {
            key: Some("TEAM_KEY".to_owned()),
            headers: vec![("api-key".to_owned(), "GATEWAY_KEY".to_owned())],
            ..ModelPlaces::default()
        };
        let said = told(&server, &settings).await;
        let step = "from TEAM_KEY, and the header api-key from GATEWAY_KEY: check that it is one for HOST";
        assert!(said.ends_with(step), "{said}");

        settings.places = ModelPlaces::default();
        settings.api_key = None;
        let said = told(&server, &settings).await;
        let step = format!("{key} is not set, so no key was sent: set it");
        assert!(said.ends_with(&step), "{said}");
    }
    // Some servers refuse a key with another status.
    for (status, words) in [
        (403, "Project has no right to do this"),
        (400, "API key not valid. Please pass a valid API key."),
    ] {
        let server = server(Provider::Openai, move || {
            Reply::status(status, json!({"error": {"message": words}}))
        })
        .await;
        let said = told(&server, &server.settings()).await;
        assert!(said.contains("the key was read from OPENAI_API_KEY"), "{said}");
    }
}

#[tokio::test]
async fn a_model_that_is_not_there_is_told_with_those_that_are() {
    for (status, body, step) in [
        (
            404,
            json!({"error": {"message": "The model `scripted` does not exist", "code": "model_not_found"}}),
            "name another model with --model PROVIDER:NAME",
        ),
        (
            404,
            json!({"error": {"message": "model \"scripted\" not found, try pulling it first"}}),
            "run `ollama pull scripted`, or name another with --model PROVIDER:NAME",
        ),
        (
            404,
            json!({"error": {"code": "DeploymentNotFound", "message": "The API deployment for this resource does not exist."}}),
            "with --model PROVIDER:DEPLOYMENT",
        ),
        (
            404,
            json!({"error": {"message": "No models loaded. Please load a model in the developer page."}}),
            "`lms load scripted`",
        ),
        (
            404,
            json!({"type": "error", "error": {"type": "not_found_error", "message": "model: scripted"}}),
            "name another model with --model PROVIDER:NAME",
        ),
        (
            400,
            json!({"error": {"message": "scripted is not a valid model ID", "code": 400}}),
            "name another model with --model PROVIDER:NAME",
        ),
        (
            400,
            json!({"error": {"message": "/chat/completions: Invalid model name passed in model=scripted. Call `/v1/models` to view available models for your key."}}),
            "name another model with --model PROVIDER:NAME",
        ),
        (
            403,
            json!({"error": {"message": "Project `p` does not have access to model `scripted`"}}),
            "name another model with --model PROVIDER:NAME",
        ),
    ] {
        for provider in PROVIDERS {
            let body = body.clone();
            let server = server(provider, move || Reply::status(status, body.clone())).await;
            let settings = server.settings();
            let prefix = settings.id.to_string().replace(":scripted", "");
            let said = told(&server, &settings).await;
            assert!(said.contains(&step.replace("PROVIDER", &prefix)), "{said}");
            assert!(said.ends_with("; the server has scripted"), "{said}");
            let listed = server.captured().into_iter().filter(|one| one.method == "GET");
            assert_eq!(listed.count(), 1, "{said}");
        }
    }
    let server = server(Provider::Openai, || {
        Reply::status(
            404,
            json!({"error": {"message": "The model `scripted` does not exist"}}),
        )
    })
    .await;
    server.list_nothing();
    let said = told(&server, &server.settings()).await;
    assert!(said.ends_with("CARDINAL_MODEL or `id` in [model]"), "{said}");
}

#[tokio::test]
async fn a_redirect_is_told_with_where_it_leads_and_never_followed() {
    for (status, location, step) in [
        (
            301,
            "https://llm.example.com/v1/ROUTE?key=sk-test-secret",
            "at another address, https://llm.example.com/v1; if you trust it, set VARIABLE to https://llm.example.com/v1",
        ),
        (
            308,
            "https://me:pw@127.0.0.1/v1/ROUTE",
            "if you trust it, set VARIABLE to https://127.0.0.1/v1",
        ),
        (
            302,
            "https://sso.example.com/login?rd=1",
            "https://sso.example.com/login; that is no address of an API and may be a login page: a proxy stands before the server that VARIABLE names",
        ),
        (
            308,
            "/login?next=/v1",
            "http://HOST/login; that is no address of an API and may be a login page: a proxy stands before the server that VARIABLE names",
        ),
        (
            307,
            "SELF/",
            "the address in VARIABLE is right but for the way its server redirects: let it answer POST there itself",
        ),
    ] {
        for (provider, route, variable) in [
            (Provider::Openai, "chat/completions", "OPENAI_BASE_URL"),
            (Provider::OpenaiResponses, "responses", "OPENAI_BASE_URL"),
            (Provider::Anthropic, "messages", "ANTHROPIC_BASE_URL"),
        ] {
            let path = format!("/v1/{route}/");
            let location = location.replace("SELF/", &path).replace("ROUTE", route);
            let server = server(provider, move || {
                Reply::failed(status, "").with_header("location", &location)
            })
            .await;
            let said = told(&server, &server.settings()).await;
            let mut step = step.replace("VARIABLE", variable);
            if provider == Provider::Anthropic {
                step = step
                    .replace(".com/v1", ".com")
                    .replace("127.0.0.1/v1", "127.0.0.1");
            }
            assert!(said.ends_with(&step), "{said}");
            assert_eq!(server.requests().len(), 1, "{said}");
            assert!(!said.contains("pw") && !said.contains("secret"), "{said}");
        }
    }
}

#[tokio::test]
async fn an_address_that_cannot_be_reached_is_told_with_what_to_look_at() {
    let server = ScriptedModel::openai(Vec::new()).await;
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let port = server.base_url().port().unwrap();
    for (url, step) in [
        (
            format!("http://{gone}/v1"),
            format!("; is the server running at {gone}? OPENAI_BASE_URL names it"),
        ),
        (
            "http://no-such-host.invalid/v1".to_owned(),
            "; no such host is known: check the address in OPENAI_BASE_URL".to_owned(),
        ),
        (
            format!("https://127.0.0.1:{port}/v1"),
            "; it speaks http and not https: write http in place of https in OPENAI_BASE_URL".to_owned(),
        ),
    ] {
        let mut settings = server.settings();
        settings.base_url = Some(url.parse().unwrap());
        let error = ask(&settings, &question()).await.unwrap_err();
        assert!(matches!(error, ModelError::Wire { .. }), "{error:?}");
        assert!(error.to_string().ends_with(&step), "{error}");
        settings.places.address = Some("cardinal.toml: model.base_url".to_owned());
        let error = ask(&settings, &question()).await.unwrap_err();
        assert!(
            error.to_string().contains("cardinal.toml: model.base_url"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_part_that_is_refused_inside_an_answer_is_left_out_like_one_that_a_status_refuses() {
    let told = |words: &str| json!({"error": {"message": words, "type": "invalid_request_error"}});
    let as_event = |body: &Value| Reply::sse(format!("event: error\ndata: {body}\n\n"));
    for how in ["document", "event", "422", "500", "501"] {
        let server = ScriptedModel::openai_with(move |body| {
            if body.get("stream_options").is_none() {
                return Reply::text("Seven.");
            }
            let words = told("Unrecognized request argument supplied: stream_options");
            match how {
                "document" => Reply::json(words),
                "event" => as_event(&words),
                status => Reply::status(status.parse().unwrap(), words),
            }
        })
        .await;
        let heard = ask(&server.settings(), &question()).await.unwrap();
        assert_eq!(heard.completion.text, "Seven.", "{how}");

        let server = ScriptedModel::openai_with(move |body| {
            if body.get("tools").is_none() {
                return Reply::text(r#"{"action": "answer", "arguments": {"text": "Eight."}}"#);
            }
            let words = told("scripted does not support tools");
            match how {
                "document" => Reply::json(words),
                "event" => as_event(&words),
                status => Reply::status(status.parse().unwrap(), words),
            }
        })
        .await;
        let heard = ask(&server.settings(), &question()).await.unwrap();
        assert_eq!(heard.completion.text, "Eight.", "{how}");
    }
}

#[tokio::test]
async fn an_encoding_that_was_not_asked_for_is_named() {
    for provider in PROVIDERS {
        for status in [200, 401] {
            let server = server(provider, move || {
                Reply::failed(status, "\u{1}\u{2}\u{3}").with_header("content-encoding", "br")
            })
            .await;
            let said = told(&server, &server.settings()).await;
            assert!(
                said.contains("in the encoding br, which was not asked for"),
                "{said}"
            );
        }
    }
}

#[tokio::test]
async fn a_web_page_is_told_by_its_title_or_first_words() {
    for (status, page, said) in [
        (
            200,
            "<html><head><style>p{}</style></head><body><h1>Sign in</h1>",
            "a web page (Sign in); check OPENAI_BASE_URL",
        ),
        (
            403,
            "<!DOCTYPE html><title>Denied by proxy</title>",
            "a web page (Denied by proxy); a proxy or a login page",
        ),
        (
            413,
            "<html><h1>413 Request Entity Too Large</h1>",
            "; the request is longer than the server at HOST",
        ),
        (
            502,
            "<html><head><title>502 Bad Gateway</title></head>",
            "a web page (502 Bad Gateway); the server behind HOST cannot answer just now",
        ),
    ] {
        let server = server(Provider::Openai, move || {
            Reply::failed(status, page).with_header("content-type", "text/html")
        })
        .await;
        let told = told(&server, &server.settings()).await;
        assert!(told.contains(said), "{told}");
    }
}

#[tokio::test]
async fn the_reason_behind_a_gateway_is_told() {
    for (body, said) in [
        (
            json!({"message": "Provider returned error", "code": 400, "metadata": {"raw": "the pool is too small", "remedy_hint": "wait"}}),
            "Provider returned error: the pool is too small",
        ),
        (
            json!([{"error": {"code": 400, "message": "Request contains an invalid argument.", "details": [
                {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [
                    {"field": "contents[1].parts", "description": "must not be empty"}]}]}}]),
            "Request contains an invalid argument: contents[1].parts: must not be empty",
        ),
        (
            json!({"error": {"code": "BadRequest", "message": "It is bad.", "innererror": {"message": "too many rows"}}}),
            "It is bad: too many rows",
        ),
    ] {
        let server = server(Provider::Openai, move || Reply::status(400, body.clone())).await;
        let told = told(&server, &server.settings()).await;
        assert!(told.contains(said), "{told}");
    }
}
