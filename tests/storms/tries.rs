//! Codes that are tried: many at once, at every process.

use countersign_tests::client::Answer;
use countersign_tests::cluster::all_at_once;
use countersign_tests::outbox::wrong;
use tokio::task::JoinHandle;

use crate::calls::Call;
use crate::site::{Challenge, Site};
use crate::tally::PurposeTally;

/// A right code, by id or by recipient.
pub(crate) fn right(challenge: &Challenge, by_recipient: bool) -> Call {
    let Challenge { id, to, code } = challenge;
    if by_recipient { Call::verify_by_recipient("open", to, code) } else { Call::verify(id, code) }
}

/// Tries every code at every process, by id and by recipient, all at once, and a wrong one in between: what came of
/// it. These are `2 * places + 1` attempts for each.
pub(crate) async fn everywhere(site: &Site, challenges: &[Challenge]) -> PurposeTally {
    let each = 2 * site.places() + 1;
    let answers: Vec<(String, Answer)> = all_at_once(challenges.len() * each, |index| {
        let (challenge, number) = (challenges[index / each].clone(), index % each);
        let call = if number == each - 1 {
            Call::verify(&challenge.id, &wrong(&challenge.code))
        } else {
            right(&challenge, number % 2 == 1)
        };
        let asked = site.asked(number / 2, call);
        async move { (challenge.id, asked.await) }
    })
    .await;
    let mut tally = PurposeTally::default();
    for (challenge, answer) in &answers {
        tally.count(challenge, answer);
    }
    assert_eq!(tally.requests(), challenges.len() * each);
    tally
}

/// Asks a process, and returns when Redis has carried out the first batch and the answer to it is held up on the wire.
pub(crate) async fn held_up(site: &Site, place: usize, call: &Call) -> JoinHandle<Answer> {
    site.wire(place).hold_answers_to(":odometer:", 0);
    loop {
        let mut asked = tokio::spawn(site.asked(place, call.clone()));
        tokio::select! {
            () = site.wire(place).until_held(1) => return asked,
            // An instance at the edge finds out that it has lost its connection.
            answer = &mut asked => assert_eq!(answer.unwrap().status, 503),
        }
    }
}
