use cardinal::session::Conversation;
use cardinal::tapes::replay;
use cardinal::wire::{TapeError, TapeFile};

use super::kit::openai;

#[tokio::test]
async fn a_killed_recording_is_resumed_without_asking_twice() {
    let whole = openai().await.read();
    for kept in 0..whole.exchanges.len() {
        // A script that goes on where it is asked to.
        let taped = openai().await;
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
            .studio
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
