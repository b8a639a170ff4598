//! What has to be true however the clients' steps fell.

use countersign_contract::otp::{DeliveryState, Error, State};
use countersign_contract::types::{DeliveryOutcome, SendError};

use crate::client::{Answer, Ask, Call};
use crate::explorer::{Conditions, Course, Ending};
use crate::scene::Scene;

/// One case: what there was, who called what, and what could go wrong.
pub(crate) struct Case<'a> {
    pub(crate) scene: &'a Scene,
    pub(crate) asks: &'a [Ask],
    pub(crate) calls: &'a [Call],
    pub(crate) conditions: Conditions,
}

impl Case<'_> {
    /// What a challenge of this case may be bound to.
    fn references(&self) -> [Option<&'static str>; 3] {
        let mut all = self.asks.iter().filter_map(|ask| ask.reference);
        [None, all.next(), all.next_back()]
    }
}

/// All properties of one ending, and one that only this case has.
pub(crate) fn hold(
    case: &Case<'_>,
    ending: &Ending<'_>,
    own: &dyn Fn(&Ending<'_>) -> Option<String>,
) {
    let told = || {
        let each = case.asks.iter().zip(ending.courses);
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
    check("a success has its reference", own_reference(case, ending));
    check("a replaced code is dead", no_replaced_code(case, ending));
    check("limits count what passed", limits(case, ending));
    check("the case's own", own(ending));
}

/// What a challenge's id says whichever key has signed it: all but the MAC.
fn name(id: &str) -> &str {
    id.split_at(id.len() - 22).0
}

fn verified(course: &Course) -> Option<&str> {
    match &course.result {
        Ok(Answer::Verified(verified)) => Some(name(&verified.id)),
        _ => None,
    }
}

fn sent(course: &Course) -> Option<&str> {
    match &course.result {
        Ok(Answer::Sent(challenge)) => Some(name(&challenge.id)),
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
    matches!(course.result, Err(Error::Mismatch(_) | Error::ReferenceMismatch(_)))
}

/// Calls of the scene's own purpose.
fn own<'a>(case: &Case<'a>, ending: &Ending<'a>) -> impl Iterator<Item = (&'a Call, &'a Course)> {
    let all = case.asks.iter().zip(ending.courses);
    all.filter(|(ask, _)| ask.purpose == "login").map(|(ask, course)| (&ask.call, course))
}

fn any(case: &Case<'_>, ending: &Ending<'_>, that: impl Fn(&Call, &Course) -> bool) -> bool {
    own(case, ending).any(|(call, course)| that(call, course))
}

/// Of whichever purpose.
fn any_at_all(case: &Case<'_>, ending: &Ending<'_>, that: impl Fn(&Call, &Course) -> bool) -> bool {
    case.asks.iter().zip(ending.courses).any(|(ask, course)| that(&ask.call, course))
}

fn count(case: &Case<'_>, ending: &Ending<'_>, that: impl Fn(&Call, &Course) -> bool) -> i64 {
    let all = own(case, ending);
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
        let is_first = id == name(&case.scene.id);
        let Ok(Answer::Verified(verdict)) = &course.result else { continue };
        if is_first && verdict.verified_at.0 >= case.scene.expires_at {
            return Some(format!("{id} succeeded after it had expired"));
        }
        for (before, (ask, earlier)) in case.asks.iter().zip(ending.courses).enumerate() {
            if course.after & (1 << before) == 0 || ask.purpose != "login" {
                continue;
            }
            let call = &ask.call;
            let revoked = matches!(call, Call::Revoke(other) if name(other) == id)
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
    let in_time = own(case, ending).map(|(_, course)| course).filter(|course| !late(course));
    let sends: usize = in_time.map(|course| course.sent.len()).sum();
    let anew = count(case, ending, |call, course| {
        done(call, course, is_unlock) || (is_unlock(call) && course.failed)
    });
    let allowed = 1 + usize::try_from(anew).unwrap();
    (sends > allowed).then(|| format!("{sends} messages went out"))
}

/// Every claim is given back, whether it held or not.
fn leases(_: &Case<'_>, ending: &Ending<'_>) -> Option<String> {
    // As `lease.rs` writes them: those made, and those given back.
    let claims = |count: i64| ((count >> 23) & ((1 << 20) - 1)) - (count >> 43);
    let claims: Vec<i64> = ending.store.counts(":sending:").map(claims).collect();
    let negative = claims.iter().any(|claims| *claims < 0);
    let held = claims.iter().any(|claims| *claims > 0);
    ((!store_failed(ending) && held) || negative).then(|| format!("claims of {claims:?}"))
}

/// Only compared codes count: where nothing failed, as many attempts are left as were not compared.
fn attempts(case: &Case<'_>, ending: &Ending<'_>) -> Option<String> {
    let report = case.scene.status(ending.store, ending.now).ok()?;
    // A right code that came too late begins as little anew as it can: nothing.
    let anew = any(case, ending, |call, course| course.took && is_verify(call) || is_unlock(call));
    let disturbed = case.conditions.loses.is_some()
        || case.conditions.clock_jumps >= 600
        || case.scene.now >= case.scene.expires_at;
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
    let expired = case.conditions.clock_jumps >= 600 || case.scene.now >= case.scene.expires_at;
    let attempts = count(case, ending, |call, _| is_verify(call)) + i64::from(case.scene.wrong);
    let ended = any(case, ending, |call, course| {
        verified(course).is_some() || is_revoke(call) || is_unlock(call)
    }) || any_at_all(case, ending, |_, course| {
        matches!(course.result, Err(Error::Mismatch(0)))
    });
    if expired || ended || attempts >= i64::from(case.scene.max_attempts) || store_failed(ending) {
        return None;
    }
    let mut codes: Vec<_> = own(case, ending)
        .map(|(_, course)| course)
        .filter(|course| sent(course).is_some())
        .flat_map(|course| &course.sent)
        .collect();
    let first = (case.scene.id.clone(), case.scene.code.clone());
    if codes.is_empty() {
        codes.push(&first);
    }
    let works = |(id, code): &(String, String)| {
        let answers = case.references().map(|reference| {
            let call = Call::Verify(Some(id.clone()), code.clone());
            case.scene.afterwards(ending.store, ending.now, &call, reference)
        });
        // Another purpose may have locked the recipient.
        let elsewhere = case.asks.iter().any(|ask| ask.purpose != "login");
        answers.into_iter().any(|answer| match answer {
            Ok(_) => true,
            Err(Error::Locked(_) | Error::Disabled) => elsewhere,
            Err(_) => false,
        })
    };
    let lost = !codes.iter().any(|sent| works(sent));
    lost.then(|| "the code that was sent last doesn't work".into())
}

fn honest_status(case: &Case<'_>, ending: &Ending<'_>) -> Option<String> {
    let report = match case.scene.status(ending.store, ending.now) {
        Ok(report) => report,
        // Nothing is left to tell of.
        Err(Error::NotFound)
            if case.conditions.loses == Some("{") || case.scene.now >= case.scene.expires_at =>
        {
            return None;
        }
        Err(error) => return Some(format!("status: {error:?}")),
    };
    let is = |id: &str| name(&report.id) == id;
    let success = any(case, ending, |_, course| verified(course).is_some_and(is));
    let unlock = any(case, ending, |call, _| is_unlock(call));
    let revoke =
        any(case, ending, |call, course| done(call, course, is_revoke)) && is(name(&case.scene.id));
    let failed = store_failed(ending) || case.conditions.loses.is_some();
    let other = any(case, ending, |_, course| verified(course).is_some_and(|id| !is(id)));
    let fault = match report.state {
        // And a later wrong code doesn't lock out the caller who answered, unless it is for another purpose.
        State::Verified => {
            let elsewhere = case.asks.iter().any(|ask| ask.purpose != "login");
            (!success && !failed) || (report.locked_for_seconds > 0 && !elsewhere)
        }
        State::Revoked => (success || !revoke) && !unlock && !other && !failed,
        State::Exhausted => success,
        State::Expired => false,
        // What is said to be pending can be answered.
        State::Pending => {
            let mut sent = ending.courses.iter().flat_map(|course| &course.sent);
            let code = sent.find(|(id, _)| is(name(id))).map(|(_, code)| code.clone());
            let first = || is(name(&case.scene.id)).then(|| case.scene.code.clone());
            let code = code.or_else(first).unwrap();
            let answered = case.references().into_iter().any(|reference| {
                let call = Call::Verify(Some(report.id.clone()), code.clone());
                let answer = case.scene.afterwards(ending.store, ending.now, &call, reference);
                matches!(answer, Ok(_) | Err(Error::Locked(_) | Error::Disabled))
            });
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
            matches!(call, Call::Note(id, 1, outcome)
                if name(id) == name(&report.id) && *outcome == wanted)
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
    let last = any_at_all(case, ending, |_, course| {
        matches!(course.result, Err(Error::Mismatch(0) | Error::ReferenceMismatch(0)))
            && !course.failed
    });
    // A right code is one, also where its answer got lost on the way or the challenge was revoked before.
    let freed = any_at_all(case, ending, |call, course| {
        is_unlock(call) || (is_verify(call) && course.took)
    });
    if !last || freed || case.conditions.loses == Some("{") {
        return None;
    }
    let report = case.scene.status(ending.store, ending.now).ok()?;
    (report.locked_for_seconds == 0).then(|| "the lock is gone".into())
}

/// A code succeeds for the transaction that it was issued for, and the answer says which.
fn own_reference(case: &Case<'_>, ending: &Ending<'_>) -> Option<String> {
    let mut all = case.asks.iter().zip(ending.courses);
    let bad = all.any(|(ask, course)| match &course.result {
        Ok(Answer::Verified(verified)) => {
            let issued =
                case.scene.reference.filter(|_| name(&verified.id) == name(&case.scene.id));
            verified.reference.as_deref() != ask.reference
                || (name(&verified.id) == name(&case.scene.id) && issued != ask.reference)
        }
        _ => false,
    });
    bad.then(|| "a success for another transaction".into())
}

/// Where a resend carries a new code, the one before it is dead from when the resend was answered.
fn no_replaced_code(case: &Case<'_>, ending: &Ending<'_>) -> Option<String> {
    let first = name(&case.scene.id);
    let replaced = |(client, course): (usize, &Course)| {
        let code_of_before = matches!(
            &case.calls[client], Call::Verify(_, code) if *code == case.scene.code
        );
        let resent =
            case.calls.iter().zip(ending.courses).enumerate().any(|(before, (call, it))| {
                let is_after = course.after & (1 << before) != 0;
                is_after && matches!(call, Call::Resend(_)) && sent(it) == Some(first)
            });
        verified(course) == Some(first) && code_of_before && resent
    };
    let bad = case.scene.replaces_codes && ending.courses.iter().enumerate().any(replaced);
    bad.then(|| "a code that was replaced succeeded".into())
}

/// What passed is counted, and no more passes than may; a request that was refused costs nothing unless the store failed.
fn limits(case: &Case<'_>, ending: &Ending<'_>) -> Option<String> {
    let max = case.scene.max_sends?;
    let passed = i64::from(case.scene.sends)
        + ending.courses.iter().map(|course| i64::from(course.asked_to_send)).sum::<i64>();
    let count: i64 = ending.store.counts(":limit:").sum();
    let (counted, taken_back) = (count & 0x3_ffff_ffff, count >> 34);
    let left = counted - taken_back;
    let fault = if case.conditions.loses.is_some() {
        taken_back < 0 || left < 0
    } else if store_failed(ending) {
        passed > i64::from(max) || left < passed
    } else {
        passed > i64::from(max) || left != passed
    };
    fault.then(|| format!("{passed} passed, {counted} were counted, {taken_back} taken back"))
}
