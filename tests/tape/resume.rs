use cardinal::conversation::Conversation;
use cardinal::tapes::replay;
use cardinal::wire::{TapeError, TapeFile};

use super::kit::{Taped, openai, responses};

#[tokio::test]
async fn a_killed_recording_is_resumed_without_asking_twice() {
    Box::pin(resumed_anywhere(async || openai().await)).await;
}

#[tokio::test]
async fn so_is_one_over_the_responses_api() {
    Box::pin(resumed_anywhere(async || responses().await)).await;
}

/// Kills a recording after each of its exchanges and resumes it.
async fn resumed_anywhere(recorded: impl AsyncFn() -> Taped) {
    let whole = recorded().await.read();
    for kept in 0..whole.exchanges.len() {
        // A script that goes on where it is asked to.
        let taped = recorded().await;
        let asked = taped.stack.model.requests().len();
        let text = std::fs::read_to_string(taped.path()).unwrap();
        let mut torn: String = text
            .lines()
            .take(kept + 1)
            .map(|line| format!("{line}\n"))
            .collect();
        torn.push_str(&text.lines().nth(kept + 1).unwrap()[..20]);
        std::fs::write(taped.path(), torn).unwrap();
        assert!(matches!(
            TapeFile::read(&taped.path()),
            Err(TapeError::Unfinished { exchanges, .. }) if exchanges == kept
        ));

        let mut conversation = Conversation::new("test");
        let options = taped.stack.options();
        let resumed = taped
            .stack
            .recorder
            .resume(
                &taped.stack.agent,
                &mut conversation,
                options,
                &mut |_| {},
                &taped.path(),
            )
            .await
            .unwrap()
            .unwrap();
        resumed.tape.unwrap();
        let again = taped.stack.model.requests().len() - asked;
        assert!(
            again <= whole.exchanges.len() - kept,
            "{again} completions after {kept} exchanges"
        );
        assert_eq!(
            replay(&taped.path()).await.unwrap().answer.text,
            resumed.answer.text
        );
    }
}

/// A tape of a turn that was killed after its second exchange, and the stack that recorded it.
async fn killed() -> (Taped, String) {
    let taped = openai().await;
    let text = std::fs::read_to_string(taped.path()).unwrap();
    let begun: String = text.lines().take(3).map(|line| format!("{line}\n")).collect();
    std::fs::write(taped.path(), &begun).unwrap();
    (taped, begun)
}

/// The same, with something else on the tape.
async fn killed_with(change: impl FnOnce(&mut TapeFile)) -> (Taped, String) {
    let (taped, begun) = killed().await;
    let mut tape = TapeFile::read_unfinished(&taped.path()).unwrap();
    change(&mut tape);
    std::fs::remove_file(taped.path()).unwrap();
    tape.save(&taped.path()).unwrap();
    let forged = std::fs::read_to_string(taped.path()).unwrap();
    assert_ne!(forged, begun);
    (taped, forged)
}

async fn refused(taped: &Taped) -> TapeError {
    let mut conversation = Conversation::new("test");
    let (stack, path) = (&taped.stack, taped.path());
    let mut unwatched = |_| {};
    let options = stack.options();
    let resumed = stack
        .recorder
        .resume(&stack.agent, &mut conversation, options, &mut unwatched, &path);
    resumed.await.unwrap_err()
}

#[tokio::test]
async fn a_turn_goes_on_only_as_it_began() {
    let (taped, begun) = killed_with(|tape| tape.header.model = "openai:another".to_owned()).await;
    let error = refused(&taped).await;
    assert!(error.to_string().contains("another model"), "{error}");
    assert_eq!(std::fs::read_to_string(taped.path()).unwrap(), begun);

    let (taped, begun) = killed_with(|tape| tape.header.setup["max_rows"] = 7.into()).await;
    let error = refused(&taped).await;
    assert!(
        matches!(&error, TapeError::BegunOtherwise { what, .. } if what == "setting /max_rows"),
        "{error}"
    );
    assert_eq!(std::fs::read_to_string(taped.path()).unwrap(), begun);
}

#[tokio::test]
async fn a_turn_that_parts_from_its_tape_leaves_it_as_it_was() {
    let (taped, forged) = killed_with(|tape| tape.exchanges[1].request["body"]["further"] = 1.into()).await;
    let error = refused(&taped).await;
    assert!(matches!(error, TapeError::Parted { .. }), "{error}");
    assert_eq!(std::fs::read_to_string(taped.path()).unwrap(), forged);
}
