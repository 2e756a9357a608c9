use std::fs;
use std::time::Duration;

use cardinal::approvals::{
    ApprovalAnswer, ApprovalError, ApprovalRequest, ApprovalState, ApproverIdentity, credential_mark,
};
use secrecy::SecretString;
use serde_json::json;

use super::{KEY, ana, half_an_hour, store};

fn request(hash: &str) -> ApprovalRequest {
    ApprovalRequest {
        request_sha256: hash.to_owned(),
        agent: "analyst".to_owned(),
        principal: "somebody".to_owned(),
        asked_by: None,
        account: Some("1".to_owned()),
        operation: "delete_job".to_owned(),
        does: "delete job 5".to_owned(),
        reason: "it changes code".to_owned(),
        body: Some(json!({"a": 1})),
        credential: credential_mark("token"),
    }
}

fn waiting(answer: ApprovalAnswer) -> String {
    match answer {
        ApprovalAnswer::Waiting { id } => id,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_request_waits_is_granted_and_is_let_through_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = half_an_hour(folder.path());
    let id = waiting(store.ask(request("aa")).await.unwrap());
    // Asking again makes no second one.
    assert_eq!(waiting(store.ask(request("aa")).await.unwrap()), id);
    let granted = store.decide(&id, true, ana()).await.unwrap();
    assert_eq!(
        (granted.state, granted.decided_by.as_deref()),
        (ApprovalState::Granted, Some("ana"))
    );
    // Another request, agent, person or credential has no part in it.
    for other in [
        request("bb"),
        ApprovalRequest {
            agent: "other".to_owned(),
            ..request("aa")
        },
        ApprovalRequest {
            principal: "other".to_owned(),
            ..request("aa")
        },
        ApprovalRequest {
            account: None,
            ..request("aa")
        },
        ApprovalRequest {
            credential: credential_mark("else"),
            ..request("aa")
        },
    ] {
        assert_ne!(waiting(store.ask(other).await.unwrap()), id);
    }
    let used = store.ask(request("aa")).await.unwrap();
    assert_eq!(
        used,
        ApprovalAnswer::Approved {
            id: id.clone(),
            by: "ana".to_owned()
        }
    );
    assert_ne!(
        waiting(store.ask(request("aa")).await.unwrap()),
        id,
        "it is used up"
    );
    assert_eq!(store.get(&id).await.unwrap().state, ApprovalState::Used);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_ask_at_once_one_is_let_through() {
    let folder = tempfile::tempdir().unwrap();
    let one = half_an_hour(folder.path());
    let id = waiting(one.ask(request("aa")).await.unwrap());
    one.decide(&id, true, ana()).await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            // As another process has it: nothing in common but the folder.
            let store = half_an_hour(folder.path());
            tokio::spawn(async move { store.ask(request("aa")).await.unwrap() })
        })
        .collect();
    let mut through = 0;
    for task in tasks {
        through += usize::from(matches!(task.await.unwrap(), ApprovalAnswer::Approved { .. }));
    }
    assert_eq!(through, 1);
}

#[tokio::test]
async fn nobody_decides_twice_too_late_or_for_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let store_now = half_an_hour(folder.path());
    let id = waiting(store_now.ask(request("aa")).await.unwrap());
    let key = |key: &str| ApproverIdentity::Key(SecretString::from(key));
    // "token" is named as an approver, and is what the request is sent with.
    let same = store_now.decide(&id, true, key("token")).await.unwrap_err();
    assert!(matches!(same, ApprovalError::SameCredential { .. }), "{same}");
    let stranger = store_now.decide(&id, true, key("guess")).await.unwrap_err();
    assert!(
        matches!(stranger, ApprovalError::NotAnApprover(_)) && !stranger.to_string().contains("guess"),
        "{stranger}"
    );
    let unknown = ApproverIdentity::Principal("eve@example.com".to_owned());
    assert!(matches!(
        store_now.decide(&id, true, unknown).await,
        Err(ApprovalError::NotAnApprover(_))
    ));
    assert_eq!(store_now.get(&id).await.unwrap().state, ApprovalState::Waiting);
    store_now.decide(&id, false, ana()).await.unwrap();
    let again = store_now.decide(&id, true, ana()).await.unwrap_err();
    assert!(matches!(again, ApprovalError::Decided { .. }), "{again}");
    let denied = store_now.ask(request("aa")).await.unwrap();
    assert!(matches!(denied, ApprovalAnswer::Denied { by, .. } if by == "ana"));
    for id in ["ap_0123456789abcdef", "../../etc/passwd", "ap_", "lock"] {
        assert!(
            matches!(store_now.get(id).await, Err(ApprovalError::Missing { .. })),
            "{id}"
        );
    }

    let other = tempfile::tempdir().unwrap();
    let soon = store(other.path(), Duration::from_millis(40));
    let id = waiting(soon.ask(request("aa")).await.unwrap());
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert!(matches!(
        soon.decide(&id, true, ana()).await,
        Err(ApprovalError::Expired { .. })
    ));
    let id = waiting(soon.ask(request("aa")).await.unwrap());
    soon.decide(&id, true, ana()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_ne!(
        waiting(soon.ask(request("aa")).await.unwrap()),
        id,
        "an approval that is too old is none"
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_read_lets_nothing_through_and_holds_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let store = half_an_hour(folder.path());
    let id = waiting(store.ask(request("aa")).await.unwrap());
    let path = folder.path().join(format!("{id}.json"));
    let text = fs::read_to_string(&path).unwrap();
    assert!(!text.contains(KEY) && !text.contains("\"token\""));
    fs::write(&path, "{}").unwrap();
    assert!(matches!(
        store.ask(request("aa")).await,
        Err(ApprovalError::Unreadable { .. })
    ));
}
