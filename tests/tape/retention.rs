use std::path::Path;
use std::time::{Duration, SystemTime};

use cardinal::tapes::{Retention, TapeFolder, replay};

use super::kit::openai;

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[tokio::test]
async fn what_no_tape_needs_goes_and_what_one_needs_stays() {
    let mut taped = openai().await;
    let at = taped.directory.path().to_owned();
    let second = at.join("second.jsonl");
    taped.stack.record("and now?", &second).await.tape.unwrap();
    let keeping = |max_files| {
        let max_age = Duration::from_secs(24 * 60 * 60);
        TapeFolder::new(&at, Some(Retention { max_files, max_age }))
    };
    let later = SystemTime::now() + Duration::from_secs(2 * 60 * 60);
    assert_eq!(keeping(1).prune(later), 0, "the second turn needs the first");
    replay(&second).await.unwrap();

    std::fs::remove_file(&second).unwrap();
    let stray = at.join("prompts/00ff.json");
    std::fs::write(&stray, "{}").unwrap();
    assert_eq!(keeping(1).prune(later), 0);
    assert!(stray.exists(), "nothing is looked at while no tape goes");
    assert_eq!(keeping(0).prune(SystemTime::now()), 1);
    assert_eq!(
        (files(&at.join("prompts")), files(&at.join("catalogs"))),
        (2, 1),
        "they are fresh"
    );

    let other = openai().await;
    std::fs::copy(other.path(), at.join("other.jsonl")).unwrap();
    assert_eq!(keeping(0).prune(later), 1);
    assert_eq!((files(&at.join("prompts")), files(&at.join("catalogs"))), (0, 0));
}
