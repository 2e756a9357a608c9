//! Texts that only say what the model is going to do, in the languages that people ask in.

use cardinal::model::StopCause;

use super::chunks::{DONE, end, events, said, says};

async fn stop_of(text: &str) -> (StopCause, String) {
    let body = events(&[said(text), end("stop")]) + DONE;
    let completion = says(body).await.unwrap().completion;
    (completion.stop, completion.text)
}

#[tokio::test]
async fn a_look_that_is_only_announced_is_no_answer_in_any_language() {
    for text in [
        "I will now query the revenue. Please wait.",
        "I'm checking the orders.",
        "To answer your question, I'll start by looking at Q1 2025.",
        "Ich werde jetzt die Umsätze abfragen.",
        "Lass mich kurz nachsehen.",
        "Einen Moment, ich schaue mir die Daten an.",
        "Um Ihre Frage zu beantworten, werde ich die Umsätze für 2025 abrufen.",
        "Je vais consulter les données de ventes.",
        "Bien sûr, je vais d’abord interroger la métrique.",
        "Laissez-moi vérifier cela. Un instant, s'il vous plaît.",
        "Voy a consultar los ingresos.",
        "Claro, déjame revisar los datos.",
        "Un momento, voy a verificarlo.",
        "Vou consultar os dados.",
        "Claro! Deixe-me verificar os pedidos.",
        "Vado a controllare i dati.",
        "Per rispondere alla tua domanda, controllerò i ricavi.",
        "Ik ga de omzet opvragen.",
        "Laat me de gegevens even bekijken.",
        "让我查询一下2025年的收入。",
    ] {
        assert_eq!(stop_of(text).await.0, StopCause::Garbled, "{text}");
    }
}

#[tokio::test]
async fn what_tells_a_figure_or_waits_for_the_person_or_is_done_is_an_answer() {
    for text in [
        "I cannot query that.",
        "I'll check it as soon as you tell me the year.",
        "I will call it 1,200.50 in all.",
        "I need to look at {{r1 revenue @ 2025}} again.",
        "Please wait.",
        "Ich kann das nicht abfragen.",
        "Sobald Sie das Jahr nennen, werde ich die Umsätze abfragen.",
        "Der Umsatz betrug 7.",
        "J'ai vérifié les données.",
        "Je vais vérifier dès que vous précisez l'année.",
        "Los ingresos fueron 7.",
        "Voy a consultarlo cuando me digas el año.",
        "A receita foi de 7.",
        "Não vou consultar isso.",
        "Controllo qualità: 7",
        "Non posso controllare.",
        "De omzet was 7.",
        "Ik ga kijken zodra u het jaar noemt.",
        "2025年的收入是7。",
    ] {
        assert_eq!(stop_of(text).await, (StopCause::End, text.to_owned()));
    }
}
