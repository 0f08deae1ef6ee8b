//! How the instance does, for those who look after it.

use super::call::Call;
use super::reply::Reply;
use crate::chat::{Registration, instance};
use crate::model::{Error, Result};

/// `GET /admin/health`.
pub fn get(call: &mut Call<'_>) -> Result<Reply> {
    let (census, facts) = call.read(|cx, me| Ok((instance::census(cx, me)?, instance::facts(cx)?)))?;
    let health = call.rest.health.as_ref().ok_or_else(Error::not_found)?;
    Reply::ok(&health(&census, facts.registration == Registration::Open))
}
