use super::report::Check;
use crate::app;
use crate::catalog::nearest;
use crate::config::Settings;
use crate::model::{self, ModelDrive, ModelError, Provider};
use crate::wire::Wire;

/// What to do where an error does not say it itself.
const FIX: &str = "check the model's name, its key (OPENAI_API_KEY or ANTHROPIC_API_KEY) and its address, \
                   or use --model offline";

/// What to do where the server lists other models.
const OTHER: &str = "name one that it lists with --model, CARDINAL_MODEL or `id` in [model]";

/// Names shown of those that are listed, where none is like the model's.
const SHOWN: usize = 8;
/// Names shown of those like the one that is not listed.
const SIMILAR: usize = 3;

/// Asks the model's server whether it is there, takes the key and has the model.
///
/// `chosen_by` is the variable that chose the provider, where no model is named.
pub(super) async fn check(settings: &Settings, chosen_by: Option<&str>, wire: Wire, checks: &mut Vec<Check>) {
    let name = settings.model.id.to_string();
    let chosen = chosen_by.map(|variable| format!(" (no model is named; {variable} chose it)"));
    let chosen = chosen.unwrap_or_default();
    if settings.model.id.provider == Provider::Offline {
        checks.push(Check::ok(
            "model",
            format!("{name}: keyword planner, no language model is used"),
        ));
        return;
    }
    match model::check(&settings.model, wire).await {
        Ok(health) if health.has_model == Some(false) => {
            let listed = health.listed.iter().map(String::as_str);
            let similar = nearest(&settings.model.id.name, listed, SIMILAR);
            let some: Vec<&str> = health.listed.iter().map(String::as_str).take(SHOWN).collect();
            let has = match similar.as_slice() {
                [] if health.listed.len() > SHOWN => format!("it lists {}, …", some.join(", ")),
                [] => format!("it lists {}", some.join(", ")),
                names => format!("near it: {}", names.join(", ")),
            };
            let message = format!("the server of {name} does not list it{chosen}; {has}");
            checks.push(Check::warning("model", message, OTHER));
        }
        Ok(health) => {
            let over = health
                .protocol
                .map(|protocol| format!(" and is asked over {protocol}"));
            let message = format!("{name} can be reached{}{chosen}", over.unwrap_or_default());
            checks.push(Check::ok("model", message));
        }
        Err(error) => checks.push(failed("model", &error)),
    }
    if app::price(&settings.model).is_none()
        && settings.budget.max_cost_usd.is_some()
        && !settings.budget.allow_unpriced
    {
        checks.push(Check::warning(
            "model",
            format!("the price of {name} is not known, so it is not used under budget.max_cost_usd"),
            "set [model.prices], or budget.allow_unpriced = true",
        ));
    }
}

/// An error with what to do about it in its own place.
fn failed(name: &'static str, error: &ModelError) -> Check {
    match error.next_step() {
        None => Check::error(name, error, FIX),
        Some(step) => Check::error(name, error, step).without(&format!("; {step}")),
    }
}

/// Lets the model call a tool, refuses the call, and says what its server can do.
pub(super) async fn try_it(settings: &Settings, wire: Wire, checks: &mut Vec<Check>) {
    const NAME: &str = "model trial";
    if settings.model.id.provider == Provider::Offline {
        return;
    }
    let trial = match model::try_model(&settings.model, wire).await {
        Ok(trial) => trial,
        Err(error) => {
            let check = failed(NAME, &error);
            // What cannot be reached is said once.
            if !checks.iter().any(|earlier| earlier.says_the_same(&check)) {
                checks.push(check);
            }
            return;
        }
    };
    let drive = match trial.drive {
        ModelDrive::JsonAction => "driven by one JSON object per step",
        ModelDrive::Native | ModelDrive::Probe => "driven by tool calls",
    };
    let over = trial.protocol.map(|protocol| format!("asked over {protocol}"));
    let mut found: Vec<String> = over.into_iter().collect();
    found.extend([
        drive.to_owned(),
        if trial.streams {
            "text comes in pieces"
        } else {
            "text comes as one piece"
        }
        .to_owned(),
        if trial.tells_usage {
            "usage is told"
        } else {
            "usage is not told"
        }
        .to_owned(),
        format!("{} tokens came from the cache", trial.cached_tokens),
    ]);
    found.extend(trial.left_out.iter().map(|part| part.sentence().to_owned()));
    checks.push(Check::ok(NAME, found.join("; ")));
    if let Some(note) = trial.cut_prompt {
        checks.push(Check::warning(
            NAME,
            note,
            "give the model a context of 16384 tokens or more",
        ));
    }
    if !trial.calls_tools {
        let message = format!(
            "{} did not call the tool that it was asked to call",
            settings.model.id
        );
        let fix = match trial.drive {
            ModelDrive::JsonAction => "take another model: it is driven by JSON objects already",
            ModelDrive::Native | ModelDrive::Probe => {
                "set model.drive = \"json_action\", or take another model"
            }
        };
        checks.push(Check::warning(NAME, message, fix));
    }
    if !trial.takes_a_refusal {
        let message = format!(
            "{} did not answer in words when its call was refused",
            settings.model.id
        );
        checks.push(Check::warning(
            NAME,
            message,
            "take another model: it may not find its way out of a refusal",
        ));
    }
}
