//! What has to be true however the clients' steps fell.

use countersign_core::Error;
use countersign_core::error::SendError;
use countersign_core::request::{DeliveryOutcome, DeliveryState, State};

use crate::client::{Answer, Call};
use crate::explorer::{Conditions, Course, Ending};
use crate::scene::Scene;

/// One case: what there was, who called what, and what could go wrong.
pub(crate) struct Case<'a> {
    pub(crate) scene: &'a Scene,
    pub(crate) calls: &'a [Call],
    pub(crate) conditions: Conditions,
}

/// All properties of one ending.
pub(crate) fn hold(case: &Case<'_>, ending: &Ending<'_>) {
    let told = || {
        let each = case.calls.iter().zip(ending.courses);
        each.map(|(call, course)| format!("\n  {call:?}: {course:?}")).collect::<String>()
    };
    let check = |name: &str, fault: Option<String>| {
        assert!(fault.is_none(), "{name}: {}{}", fault.unwrap_or_default(), told());
    };
    check("a challenge succeeds once", succeeds_once(case, ending));
    check("at most max_attempts are compared", within_budget(case, ending));
    check("nothing succeeds after its end", nothing_after_its_end(case, ending));
    check("of simultaneous sends one goes out", one_send(case, ending));
    check("leases are given back", leases(case, ending));
    check("only compared codes count", attempts(case, ending));
    check("no code is lost", no_lost_code(case, ending));
    check("status says what happened", honest_status(case, ending));
    check("what a provider reported is told", honest_delivery(case, ending));
    check("a lock stays", lock_stays(case, ending));
}

fn verified(course: &Course) -> Option<&str> {
    match &course.result {
        Ok(Answer::Verified(verified)) => Some(&verified.id),
        _ => None,
    }
}

fn sent(course: &Course) -> Option<&str> {
    match &course.result {
        Ok(Answer::Sent(challenge)) => Some(&challenge.id),
        _ => None,
    }
}

fn done(call: &Call, course: &Course, kind: fn(&Call) -> bool) -> bool {
    kind(call) && matches!(course.result, Ok(Answer::Done))
}

const fn is_revoke(call: &Call) -> bool {
    matches!(call, Call::Revoke(_))
}

const fn is_unlock(call: &Call) -> bool {
    matches!(call, Call::Unlock)
}

const fn is_verify(call: &Call) -> bool {
    matches!(call, Call::Verify(..))
}

const fn was_wrong(course: &Course) -> bool {
    matches!(course.result, Err(Error::Mismatch(_)))
}

fn any(case: &Case<'_>, ending: &Ending<'_>, that: impl Fn(&Call, &Course) -> bool) -> bool {
    case.calls.iter().zip(ending.courses).any(|(call, course)| that(call, course))
}

fn count(case: &Case<'_>, ending: &Ending<'_>, that: impl Fn(&Call, &Course) -> bool) -> i64 {
    let all = case.calls.iter().zip(ending.courses);
    i64::try_from(all.filter(|(call, course)| that(call, course)).count()).unwrap()
}

fn store_failed(ending: &Ending<'_>) -> bool {
    ending.courses.iter().any(|course| course.failed)
}

fn succeeds_once(case: &Case<'_>, ending: &Ending<'_>) -> Option<String> {
    let mut ids: Vec<_> = ending.courses.iter().filter_map(verified).collect();
    ids.sort_unstable();
    // Where the verdict alone is lost between two answers that overlap, nothing shows it.
    if case.conditions.loses == Some(":verdict:")
        && ending.courses.iter().filter(|course| verified(course).is_some()).all(|course| {
            let after = |(before, other): (usize, &Course)| {
                course.after & (1 << before) != 0 && verified(other).is_some()
            };
            !ending.courses.iter().enumerate().any(after)
        })
    {
        return None;
    }
    let twice = ids.windows(2).any(|pair| pair[0] == pair[1]);
    twice.then(|| "two successes of one challenge".into())
}

