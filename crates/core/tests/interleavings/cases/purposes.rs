//! Several purposes of one recipient, which share its history.

use super::*;

/// Two purposes of one recipient with a wrong code in each: the last ones of both are counted, whichever
/// request writes the history last.
#[test]
fn wrong_codes_of_two_purposes_are_all_counted() {
    let (scene, wrong_elsewhere) = two_purposes(2, 1);
    let wrong = Ask::from(scene.wrong_code());
    let asks = [wrong, wrong_elsewhere];
    explore_asked("two purposes: wrong/wrong", &scene, &asks, NOTHING, &all_counted(&scene));
    let asks = [asks[0].clone(), asks[1].clone(), Call::Issue.into()];
    explore_asked("two purposes: wrong/wrong/issue", &scene, &asks, NOTHING, &all_counted(&scene));
}

/// Budgets of three purposes have expired with two wrong codes in each: each issue counts those of its own, and
/// forgets none of the others'. A history has no atomic change but that of a whole batch.
#[test]
fn issues_of_several_purposes_count_the_wrong_codes_of_all() {
    let (mut scene, _) = two_purposes(3, 2);
    scene.now += 1_200;
    let issue = |purpose| Ask::from(Call::Issue).of(purpose);
    let asks = [issue("login"), issue("reset")];
    explore_asked("two purposes: issue/issue", &scene, &asks, ATOMIC, &all_counted(&scene));
    let asks = [issue("login"), issue("reset"), Ask::from(Call::Issue).of("login")];
    explore_asked("two purposes: issue/issue/issue", &scene, &asks, ATOMIC, &all_counted(&scene));
}

/// A challenge of each of two purposes, with so many wrong codes; and one more for the second.
fn two_purposes(max_attempts: u32, wrong: u32) -> (Scene, Ask) {
    let (max_attempts, failure_cap) = (Some(max_attempts), Some(4));
    let draft = settings::Policy { max_attempts, failure_cap, ..settings::Policy::default() };
    let mut scene = Scene::with(draft, Call::Issue, wrong);
    let reset = |call: Call| Ask::from(call).of("reset");
    let (id, code) = scene.before(&reset(Call::Issue)).unwrap();
    let wrong_elsewhere = reset(Call::Verify(Some(id), other(&code)));
    for _ in 0..wrong {
        scene.before(&wrong_elsewhere);
    }
    (scene, wrong_elsewhere)
}

/// Where four wrong codes were compared and nothing clears them, the recipient is disabled once every budget has ended.
fn all_counted(scene: &Scene) -> impl Fn(&Ending<'_>) -> Option<String> {
    |ending| {
        let wrong = |course: &&Course| matches!(course.result, Err(Error::Mismatch(_)));
        let compared = ending.courses.iter().filter(wrong).count();
        if u32::try_from(compared).unwrap() + 2 * scene.wrong < 4 {
            return None;
        }
        let mut store = ending.store.clone();
        let mut last = None;
        for (round, purpose) in ["login", "reset", "login", "reset"].into_iter().enumerate() {
            let now = ending.now + 5_000 * (1 + u64::try_from(round).unwrap());
            let ask = Ask::from(Call::Issue).of(purpose);
            last = scene.then(&mut store, now, &ask).err();
        }
        (last != Some(Error::Disabled)).then(|| format!("issue says {last:?}"))
    }
}
