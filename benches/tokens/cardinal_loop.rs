//! Cardinal asks the ten questions.

use std::sync::Arc;

use cardinal::agent::{AgentParts, CatalogReport, GroundingSettings, TurnOptions};
use cardinal::catalog::Catalog;
use cardinal::conversation::Conversation;
use cardinal::model::{CompletionSettings, connect};
use cardinal::prompt::Prompt;
use cardinal::result::ShapingSettings;
use cardinal::tools::Toolbox;
use cardinal::wire::Wire;
use cardinal::{Agent, AuthSettings, ModelSettings, OnUnmatched, TurnSettings};
use tokio_util::sync::CancellationToken;

use crate::model::Script;
use crate::sent::SentPrompts;
use crate::{Outcome, QUESTIONS, Source, question};

pub(crate) async fn ask(source: &Source, catalog: &Arc<Catalog>) -> Outcome<SentPrompts> {
    let script = Script::serve(source.card.id()).await?;
    let settings = ModelSettings {
        id: "openai:bench".parse()?,
        base_url: Some(script.url.parse()?),
        ..ModelSettings::offline()
    };
    let toolbox = Toolbox::new(
        Arc::clone(catalog),
        source.client.clone(),
        ShapingSettings::default(),
    );
    let agent = Agent::new(AgentParts {
        model: connect(&settings, Wire::live()?)?,
        prompt: Prompt::render(catalog, toolbox.specs())?,
        toolbox,
        catalog: CatalogReport {
            fingerprint: catalog.fingerprint(),
            entries: catalog.entries().len(),
        },
        settings: TurnSettings {
            grounding: GroundingSettings {
                on_unmatched: OnUnmatched::Mark,
                ..GroundingSettings::default()
            },
            sign_in: (&AuthSettings::ApiKey(source.key.clone().into())).into(),
            ..TurnSettings::new(CompletionSettings::of(&settings, None))
        },
    });
    let mut sent = SentPrompts::default();
    let mut conversation = Conversation::new("tokens");
    for number in 0..QUESTIONS {
        let options = TurnOptions {
            today: jiff::civil::date(2026, 6, 30),
            asker: None,
            cancel: CancellationToken::new(),
        };
        let answer = agent
            .run_turn(&mut conversation, &question(number), options, &mut |_| {})
            .await?;
        if answer.evidence.len() != 1 {
            return Err(format!("question {number} ended {:?}: {}", answer.outcome, answer.text).into());
        }
        for held in conversation.shelf.iter().rev().take(1) {
            sent.shown(
                usize::try_from(held.shown.rows_shown)?,
                usize::try_from(held.shown.bytes_shown)?,
            );
        }
    }
    for request in script.requests() {
        sent.add(&request);
    }
    Ok(sent)
}