/// Every challenge of a case takes over from the one before, unless that was answered or cleared.
fn within_budget(case: &Case<'_>, ending: &Ending<'_>) -> Option<String> {
    let compared =
        |call: &Call, course: &Course| is_verify(call) && (was_wrong(course) || course.took);
    let compared = count(case, ending, compared) + i64::from(case.scene.wrong);
    let anew = any(case, ending, |call, course| verified(course).is_some() || is_unlock(call));
    let expired = case.conditions.clock_jumps >= 600;
    let over = !anew && !expired && compared > i64::from(case.scene.max_attempts);
    over.then(|| format!("{compared} codes were compared"))
}

fn nothing_after_its_end(case: &Case<'_>, ending: &Ending<'_>) -> Option<String> {
    for course in ending.courses {
        let Some(id) = verified(course) else { continue };
        let is_first = id == case.scene.id;
        let Ok(Answer::Verified(verdict)) = &course.result else { continue };
        if is_first && verdict.verified_at.0 >= case.scene.expires_at {
            return Some(format!("{id} succeeded after it had expired"));
        }
        for (before, (call, earlier)) in case.calls.iter().zip(ending.courses).enumerate() {
            if course.after & (1 << before) == 0 {
                continue;
            }
            let revoked = matches!(call, Call::Revoke(other) if other == id)
                && matches!(earlier.result, Ok(Answer::Done));
            let cleared = is_first && done(call, earlier, is_unlock);
            let exhausted = is_first && matches!(earlier.result, Err(Error::Mismatch(0)));
            if revoked || cleared || exhausted || verified(earlier) == Some(id) {
                return Some(format!("{id} succeeded after client {before} had ended it"));
            }
        }
    }
    None
}

fn one_send(case: &Case<'_>, ending: &Ending<'_>) -> Option<String> {
    // Whose provider took longer than the lease was good for has left no challenge.
    let late = |course: &&Course| {
        course.result.as_ref().err() == Some(&Error::DeliveryFailed(SendError::Timeout))
    };
    let in_time = ending.courses.iter().filter(|course| !late(course));
    let sends: usize = in_time.map(|course| course.sent.len()).sum();
    let anew = count(case, ending, |call, course| {
        done(call, course, is_unlock) || (is_unlock(call) && course.failed)
    });
    let allowed = 1 + usize::try_from(anew).unwrap();
    (sends > allowed).then(|| format!("{sends} messages went out"))
}

/// Every claim is given back, whether it held or not.
fn leases(_: &Case<'_>, ending: &Ending<'_>) -> Option<String> {
    let claims: Vec<_> = ending.store.counts(":sending:").map(|count| count >> 30).collect();
    let negative = claims.iter().any(|claims| *claims < 0);
    let held = claims.iter().any(|claims| *claims > 0);
    ((!store_failed(ending) && held) || negative).then(|| format!("claims of {claims:?}"))
}

/// Only compared codes count: where nothing failed, as many attempts are left as were not compared.
fn attempts(case: &Case<'_>, ending: &Ending<'_>) -> Option<String> {
    let report = case.scene.status(ending.store, ending.now).ok()?;
    // A right code that came too late begins as little anew as it can: nothing.
    let anew = any(case, ending, |call, course| course.took && is_verify(call) || is_unlock(call));
    let disturbed = case.conditions.loses.is_some() || case.conditions.clock_jumps >= 600;
    if store_failed(ending) || anew || disturbed || report.state != State::Pending {
        return None;
    }
    let compared =
        count(case, ending, |call, course| is_verify(call) && (was_wrong(course) || course.took));
    let compared = compared + i64::from(case.scene.wrong);
    let left = i64::from(case.scene.max_attempts) - compared;
    let told = i64::from(report.attempts_left);
    (told != left).then(|| format!("{told} attempts are left, {compared} codes were compared"))
}

/// What the latest successful send carried is right, unless an attempt, a success, a revoke or an unlock stands
/// against it.
fn no_lost_code(case: &Case<'_>, ending: &Ending<'_>) -> Option<String> {
    let expired = case.conditions.clock_jumps >= 600;
    let attempts = count(case, ending, |call, _| is_verify(call)) + i64::from(case.scene.wrong);
    let ended = any(case, ending, |call, course| {
        verified(course).is_some() || is_revoke(call) || is_unlock(call)
    });
    if expired || ended || attempts >= i64::from(case.scene.max_attempts) || store_failed(ending) {
        return None;
    }
    let mut codes: Vec<_> = ending
        .courses
        .iter()
        .filter(|course| sent(course).is_some())
        .flat_map(|course| &course.sent)
        .collect();
    let first = (case.scene.id.clone(), case.scene.code.clone());
    if codes.is_empty() {
        codes.push(&first);
    }
    let works = |(id, code): &(String, String)| {
        let call = Call::Verify(Some(id.clone()), code.clone());
        case.scene.afterwards(ending.store, ending.now, &call).is_ok()
    };
    let lost = !codes.iter().any(|sent| works(sent));
    lost.then(|| "the code that was sent last doesn't work".into())
}

