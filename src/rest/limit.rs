//! Rate limits: which throttle counts a call against whom, and the fields that tell.

use std::time::Instant;

use super::call::Call;
use super::reply::Reply;
use super::route::{RATE_FIELDS, Rate};
use crate::auth::{Allowance, Throttles};
use crate::model::{AddressKey, ChannelId};

/// Takes one of what `rate` counts; nothing for what is free.
pub fn take(throttles: &Throttles, rate: Rate, call: &Call<'_>, now: Instant) -> Option<Allowance> {
    let address = || AddressKey::from(call.request.client);
    let user = call.claims.map(|claims| claims.user_id);
    match rate {
        Rate::Free | Rate::Registration => None,
        Rate::Read => user.map(|user| throttles.read.take(user, now)),
        Rate::Write => user.map(|user| throttles.write.take(user, now)),
        Rate::Message => {
            // What is no ID is no channel, but trying it is counted like one.
            let channel = call.channel_id().unwrap_or(ChannelId(0));
            user.map(|user| throttles.message.take((user, channel), now))
        }
        Rate::SignIn => Some(throttles.sign_in.take(address(), now)),
        Rate::InviteGuess => Some(throttles.invite_guess.take(address(), now)),
    }
}

/// Puts what is left on the answer.
pub fn tell(reply: Reply, allowance: Option<Allowance>) -> Reply {
    let Some(allowance) = allowance else { return reply };
    let reset_after_s = allowance.reset_after.as_millis().div_ceil(1000);
    let [limit, remaining, reset_after] = RATE_FIELDS;
    reply
        .with(limit, &allowance.limit.to_string())
        .with(remaining, &allowance.remaining.to_string())
        .with(reset_after, &reset_after_s.to_string())
}