fn honest_status(case: &Case<'_>, ending: &Ending<'_>) -> Option<String> {
    let report = match case.scene.status(ending.store, ending.now) {
        Ok(report) => report,
        // Nothing is left to tell of.
        Err(Error::NotFound) if case.conditions.loses == Some("{") => return None,
        Err(error) => return Some(format!("status: {error:?}")),
    };
    let is = |id: &str| report.id == id;
    let success = any(case, ending, |_, course| verified(course).is_some_and(is));
    let unlock = any(case, ending, |call, _| is_unlock(call));
    let revoke =
        any(case, ending, |call, course| done(call, course, is_revoke)) && is(&case.scene.id);
    let failed = store_failed(ending) || case.conditions.loses.is_some();
    let other = any(case, ending, |_, course| verified(course).is_some_and(|id| !is(id)));
    let fault = match report.state {
        // And whoever answered isn't locked out by who came too late.
        State::Verified => (!success && !failed) || report.locked_for_seconds > 0,
        State::Revoked => (success || !revoke) && !unlock && !other && !failed,
        State::Exhausted => success,
        State::Expired => false,
        // What is said to be pending can be answered.
        State::Pending => {
            let mut sent = ending.courses.iter().flat_map(|course| &course.sent);
            let code = sent.find(|(id, _)| is(id)).map(|(_, code)| code.clone());
            let code = code.or_else(|| is(&case.scene.id).then(|| case.scene.code.clone()));
            let call = Call::Verify(Some(report.id.clone()), code.unwrap());
            let answer = case.scene.afterwards(ending.store, ending.now, &call);
            let answered = matches!(answer, Ok(_) | Err(Error::Locked(_)));
            (success || !answered) && !failed
        }
    };
    fault.then(|| format!("status says {:?}", report.state))
}

/// What was noted of the latest message, that it arrived before that it did not; of any other challenge's nothing.
fn honest_delivery(case: &Case<'_>, ending: &Ending<'_>) -> Option<String> {
    let report = case.scene.status(ending.store, ending.now).ok()?;
    let noted = |wanted: DeliveryOutcome| {
        any(case, ending, |call, course| {
            matches!(call, Call::Note(id, 1, outcome) if *id == report.id && *outcome == wanted)
                && matches!(course.result, Ok(Answer::Done))
        })
    };
    let resent =
        any(case, ending, |call, course| matches!(call, Call::Resend(_)) && sent(course).is_some());
    let expected = match (noted(DeliveryOutcome::Delivered), noted(DeliveryOutcome::Failed)) {
        _ if resent => DeliveryState::Sent,
        (true, _) => DeliveryState::Delivered,
        (false, true) => DeliveryState::Failed,
        (false, false) => DeliveryState::Sent,
    };
    let fault = report.delivery != expected && !store_failed(ending);
    fault.then(|| format!("status says {:?}, but {expected:?} is right", report.delivery))
}

/// Who spent the last attempt is locked out, whatever else went on, unless an operator or a success stands against it.
fn lock_stays(case: &Case<'_>, ending: &Ending<'_>) -> Option<String> {
    let last = any(case, ending, |_, course| {
        matches!(course.result, Err(Error::Mismatch(0))) && !course.failed
    });
    // A success whose answer got lost on the way is one all the same.
    let freed = any(case, ending, |call, course| {
        is_unlock(call) || verified(course).is_some() || (course.took && course.failed)
    });
    if !last || freed || case.conditions.loses == Some("{") {
        return None;
    }
    let report = case.scene.status(ending.store, ending.now).ok()?;
    (report.locked_for_seconds == 0).then(|| "the lock is gone".into())
}
